"""Characters and boxes of a PDFium page, fast: one call for the text, one a character for its box.

The boxes are PDFium's loose boxes (advance width by the font's ascent and descent), not its tight ones around the ink:
neighbours touch, so that a gap is a missing space; every character of a line has the same height, so that a highlight
is even; spaces have boxes; and the call is faster. They are turned to the page as displayed (crop box, after /Rotate),
origin top left.
"""

import ctypes
from collections import Counter, deque
from itertools import repeat
from math import isfinite, pi
from typing import Any

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

from pipeline.ingest.glyphs import Boxes, Codes, Glyphs, is_white

# The library's own function under a prototype that takes plain integers: half the time of the ctypes default.
_loose_box = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)

_HYPHENS = (0x02, 0xAD, 0xFFFE)  # what PDFium gives for a hyphen at a line's end, by version and font
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_SYMBOLS = {0xF0B7: "•", 0xF0A7: "▪", 0xF0D8: "➢", 0xF0FC: "✓", 0xF02D: "-", 0xF0A8: "•", 0xF076: "•"}
_UNSEEN = (0xFEFF, 0xFFFF, 0xFFF9, 0xFFFA, 0xFFFB, 0x200B, 0x2060, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ANGLES_SEEN = 24
_FAR = 100_000.0  # points; PDF allows no page a fifth as wide, and a damaged file gives boxes at infinity


def page_glyphs(page: pdfium.PdfPage, text: pdfium.PdfTextPage) -> Glyphs:
    """Every character of a page in stream order, cleaned."""
    width, height = page.get_size()
    count = text.count_chars()
    codes, boxes = _codes(text, count), _boxes(text, count)
    _to_display(boxes, page, width, height)
    codes, boxes = _cleaned(*_pairs_joined(codes, boxes))
    turn = _turn(page, text, count)
    frame = boxes if not turn else _turned(boxes, turn, width, height)
    return Glyphs(codes, boxes, frame, width, height, height if turn % 2 == 0 else width)


def _codes(text: pdfium.PdfTextPage, count: int) -> Codes:
    """One code a character. PDFium's whole text leaves some characters out; it serves only when it has them all."""
    buffer = np.zeros(count + 1, np.uint16)
    pointer = buffer.ctypes.data_as(ctypes.POINTER(ctypes.c_ushort))
    if count and raw.FPDFText_GetText(text, 0, count, pointer) == count + 1:
        codes = buffer[:count].astype(np.uint32)
        if not ((codes >= 0xD800) & (codes < 0xE000)).any():
            return codes
    return np.fromiter((raw.FPDFText_GetUnicode(text, i) for i in range(count)), np.uint32, count)


def _boxes(text: pdfium.PdfTextPage, count: int) -> Boxes:
    """Left, top, right, bottom in the page's own coordinates; zeros where PDFium has none."""
    boxes = np.zeros((count, 4), np.float32)
    base, handle = boxes.ctypes.data, ctypes.cast(text.raw, ctypes.c_void_p).value
    deque(map(_loose_box, repeat(handle), range(count), range(base, base + 16 * count, 16)), maxlen=0)
    return boxes


def _to_display(boxes: Boxes, page: pdfium.PdfPage, width: float, height: float) -> None:
    """Turn page coordinates to points from the top left corner of the page as displayed, in place."""
    fine = 1000
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for at in ((0, 0), (1000, 0), (0, 1000)):
        raw.FPDF_PageToDevice(page, 0, 0, round(width * fine), round(height * fine), 0, *at, x, y)
        corners.append((x.value / fine, y.value / fine))
    origin, right, up = (np.array(corner, np.float64) for corner in corners)
    x_axis, y_axis = (right - origin) / 1000, (up - origin) / 1000
    a = origin + boxes[:, :1] * x_axis + boxes[:, 1:2] * y_axis
    b = origin + boxes[:, 2:3] * x_axis + boxes[:, 3:] * y_axis
    for side, corner in ((slice(2), np.minimum(a, b)), (slice(2, 4), np.maximum(a, b))):
        boxes[:, side] = np.clip(np.nan_to_num(corner), -_FAR, _FAR)


def _pairs_joined(codes: Codes, boxes: Boxes) -> tuple[Codes, Boxes]:
    """Surrogate pairs as one code point with one box."""
    high = np.flatnonzero((codes[:-1] >= 0xD800) & (codes[:-1] < 0xDC00) & (codes[1:] >= 0xDC00) & (codes[1:] < 0xE000))
    if not high.size:
        return codes, boxes
    codes[high] = 0x10000 + ((codes[high] - 0xD800) << 10) + (codes[high + 1] - 0xDC00)
    boxes[high, :2] = np.minimum(boxes[high, :2], boxes[high + 1, :2])
    boxes[high, 2:] = np.maximum(boxes[high, 2:], boxes[high + 1, 2:])
    return np.delete(codes, high + 1), np.delete(boxes, high + 1, axis=0)


def _cleaned(codes: Codes, boxes: Boxes) -> tuple[Codes, Boxes]:
    """Without control characters; hyphens plain, ligatures in letters (each with the whole box), bullets as bullets."""
    odd = set(np.unique(codes[(codes < 0x20) | (codes >= 0x7F)]).tolist()) - {0x0A, 0x0D}
    if not odd:
        return codes, boxes
    codes[np.isin(codes, _HYPHENS)] = ord("-")
    for code in odd & _SYMBOLS.keys():
        codes[codes == code] = ord(_SYMBOLS[code])
    for code in odd & _LIGATURES.keys():
        letters = _LIGATURES[code]
        each = np.where(codes == code, len(letters), 1)
        place = np.repeat(codes == code, each)
        codes, boxes = np.repeat(codes, each), np.repeat(boxes, each, axis=0)
        codes[place] = np.tile(np.array([*map(ord, letters)], np.uint32), int(place.sum()) // len(letters))
    control = (codes < 0x20) | ((codes >= 0x7F) & (codes < 0xA0)) | ((codes >= 0xD800) & (codes < 0xE000))
    keep = is_white(codes) | ~(control | np.isin(codes, _UNSEEN) | (codes & 0xFFFE == 0xFFFE) | (codes > 0x10FFFF))
    return codes[keep], boxes[keep]


def _turn(page: pdfium.PdfPage, text: pdfium.PdfTextPage, count: int) -> int:
    """Quarter turns clockwise, as displayed, of most of the page's text."""
    step = max(1, count // _ANGLES_SEEN)
    seen: Counter[int] = Counter()
    for i in range(0, count, step):
        angle = raw.FPDFText_GetCharAngle(text, i)
        if isfinite(angle) and not raw.FPDFText_IsGenerated(text, i):
            seen[round(angle * 2 / pi)] += 1
    upright = seen.most_common(1)[0][0] if seen else 0
    return (upright + int(page.get_rotation()) // 90) % 4


def _turned(boxes: Boxes, turn: int, width: float, height: float) -> Boxes:
    """Boxes in a frame turned back by `turn` quarters, in which the text runs left to right."""
    x0, y0, x1, y1 = boxes.T
    sides: dict[int, tuple[Any, ...]] = {
        1: (y0, width - x1, y1, width - x0),
        2: (width - x1, height - y1, width - x0, height - y0),
        3: (height - y1, x0, height - y0, x1),
    }
    return np.column_stack(sides[turn]).astype(np.float32)
