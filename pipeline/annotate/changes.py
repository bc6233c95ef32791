"""What an annotator changed of what the model suggested."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.annotate.records import Marked, Reading
from pipeline.classify.evaluate import falls_on, overlap

Kind = Literal["kept", "moved", "relabelled", "moved and relabelled", "added", "removed"]
KINDS: tuple[Kind, ...] = ("kept", "moved", "relabelled", "moved and relabelled", "added", "removed")


@dataclass(frozen=True, slots=True)
class Change:
    """One finding before and after: `before` is the model's, None for one added; `after` is the annotator's, None for one removed."""

    kind: Kind
    before: Marked | None
    after: Marked | None


def changes(reading: Reading) -> tuple[Change, ...]:
    """Pair each suggestion with the mark that shares most with it, half of either at least; what has no partner was added or removed."""
    pairs = _pairs(reading.predicted, reading.marked)
    before, after = {i for i, _ in pairs}, {j for _, j in pairs}
    found = [_change(reading.predicted[i], reading.marked[j]) for i, j in pairs]
    found += [Change("removed", m, None) for i, m in enumerate(reading.predicted) if i not in before]
    found += [Change("added", None, m) for j, m in enumerate(reading.marked) if j not in after]
    return tuple(sorted(found, key=_place))


def _pairs(before: Sequence[Marked], after: Sequence[Marked]) -> list[tuple[int, int]]:
    close = [
        (-overlap((a.start, a.end), (b.start, b.end)), abs(a.start - b.start) + abs(a.end - b.end), i, j)
        for i, a in enumerate(before)
        for j, b in enumerate(after)
        if falls_on((a.start, a.end), (b.start, b.end))
    ]
    pairs: list[tuple[int, int]] = []
    for _, _, i, j in sorted(close):
        if all(i != i2 and j != j2 for i2, j2 in pairs):
            pairs.append((i, j))
    return pairs


def _change(before: Marked, after: Marked) -> Change:
    moved = (before.start, before.end) != (after.start, after.end)
    relabelled = _labels(before) != _labels(after)
    kind: Kind = (
        "moved and relabelled" if moved and relabelled else "moved" if moved else "relabelled" if relabelled else "kept"
    )
    return Change(kind, before, after)


def _labels(marked: Marked) -> tuple[object, ...]:
    return marked.assertion, frozenset(marked.categories), frozenset(marked.actors)


def _place(change: Change) -> tuple[int, int]:
    marked = change.after or change.before
    return (marked.start, marked.end) if marked else (0, 0)


def count_changes(readings: Iterable[Reading]) -> dict[Kind, int]:
    """How many findings were changed in which way; all kinds, in order. Readings to which no model suggested anything are left out."""
    count = Counter(change.kind for reading in readings if reading.model is not None for change in changes(reading))
    return {kind: count[kind] for kind in KINDS}
