"""Lines to text: which line ends are mended, which start a new line or paragraph, and what becomes of hyphens."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from pipeline.ingest.pdf_layout import Line

HYPHENS = "\ufffe\u00ad\u0002-\u2010"
DROP_HYPHEN = "\b"  # a separator: the line's hyphen goes and the words are joined
_BULLET = re.compile(r"[•●▪■◦‣∙·➢➤✓✔*o–—-]\s+\S")
_NUMBERED = re.compile(
    r"(?:\(?\d{1,3}[.)]|\d{1,2}(?:\.\d{1,2})+\.?|\(?[a-z][.)]|\(?[A-Z]\)|\(?[ivx]{1,5}[.)])"
    r"(?:\s+\S|$)"
)
_BOX_NUMBER = re.compile(r"\d{1,2}")
_HEADING = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?\s+|[A-Z][.)]\s+)?(\S.*)")
_SMALL_WORDS = {"and", "of", "the", "to", "or", "for", "in", "a", "on", "by"}
_STOPS = (".", "?", "!", ":", ";")
_TRAIL = re.compile(r"(?:\b(?:and|or|of|the|to|a|an|in|on|by|with|for|from|that|was|were|is|at|as|had|has|not|this))$")
_KEEPERS = {"self", "non", "well", "ex", "post", "multi", "cross", "long", "short", "high", "low", "ill", "follow"}
_PREFIXES = {"re", "pre", "co", "de", "un", "inter", "anti", "mid", "semi", "sub", "under", "over", "out", "on", "up"}
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_LARGEST_STEP = 2.6  # heights from line to line within a paragraph: double spacing
_WINDOW = 12  # lines either side that tell where a line's right margin is


@dataclass(frozen=True, slots=True)
class Shape:
    """What the neighbours tell of each line: its column's edges, and the usual step from line to line in heights."""

    left: list[float]
    right: list[float]
    step: float


def separators(lines: Sequence[Line]) -> list[str]:
    """Say what goes between each line and the next: a space, one break or two, '' after a hyphen, or DROP_HYPHEN."""
    if not lines:
        return []
    shape = _shape(lines)
    words = _vocabulary(lines)
    result, first = [], 0
    for i in range(len(lines) - 1):
        joint = _hyphen(lines[i].text, lines[i + 1].text, words)
        if joint is None:
            joint = _joint(lines, i, first, shape)
        result.append(joint)
        if joint.startswith("\n"):
            first = i + 1
    return result


def _shape(lines: Sequence[Line]) -> Shape:
    left, right = _edges(lines)
    steps = [
        _step(a, b)
        for i, (a, b) in enumerate(pairwise(lines))
        if a.page == b.page and b.y0 > a.y0 and not _fits(a, b, right[i])
    ]
    steps = [step for step in steps if step < _LARGEST_STEP]
    return Shape(left, right, median(steps) if steps else 1.2)


def _edges(lines: Sequence[Line]) -> tuple[list[float], list[float]]:
    """Left and right edge of the column of each line: the widest lines near it, and those that start level with it."""
    margins: defaultdict[int, list[float]] = defaultdict(list)
    for line in lines:
        margins[round(line.x0 / 4)].append(line.x1)
    usual = {key: float(np.percentile(ends, 90)) for key, ends in margins.items() if len(ends) >= 8}
    x0, x1 = np.array([line.x0 for line in lines]), np.array([line.x1 for line in lines])
    page = np.array([line.page for line in lines])
    left, right = [], []
    for i, line in enumerate(lines):
        near = slice(max(0, i - _WINDOW), i + _WINDOW + 1)
        same = (page[near] == line.page) & (x0[near] <= line.x1) & (x1[near] >= line.x0)
        left.append(float(x0[near][same].min()))
        right.append(max(float(x1[near][same].max()), usual.get(round(line.x0 / 4), 0.0)))
    return left, right


def _step(a: Line, b: Line) -> float:
    return (b.middle - a.middle) / max(a.height, b.height, 1.0)


def _fits(a: Line, b: Line, right: float) -> bool:
    """Whether the next line's first word had room on this one, so that the line was ended on purpose."""
    return right - a.x1 > b.first_word + 0.3 * a.height + 2


def _joint(lines: Sequence[Line], i: int, first: int, shape: Shape) -> str:
    a, b = lines[i], lines[i + 1]
    if a.paragraph is not None and b.paragraph is not None and a.page == b.page:
        return "\n\n" if a.paragraph != b.paragraph else _break(lines, i, first, shape)
    if a.page != b.page or b.middle <= a.middle:
        return _over_page(lines, i, first, shape)
    if _BOX_NUMBER.fullmatch(a.text) and _heading(b.text) and _step(a, b) < 1.5:
        return " "
    if _step(a, b) > shape.step * 1.25 + 0.05 and not _sentence_goes_on(a, b, shape.right[i]):
        return "\n\n"
    return _break(lines, i, first, shape)


def _over_page(lines: Sequence[Line], i: int, first: int, shape: Shape) -> str:
    """Choose the joint at the top of a page or column: a sentence goes on unless all says otherwise."""
    a, b = lines[i], lines[i + 1]
    if _starts_item(lines, i, first, shape) or _heading(a.text) or _heading(b.text):
        return "\n\n"
    if not a.text.endswith(_STOPS):
        return " " if b.text[0].islower() or not _fits(a, b, shape.right[i]) else "\n\n"
    return "\n\n" if _fits(a, b, shape.right[i]) or (b.text[0].isupper() and a.text.endswith(":")) else " "


def _break(lines: Sequence[Line], i: int, first: int, shape: Shape) -> str:
    """Choose the joint of two lines without a gap between them."""
    a, b = lines[i], lines[i + 1]
    if _starts_item(lines, i, first, shape):
        return "\n"
    fits, lower = _fits(a, b, shape.right[i]), b.text[0].islower()
    if _heading(b.text) and b.text[0].isdigit():
        return "\n"
    if _heading(a.text) != _heading(b.text) and (fits or not lower):
        return "\n" if fits or a.text.endswith(_STOPS) or _heading(a.text) else " "
    if fits:
        return " " if _TRAIL.search(a.text) or (lower and _goes_on(a, shape.left[i], shape.right[i])) else "\n"
    return "\n\n" if _indented(lines, i, first) else " "


def _sentence_goes_on(a: Line, b: Line, right: float) -> bool:
    """Whether a full line without a stop goes on in small letters below a wider step."""
    return b.text[0].islower() and not a.text.endswith(_STOPS) and not _fits(a, b, right) and _step(a, b) < 2.5


def _goes_on(line: Line, left: float, right: float) -> bool:
    """Whether a short line before a small letter is one sentence with it (words were blacked out, a forced break)."""
    if line.text.endswith(_STOPS):
        return False
    return line.text.endswith(",") or right - line.x1 < 0.4 * (right - left)


def _indented(lines: Sequence[Line], i: int, first: int) -> bool:
    """Whether the next line is the indented first line of a paragraph, or goes back out after an indented block."""
    a, b = lines[i], lines[i + 1]
    if not a.text.endswith(_STOPS) or b.text[0].islower():
        return False
    shift = b.x0 - a.x0
    if shift > 0.7 * a.height:
        return not _marker(lines[first].text) or i > first
    return shift < -0.7 * a.height and i > first


def _marker(text: str) -> bool:
    return bool(_BULLET.match(text) or _NUMBERED.match(text))


def _starts_item(lines: Sequence[Line], i: int, first: int, shape: Shape) -> bool:
    """Whether the next line starts a list item, rather than going on with words that look like one."""
    a, b = lines[i], lines[i + 1]
    if not _marker(b.text):
        return False
    if a.text.endswith((*_STOPS, ",")) or _fits(a, b, shape.right[i]) or a.text.endswith((" and", " or")):
        return True
    head = lines[first]
    if _marker(head.text) and (abs(head.x0 - b.x0) < 0.5 * b.height or head.page != b.page):
        return True
    return (abs(b.x0 - a.x0) > 0.5 * b.height and a.page == b.page) or b.text[0] in "•●▪■◦‣∙➢➤✓✔"


def _heading(text: str) -> bool:
    """Whether a line is a heading in capitals, with or without a number before it."""
    match = _HEADING.fullmatch(text)
    if match is None or text.endswith((".", ",", ";")):
        return False
    words = [w for w in re.findall(r"[^\W\d_]+", match[1]) if w not in _SMALL_WORDS and w != "s"]
    letters = "".join(words)
    return len(letters) >= 6 and match[1][0].isupper() and sum(map(str.isupper, letters)) >= 0.9 * len(letters)


def _vocabulary(lines: Sequence[Line]) -> Counter[str]:
    """Words inside lines, in small letters, with their hyphens; a word that a line end cuts is left out."""
    words: Counter[str] = Counter()
    cut = False
    for line in lines:
        text = line.text.partition(" ")[2] if cut else line.text
        cut = line.text[-1] in HYPHENS
        words.update(_WORD.findall((text.rpartition(" ")[0] if cut else text).casefold()))
    return words


def _hyphen(text: str, following: str, words: Counter[str]) -> str | None:
    """'' to keep the hyphen at a line's end, DROP_HYPHEN, or None where the line does not end in one."""
    if len(text) < 2 or text[-1] not in HYPHENS or not text[-2].isalnum() or not following[0].isalnum():
        return None
    left, right = re.search(r"(\w+)\W$", text), re.match(r"\w+", following)
    if left is None or right is None:
        return None
    if (right[0][0].isupper() and not left[1].isupper()) or text[: left.start()].endswith("-"):
        return ""
    return DROP_HYPHEN if _drops(left[1].casefold(), right[0].casefold(), words) else ""


def _drops(a: str, b: str, words: Counter[str]) -> bool:
    """Whether a word cut in `a` and `b` is written without a hyphen, by the document's own words, else by its parts."""
    if not (a + b).isalpha():
        return False
    joined, hyphened = words[a + b], words[f"{a}-{b}"]
    if joined or hyphened:
        return joined >= hyphened
    if a in _PREFIXES:
        return b not in words and b[0] not in "aeiou"
    return a not in _KEEPERS and not (words[a] or words[b])
