"""Links that open a web page at the very words, as text fragments (https://wicg.github.io/scroll-to-text-fragment/)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from urllib.parse import quote

WORD = re.compile(r"\S+")
MARKER = re.compile(r"[(\[]?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)\]]+|[•●▪◦‣*–—-]", re.IGNORECASE)
WHOLE, FEWEST, MOST, BESIDE = 10, 4, 12, 8


class WebText:
    """A page's words, to find out which of them stand there only once. Browsers compare without case and treat white space alike."""

    def __init__(self, text: str) -> None:
        found = list(WORD.finditer(text))
        self._text = text
        self._starts, self._ends = [m.start() for m in found], [m.end() for m in found]
        self._lines = [m.start() for m in re.finditer("\n", text)]
        folded = [m.group().casefold() for m in found]
        self._folded = f" {' '.join(folded)} "
        self._places = [0]
        for word in folded:
            self._places.append(self._places[-1] + len(word) + 1)

    def fragment(self, start: int, end: int) -> str | None:
        """The fragment for text[start:end]; None when it holds no whole word."""
        first, last = bisect_left(self._starts, start), bisect_right(self._ends, end)
        while first + 1 < last and MARKER.fullmatch(self._word(first)):
            first += 1  # a browser may number the items of a list itself
        if first >= last:
            return None
        if last - first <= WHOLE and self._line(first) == self._line(last - 1):
            return self._placed(first, last, "")
        opened = self._opening(first, last)
        return self._placed(first, opened, f",{self._encoded(self._closing(opened, last), last)}")

    def _opening(self, first: int, last: int) -> int:
        """How far the first words go: to where they are unique, within their line."""
        stop = next((i for i in range(first + 1, last) if self._line(i) != self._line(first)), last - 1)
        at = min(first + FEWEST, stop)
        while at < min(first + MOST, stop) and not self._unique(first, at):
            at += 1
        return max(at, first + 1)

    def _closing(self, opened: int, last: int) -> int:
        """Where the last words begin: none like them stand between the first words and them."""
        at = last - 1
        while at > opened and self._line(at - 1) == self._line(last - 1) and last - at < MOST:
            if (
                last - at >= FEWEST
                and self._folded.find(self._phrase(at, last), self._places[opened]) == self._places[at]
            ):
                break
            at -= 1
        return at

    def _placed(self, first: int, last: int, ending: str) -> str:
        """The words [first, last) and what follows them, between as many of the words beside them as make them unique."""
        words = self._encoded(first, last) + ending
        if self._unique(first, last):
            return words
        before = next((i for i in self._beside(first, -1) if self._unique(i, last)), None)
        if before is not None:
            return f"{self._encoded(before, first)}-,{words}"
        after = None if ending else next((i for i in self._beside(last - 1, 1) if self._unique(first, i + 1)), None)
        return words if after is None else f"{words},-{self._encoded(last, after + 1)}"

    def _beside(self, at: int, step: int) -> Iterator[int]:
        for i in range(at + step, at + step * (BESIDE + 1), step):
            if not 0 <= i < len(self._starts) or self._line(i) != self._line(at):
                return
            yield i

    def _unique(self, first: int, last: int) -> bool:
        return self._folded.count(self._phrase(first, last)) == 1

    def _phrase(self, first: int, last: int) -> str:
        return self._folded[self._places[first] : self._places[last] + 1]

    def _encoded(self, first: int, last: int) -> str:
        return quote(" ".join(map(self._word, range(first, last))), safe="").replace("-", "%2D")

    def _word(self, index: int) -> str:
        return self._text[self._starts[index] : self._ends[index]]

    def _line(self, index: int) -> int:
        return bisect_left(self._lines, self._starts[index])


def web_links(url: str, text: str, spans: Sequence[tuple[int, int]]) -> list[str | None]:
    """For each of `spans` of `text`, the text of the page at `url`: the address of its words; None without a web address."""
    if not url.startswith(("http://", "https://")):
        return [None] * len(spans)
    page = WebText(text)
    address = url if "#" in url else f"{url}#"
    fragments = [page.fragment(*span) for span in spans]
    return [f"{address}:~:text={fragment}" if fragment else None for fragment in fragments]
