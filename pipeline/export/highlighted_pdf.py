"""A copy of a report's PDF with a highlight annotation on every finding."""

import ctypes
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO, cast

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from pipeline.errors import Unreadable, UsageError
from pipeline.export.colours import colour_of
from pipeline.export.source_bytes import source_bytes, source_file
from pipeline.export.whole_file import whole_file
from pipeline.taxonomy import load_taxonomy

AUTHOR = "failings"
_QUOTE = 200  # characters of it in a note
_FINE = 1000  # device units a point
_NEIGHBOURS = 4  # boxes before one that may stand on the line above it
_FILE_ID = re.compile(rb"/ID\s*\[\s*<[0-9A-Fa-f]*>\s*<([0-9A-Fa-f]{32})>")

Record = Mapping[str, Any]
Rectangle = Sequence[float]


def write_highlighted_pdf(report: Record, findings: Iterable[Record], path: Path) -> int:
    """Write the PDF that `report` was read from to `path` with `findings` highlighted; return how many of them are.

    `report` is a row of the store, `findings` are export records. A finding without boxes cannot be highlighted.

    Raises:
        UsageError: the report's source is no PDF, or `path` is that source or cannot be written.
        Unreadable: the source is gone, has changed since it was read, or is damaged.
    """
    source: str = report["source"]
    data = source_bytes(source, report["source_sha256"])
    if b"%PDF-" not in data[:1024]:
        raise UsageError(f"{source} is not a PDF: there are no pages to highlight findings on")
    if path.exists() and path.samefile(source_file(source)[0]):
        raise UsageError(f"{path} is what the report was read from: give the copy another name")
    placed = [finding for finding in findings if finding["boxes"]]
    with _named_errors(source):
        copy = highlighted(data, placed)
    with whole_file(path) as file:
        cast(TextIO, file).buffer.write(copy)
    return len(placed)


@contextmanager
def _named_errors(source: str) -> Iterator[None]:
    try:
        yield
    except pdfium.PdfiumError as error:
        raise Unreadable(f"{source}: the PDF is encrypted or damaged: {error}") from error


def highlighted(data: bytes, findings: Iterable[Record]) -> bytes:
    """A PDF with an annotation added a finding a page. The same PDF and findings give the same bytes."""
    names = {category.id: category.name for category in load_taxonomy().categories}
    out = io.BytesIO()
    with closing(pdfium.PdfDocument(data)) as pdf:
        for number, found in sorted(_by_page(findings).items()):
            with closing(pdf[number - 1]) as page:
                apart = iter(lines_apart([box for _, boxes in found for box in boxes]))
                for finding, boxes in found:
                    quads = [_quad(page, next(apart)) for _ in boxes]
                    name = f"{finding['finding_id']}-{number}"
                    _annotate(page, quads, finding, name=name, note=note_of(finding, names))
                _draw_appearances(page)
        pdf.save(out)
    return _with_steady_id(out.getvalue())


def _by_page(findings: Iterable[Record]) -> dict[int, list[tuple[Record, list[Rectangle]]]]:
    """The findings on each page with their boxes there."""
    pages: defaultdict[int, list[tuple[Record, list[Rectangle]]]] = defaultdict(list)
    for finding in findings:
        boxes: defaultdict[int, list[Rectangle]] = defaultdict(list)
        for number, box in zip(finding["box_pages"], finding["boxes"], strict=True):
            boxes[number].append(box)
        for number, on_page in boxes.items():
            pages[number].append((finding, on_page))
    return pages


def note_of(finding: Record, names: Mapping[str, str]) -> str:
    """What the note says: categories and assertion with their scores, and how the quote begins."""
    categories = ", ".join(f"{names.get(c['id'], c['id'])} {c['score']:.2f}" for c in finding["categories"])
    quote = " ".join(finding["quote"].split())
    short = quote if len(quote) <= _QUOTE else quote[:_QUOTE].rsplit(" ", 1)[0] + " ..."
    return f"{categories or 'no category'}\n{finding['assertion']} {finding['assertion_score']:.2f}\n\n{short}"


def lines_apart(boxes: Sequence[Rectangle]) -> list[list[float]]:
    """Boxes cut where those of neighbouring lines overlap, so that no strip is painted twice and comes out darker."""
    apart = [list(box) for box in boxes]
    for at, box in enumerate(boxes):
        for before in range(max(0, at - _NEIGHBOURS), at):
            _cut_apart(boxes[before], box, apart[before], apart[at])
    return apart


def _cut_apart(a: Rectangle, b: Rectangle, cut_a: list[float], cut_b: list[float]) -> None:
    """Cut two boxes in the middle of a thin strip that they share; what they share otherwise is left."""
    across, down = (min(a[side + 2], b[side + 2]) - max(a[side], b[side]) for side in (0, 1))
    side, shared = (1, down) if down < across else (0, across)
    if min(across, down) > 0 and shared < 0.5 * min(a[side + 2] - a[side], b[side + 2] - b[side]):
        middle = max(a[side], b[side]) + shared / 2
        first, last = (cut_a, cut_b) if a[side] < b[side] else (cut_b, cut_a)
        first[side + 2] = min(first[side + 2], middle)
        last[side] = max(last[side], middle)


def _quad(page: pdfium.PdfPage, box: Rectangle) -> list[float]:
    """Corners of a box in the page's own coordinates: top left, top right, bottom left, bottom right, as displayed."""
    width, height = (round(size * _FINE) for size in page.get_size())
    x0, y0, x1, y1 = (round(side * _FINE) for side in box)
    x, y = ctypes.c_double(), ctypes.c_double()
    corners: list[float] = []
    for corner in ((x0, y0), (x1, y0), (x0, y1), (x1, y1)):
        raw.FPDF_DeviceToPage(page, 0, 0, width, height, 0, *corner, x, y)
        corners += [x.value, y.value]
    return corners


def _annotate(page: pdfium.PdfPage, quads: Sequence[list[float]], finding: Record, *, name: str, note: str) -> None:
    annotation = raw.FPDFPage_CreateAnnot(page, raw.FPDF_ANNOT_HIGHLIGHT)
    colour = colour_of(finding["categories"][0]["id"] if finding["categories"] else "")
    xs, ys = [x for quad in quads for x in quad[::2]], [y for quad in quads for y in quad[1::2]]
    done = [
        raw.FPDFAnnot_SetColor(annotation, raw.FPDFANNOT_COLORTYPE_Color, *colour, 255),
        *(raw.FPDFAnnot_AppendAttachmentPoints(annotation, raw.FS_QUADPOINTSF(*quad)) for quad in quads),
        raw.FPDFAnnot_SetRect(annotation, raw.FS_RECTF(min(xs), max(ys), max(xs), min(ys))),
        raw.FPDFAnnot_SetFlags(annotation, raw.FPDF_ANNOT_FLAG_PRINT),
        raw.FPDFAnnot_SetStringValue(annotation, b"T", _wide(AUTHOR)),
        raw.FPDFAnnot_SetStringValue(annotation, b"NM", _wide(name)),
        raw.FPDFAnnot_SetStringValue(annotation, b"Contents", _wide(note)),
    ]
    raw.FPDFPage_CloseAnnot(annotation)
    if not all(done):
        raise pdfium.PdfiumError(f"finding {finding['finding_id']} cannot be highlighted")


def _draw_appearances(page: pdfium.PdfPage) -> None:
    """Have PDFium make the look of each new annotation, which it does on rendering; the page stays outside the bitmap."""
    with closing(pdfium.PdfBitmap.new_native(1, 1, raw.FPDFBitmap_Gray)) as bitmap:
        raw.FPDF_RenderPageBitmap(bitmap, page, 5, 5, 1, 1, 0, raw.FPDF_ANNOT)


def _wide(words: str) -> ctypes.Array[ctypes.c_ushort]:
    encoded = f"{words}\0".encode("utf-16-le", "replace")
    return (ctypes.c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded)


def _with_steady_id(data: bytes) -> bytes:
    """Put a file id that follows from the content in the place of the random one that PDFium gives to a copy."""
    found = _FILE_ID.search(data, max(0, data.rfind(b"trailer")))
    if not found:
        return data
    start, end = found.span(1)
    return data[:start] + sha256(data[:start]).hexdigest()[:32].encode() + data[end:]
