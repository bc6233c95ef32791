"""PDF to a document: text in reading order with line ends mended, and the box of every character on its page.

PDFium is not thread-safe; read in processes, not threads.
"""

import re
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import islice

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from pipeline.errors import LimitExceeded, NeedsOCR, Unreadable
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.glyphs import Glyphs, is_white
from pipeline.ingest.ocr import HOW_TO_MEND, is_page_image, ocr_available, ocr_page
from pipeline.ingest.pdf_footnotes import in_order
from pipeline.ingest.pdf_furniture import without_furniture
from pipeline.ingest.pdf_glyphs import page_glyphs
from pipeline.ingest.pdf_layout import Line, lines_of
from pipeline.ingest.pdf_paragraphs import DROP_HYPHEN
from pipeline.report import Page

_NEXT_TO_NO_TEXT = 100  # characters; a page with fewer is looked at, whether it is an image
_TAIL = 4096
_REASONS = {
    raw.FPDF_ERR_PASSWORD: "PDF is encrypted and needs a password",
    raw.FPDF_ERR_SECURITY: "PDF is encrypted by a scheme that cannot be read",
}
_MADE_BY = re.compile(r"^(?:Microsoft (?:Office )?(?:Word|Excel|PowerPoint)|Slide|WordPerfect)\s*-\s*", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(?:docx?|docm|rtf|odt|pdf|xlsx?|pptx?|txt|html?|wpd|pub|indd)$", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"untitled.*|(?:new )?document ?\d*|doc ?\d*|title|scan(?:ned)?(?: document)?[\W\d]*|none|null"
    r"|(?:powerpoint )?presentation|book ?\d*|image\W*\d*|[\W\d_]*|\S*\.tmp|\w:\\.*",
    re.IGNORECASE,
)


def read_pdf(data: bytes, limits: Limits) -> Document:
    """Read a PDF.

    Pages that are images without text go through OCR where that is installed and `limits.ocr` allows it.

    Raises:
        Unreadable: empty, damaged or encrypted bytes, or no text on any page.
        NeedsOCR: pages that are images without text, and no OCR here.
        LimitExceeded: more pages, characters or seconds than `limits` allows.
    """
    with _opened(data) as pdf:
        if len(pdf) > limits.max_pages:
            raise LimitExceeded(f"PDF has {len(pdf)} pages; the limit is {limits.max_pages}")
        glyphs = _glyphs(pdf, limits)
        title = _title(pdf.get_metadata_value("Title"))
    pages = [lines_of(found, number) for number, found in enumerate(glyphs)]
    lines = without_furniture(pages, [found.frame_height for found in glyphs])
    text, page_spans = _joined(lines, glyphs)
    if not text:
        raise Unreadable("PDF has no text on any page")
    return Document(text=text, metadata={"title": title} if title else {}, pages=page_spans)


@contextmanager
def _opened(data: bytes) -> Iterator[pdfium.PdfDocument]:
    if not data:
        raise Unreadable("PDF is empty (0 bytes)")
    if b"%PDF" in data[:1024] and _cut_short(data):
        raise Unreadable("PDF is cut short: its end is missing")
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        reason = _REASONS.get(error.err_code or 0, "not a PDF, or one damaged beyond repair")
        raise Unreadable(reason) from error
    with closing(pdf):
        if not len(pdf):
            raise Unreadable("PDF has no pages")
        yield pdf


def _cut_short(data: bytes) -> bool:
    """Whether the end of the file is missing; PDFium would give the pages that it still finds, and not say so."""
    end = data.rfind(b"%%EOF")
    return b"startxref" not in data[-_TAIL:] and (end < 0 or bool(data[end + 5 :].strip(b"\0 \t\r\n")))


def _glyphs(pdf: pdfium.PdfDocument, limits: Limits) -> list[Glyphs]:
    """Glyphs of every page, by OCR where the page is an image without text."""
    deadline = time.monotonic() + limits.seconds
    found: list[Glyphs] = []
    images: list[int] = []
    total = 0
    for number in range(len(pdf)):
        glyphs, is_image = _page(pdf, number)
        found.append(glyphs)
        images += [number] if is_image else []
        total += glyphs.codes.size
        if total > limits.max_chars:
            raise LimitExceeded(f"PDF has more than {limits.max_chars} characters")
        if time.monotonic() > deadline:
            raise LimitExceeded(f"PDF took more than {limits.seconds:.0f} s to read")
    if images and not (limits.ocr and ocr_available()):
        raise NeedsOCR(_images_without_text(images, len(pdf), off=not limits.ocr))
    for number in images:
        with _damage_named(number), closing(pdf[number]) as page:
            found[number] = ocr_page(page, deadline - time.monotonic())
    return found


def _page(pdf: pdfium.PdfDocument, number: int) -> tuple[Glyphs, bool]:
    """Read the glyphs of one page, and whether it is an image without text."""
    with _damage_named(number), ExitStack() as opened:
        page = opened.enter_context(closing(pdf[number]))
        if _flattened(page):
            page = opened.enter_context(closing(pdf[number]))
        text = opened.enter_context(closing(page.get_textpage()))
        glyphs = page_glyphs(page, text)
        characters = int((~is_white(glyphs.codes)).sum())
        return glyphs, characters < _NEXT_TO_NO_TEXT and is_page_image(page, glyphs, characters)


@contextmanager
def _damage_named(number: int) -> Iterator[None]:
    try:
        yield
    except pdfium.PdfiumError as error:
        raise Unreadable(f"PDF is damaged at page {number + 1}") from error


def _flattened(page: pdfium.PdfPage) -> bool:
    """Make what was typed into form fields and text boxes part of the page's text; it would be lost otherwise."""
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind in {raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT}:
            return bool(raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS)
    return False


def _images_without_text(images: Sequence[int], count: int, *, off: bool) -> str:
    listed = ", ".join(str(number + 1) for number in images[:20]) + (", ..." if len(images) > 20 else "")
    if len(images) == count:
        which = "all pages are images"
    else:
        which = f"pages {listed} are images" if len(images) > 1 else f"page {listed} is an image"
    return f"{which} without text; " + ("OCR is turned off" if off else HOW_TO_MEND)


def _title(title: str) -> str:
    """Clean a PDF's title of the program and file extension that Word leaves in it; give '' when it says nothing."""
    short = _EXTENSION.sub("", _MADE_BY.sub("", " ".join(title.replace("\0", "").split()))).strip()
    return "" if _NO_TITLE.fullmatch(short) else short


def _joined(pages: Sequence[Sequence[Line]], glyphs: Sequence[Glyphs]) -> tuple[str, tuple[Page, ...]]:
    """Join the text of all pages and give their intervals; a separator at a page's end belongs to that page."""
    texts: list[str] = []
    spans: list[Page] = []
    start = 0
    ordered = iter(in_order(pages))
    for number, (lines, found) in enumerate(zip(pages, glyphs, strict=True)):
        boxes: array[float] = array("f")
        end = start
        for line, joint in islice(ordered, len(lines)):
            piece, between = (line.text[:-1], "") if joint == DROP_HYPHEN else (line.text, joint)
            texts += [piece, between]
            end += len(piece) + len(between)
            boxes.frombytes(line.boxes[: len(piece)].tobytes())
            boxes.extend([float("nan")] * (4 * len(between)))
        spans.append(Page(number + 1, start, end, found.width, found.height, boxes))
        start = end
    return "".join(texts), tuple(spans)
