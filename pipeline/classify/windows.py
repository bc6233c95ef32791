"""Pack a report's passages into windows of tokens, so that each passage is read in its context.

A window is `[CLS] mark passage [SEP] passage [SEP] mark passage [SEP] ...`; a mark names the section and stands at the
start of a window and wherever the section changes. Neighbouring windows overlap. A passage longer than a window
is spread over several; nothing is cut off.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.report import Passage

Context = Literal["window", "neighbours", "alone"]


class Tokenizer(Protocol):
    """What windows need of a tokenizer: the ids of a BERT vocabulary, without special tokens."""

    cls_id: int
    sep_id: int

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens."""


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids, and for each passage in it (by its index in the report) the half-open interval of its tokens."""

    token_ids: tuple[int, ...]
    spans: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    passage: int
    section: str | None
    token_ids: Sequence[int]


def _pieces(passages: Sequence[Passage], token_ids: Sequence[Sequence[int]], room: int) -> list[_Piece]:
    return [
        _Piece(index, passage.section, ids[at : at + room])
        for index, (passage, ids) in enumerate(zip(passages, token_ids, strict=True))
        for at in range(0, max(1, len(ids)), room)
    ]


def _fill(
    pieces: Sequence[_Piece], first: int, size: int, marks: dict[str, list[int]], tokenizer: Tokenizer
) -> tuple[Window, int]:
    """Build one window from pieces[first:]; return it and the index of the first piece that did not fit."""
    ids = [tokenizer.cls_id]
    spans = []
    section: str | None = None
    at = first
    while at < len(pieces):
        piece = pieces[at]
        mark = marks.get(piece.section, []) if piece.section and piece.section != section else []
        if at > first and len(ids) + len(mark) + len(piece.token_ids) + 1 > size:
            break
        ids += mark
        spans.append((piece.passage, len(ids), len(ids) + len(piece.token_ids)))
        ids += [*piece.token_ids, tokenizer.sep_id]
        section = piece.section
        at += 1
    return Window(tuple(ids), tuple(spans)), at


def _step_back(pieces: Sequence[_Piece], first: int, end: int, overlap: int) -> int:
    """Index of the piece that the next window starts with: up to `overlap` tokens before `end`, but after `first`."""
    at = end
    tokens = 0
    while at - 1 > first and tokens + len(pieces[at - 1].token_ids) + 1 <= overlap:
        at -= 1
        tokens += len(pieces[at].token_ids) + 1
    return at


def _own(
    pieces: Sequence[_Piece], at: int, size: int, marks: dict[str, list[int]], tokenizer: Tokenizer, context: Context
) -> Window:
    """The window of piece `at` alone or between its neighbours; these give way where there is no room."""
    piece = pieces[at]
    ids = [tokenizer.cls_id, *marks.get(piece.section or "", [])]
    room = size - len(ids) - len(piece.token_ids) - 1
    beside = [p.token_ids for p in (*pieces[at - 1 : at], *pieces[at + 1 : at + 2])] if context == "neighbours" else []
    before = list(beside[0])[-max(0, room // 2 - 1) :] if at and beside and room > 3 else []
    after = list(beside[-1])[: max(0, room // 2 - 1)] if at + 1 < len(pieces) and beside and room > 3 else []
    ids += [*before, tokenizer.sep_id] if before else []
    span = (piece.passage, len(ids), len(ids) + len(piece.token_ids))
    ids += [*piece.token_ids, tokenizer.sep_id]
    ids += [*after, tokenizer.sep_id] if after else []
    return Window(tuple(ids), (span,))


def windows(
    text: str,
    passages: Sequence[Passage],
    tokenizer: Tokenizer,
    *,
    size: int,
    overlap: int,
    marks: Collection[str] = (),
    first_size: int | None = None,
    context: Context = "window",
) -> Iterator[Window]:
    """Yield windows of at most `size` tokens over all passages, each sharing up to `overlap` tokens with the one before.

    `marks` are the names of the sections that get one; `first_size` bounds the first window alone:
    training moves the window borders with it. With `context` "alone" or "neighbours" each passage has a window of its own,
    without or with the passages beside it, to compare with.
    """
    names = sorted(marks)
    mark_ids = (
        dict(zip(names, tokenizer.encode([f"{n.replace('_', ' ')} :" for n in names]), strict=True)) if names else {}
    )
    longest_mark = max(map(len, mark_ids.values()), default=0)
    token_ids = tokenizer.encode([text[p.start : p.end] for p in passages])
    pieces = _pieces(passages, token_ids, size - longest_mark - 2)
    if context != "window":
        yield from (_own(pieces, at, size, mark_ids, tokenizer, context) for at in range(len(pieces)))
        return
    first = 0
    while first < len(pieces):
        window, end = _fill(pieces, first, size if first or not first_size else first_size, mark_ids, tokenizer)
        yield window
        first = end if end == len(pieces) else _step_back(pieces, first, end, overlap)
