"""From readings to gold: labelled reports in the corpus's format (`pipeline/classify/gold.py`), with who labelled them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from pipeline.annotate.agreed import Said, agreed
from pipeline.annotate.changes import changes
from pipeline.annotate.records import Reading
from pipeline.classify.evaluate import falls_on
from pipeline.extract.sections import find_sections
from pipeline.report import Passage

Json = dict[str, Any]
Interval = tuple[int, int]
ELSEWHERE = "other"
OF_READING = (
    "annotator",
    "when",
    "seconds",
    "fully_read",
    "comment",
    "model",
    "chosen",
    "task",
    "annotation",
    "is_final",
)


@dataclass(frozen=True, slots=True)
class Known:
    """A report as it was pushed: its text, passages, and what is known of it."""

    text: str
    passages: tuple[Passage, ...]
    kind: str = "other"
    url: str | None = None
    date: str | None = None


def gold_rows(readings: Sequence[Reading], report_of: Callable[[str, str], Known]) -> Iterator[Json]:
    """Yield a row for each report that was read; `report_of` takes report_id and text_sha256.

    Its sentences are those on which the readers agree. `readings` has each annotator's spans as they were marked, `disputed` the sentences
    that readers judge differently, `strays` the marks that fall on no sentence that their part shows whole.
    """
    ordered = sorted(readings, key=lambda r: (r.part, r.annotator))
    for (report_id, digest), group in groupby(ordered, key=lambda r: (r.part.report_id, r.part.text_sha256)):
        yield _row(report_id, digest, report_of(report_id, digest), list(group))


def _row(report_id: str, digest: str, known: Known, readings: Sequence[Reading]) -> Json:
    sentences: list[Interval] = []
    disputed: list[Interval] = []
    labels: list[Json] = []
    for passage in known.passages:
        said = agreed(passage, [r for r in readings if r.part.start <= passage.start and passage.end <= r.part.end])
        if said == "disputed":
            disputed.append((passage.start, passage.end))
        elif said != "unread":
            sentences.append((passage.start, passage.end))
            labels += [_label(passage, said, known.text)] if isinstance(said, Said) else []
    return {
        "id": report_id, "kind": known.kind, "url": known.url, "date": known.date, "text": known.text, "text_sha256": digest,
        "sections": _sections(known, sentences), "sentences": sentences, "labels": labels, "disputed": disputed,
        "chosen": next((r.chosen for r in readings if r.chosen), None),
        "strays": [list(place) for place in sorted({place for r in readings for place in _strays(r, known.passages)})],
        "readings": [reading_row(r) for r in readings],
    }  # fmt: skip


def _label(passage: Passage, said: Said, text: str) -> Json:
    actors = [{"start": a.start, "end": a.end, "text": text[a.start : a.end], "role": a.role} for a in said.actors]
    return {"start": passage.start, "end": passage.end, "assertion": said.assertion, "categories": list(said.categories),
            "actors": actors}  # fmt: skip


def _sections(known: Known, sentences: Sequence[Interval]) -> list[Json]:
    """The report's sections, and for sentences outside all of them stretches named "other", so that each sentence is in one."""
    spans = [(s.start, s.end, s.name) for s in find_sections(known.text)]
    starts = [*sorted(start for start, _, _ in spans), len(known.text)]
    outside = [s for s in sentences if not any(start <= s[0] and s[1] <= end for start, end, _ in spans)]
    for _, group in groupby(outside, key=lambda s: next(at for at in starts if at > s[0])):
        stretch = list(group)
        spans.append((stretch[0][0], stretch[-1][1], ELSEWHERE))
    return [{"name": name, "start": start, "end": end} for start, end, name in sorted(spans)]


def _strays(reading: Reading, passages: Sequence[Passage]) -> Iterator[Interval]:
    whole = [(p.start, p.end) for p in passages if reading.part.start <= p.start and p.end <= reading.part.end]
    for mark in reading.marked:
        if not any(falls_on((mark.start, mark.end), place) for place in whole):
            yield mark.start, mark.end


def reading_row(reading: Reading) -> Json:
    """One person's reading of one part as JSON, with what was changed against the model's suggestions."""
    return {
        "start": reading.part.start, "end": reading.part.end, **{name: getattr(reading, name) for name in OF_READING},
        "marked": [asdict(m) for m in reading.marked],
        "changes": [
            {"kind": c.kind, "before": asdict(c.before) if c.before else None, "after": asdict(c.after) if c.after else None}
            for c in changes(reading)
        ],
    }  # fmt: skip
