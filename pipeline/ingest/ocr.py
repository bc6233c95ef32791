"""Reading a page image: whether a page is one, and its words by Tesseract (the `ocr` extra)."""

import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.glyphs import Boxes, Glyphs

if TYPE_CHECKING:
    from pypdfium2 import PdfPage  # type: ignore[import-untyped]

HOW_TO_MEND = 'install OCR with `pip install "failings[ocr]"` and the `tesseract` program'
_DPI = 300
_MOST_PIXELS = 50_000_000  # a poster is rendered smaller
_CELL = 12  # pixels of the coarse rendering, at half a pixel a point
_DARK = 150  # of 255
_MANY_SEGMENTS = 1_000  # of paths, where letters are drawn as outlines


def ocr_available() -> bool:
    """Whether pytesseract and the tesseract program are both here."""
    return find_spec("pytesseract") is not None and shutil.which("tesseract") is not None


def is_page_image(page: "PdfPage", glyphs: Glyphs, characters: int) -> bool:
    """Whether a page with next to no text shows more than a logo or a signature: a scan, or letters drawn as paths."""
    from pypdfium2 import raw as pdfium  # noqa: PLC0415 - heavy, and not needed to ask whether OCR is here

    covered, segments = 0.0, 0
    for item in page.get_objects(max_depth=1):
        if item.type == pdfium.FPDF_PAGEOBJ_PATH:
            segments += pdfium.FPDFPath_CountSegments(item)
        elif item.type in {pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM}:
            x0, y0, x1, y1 = item.get_bounds()
            covered += (x1 - x0) * (y1 - y0)
    scanned = covered > 0.5 * glyphs.width * glyphs.height
    if not scanned and segments < _MANY_SEGMENTS:
        return False
    least = 0.1 if characters > 20 else 0.015 if scanned else 0.06
    return _inked(page, glyphs) > least


def _inked(page: "PdfPage", glyphs: Glyphs) -> float:
    """Share of a coarse grid over the page with something dark in it, apart from the page's own text."""
    bitmap = page.render(scale=0.5, grayscale=True)
    try:
        dark = np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width) < _DARK
    finally:
        bitmap.close()
    for x0, y0, x1, y1 in glyphs.boxes / 2:
        dark[max(0, int(y0) - 1) : int(y1) + 2, max(0, int(x0) - 1) : int(x1) + 2] = False
    rows, columns = (-(-size // _CELL) for size in dark.shape)
    grid = np.zeros((rows * _CELL, columns * _CELL), bool)
    grid[: dark.shape[0], : dark.shape[1]] = dark
    return float(grid.reshape(rows, _CELL, columns, _CELL).any(axis=(1, 3)).mean())


def ocr_page(page: "PdfPage", seconds: float) -> Glyphs:
    """Read a page image; each character gets an equal slice of its word's box.

    Raises LimitExceeded when Tesseract takes more than `seconds`, Unreadable when it fails.
    """
    import pytesseract  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

    width, height = page.get_size()
    scale = min(_DPI / 72, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        found = pytesseract.image_to_data(bitmap.to_pil(), output_type="dict", timeout=max(seconds, 1.0))
    except pytesseract.TesseractError as error:
        raise Unreadable(f"tesseract failed on a page image: {' '.join(str(error).split())[:200]}") from error
    except RuntimeError as error:
        raise LimitExceeded(f"OCR of a page took more than {seconds:.0f} s") from error
    finally:
        bitmap.close()
    return glyphs_of_words(found, width, height, scale)


def glyphs_of_words(found: dict[str, list[Any]], width: float, height: float, scale: float) -> Glyphs:
    """Make glyphs from Tesseract's table of words, boxes in pixels of a rendering at `scale`."""
    codes: list[int] = []
    boxes: list[Boxes] = []
    paragraphs: list[int] = []
    line: tuple[int, ...] = ()
    numbers: dict[tuple[int, ...], int] = {}
    for word, x, y, w, h, *place in zip(
        *(found[key] for key in ("text", "left", "top", "width", "height", "block_num", "par_num", "line_num")),
        strict=True,
    ):
        text = str(word).strip()
        if not text:
            continue
        paragraph = numbers.setdefault(tuple(place[:2]), len(numbers))
        edges = np.linspace(x, x + w, len(text) + 1)
        slices = np.column_stack((edges[:-1], np.full(len(text), y), edges[1:], np.full(len(text), y + h)))
        codes += [0x20 if tuple(place) == line else 0x0A, *map(ord, text)]
        boxes += [np.full((1, 4), np.nan, np.float32), (slices / scale).astype(np.float32)]
        paragraphs += [paragraph] * (len(text) + 1)
        line = tuple(place)
    stacked = np.vstack(boxes) if boxes else np.empty((0, 4), np.float32)
    return Glyphs(np.array(codes, np.uint32), stacked, stacked, width, height, height, np.array(paragraphs, np.int32))
