"""The characters of one page with their places, from PDFium or from OCR."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

_SPACES = [0x09, 0x20, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_WHITE = np.zeros(0x3002, np.uint8)  # 1 for a space, 2 for a line break; the last stands for all codes above
_WHITE[_SPACES] = 1
_WHITE[[0x0A, 0x0D, 0x2028, 0x2029]] = 2


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of one page in stream order, white space included.

    `boxes` are x0, y0, x1, y1 on the page as displayed; `frame` the same turned so that most text runs left to right.
    `paragraphs` numbers the paragraph of each glyph where OCR has found them.
    """

    codes: Codes
    boxes: Boxes
    frame: Boxes
    width: float
    height: float
    frame_height: float
    paragraphs: npt.NDArray[np.int32] | None = None


def is_white(codes: Codes) -> Flags:
    """Which codes are spaces or line breaks."""
    return np.asarray(_WHITE[np.minimum(codes, _WHITE.size - 1)] > 0)


def is_space(codes: Codes) -> Flags:
    """Which codes are spaces within a line."""
    return np.asarray(_WHITE[np.minimum(codes, _WHITE.size - 1)] == 1)
