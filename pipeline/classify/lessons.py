"""What a model learns from: labelled reports, and unlabelled ones as a teacher model reads them."""

import random
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.gold import GoldLabel, GoldReport
from pipeline.classify.predict import Classifier
from pipeline.errors import GoldError
from pipeline.extract.sections import classified
from pipeline.extract.segment import Segmenter
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, discover, read
from pipeline.report import ASSERTIONS, Passage

NONE_FIRST = ("none", *ASSERTIONS)
TABLES = ("reports.csv.gz", "reports.csv")
HELD_OUT = "heldout_ids.txt"
END_LETTERS = 150


@dataclass(frozen=True, slots=True)
class Lesson:
    """A report and, for each passage, the probability of every category and of every assertion ("none" first)."""

    text: str
    passages: Sequence[Passage]
    categories: NDArray[np.float32]
    assertions: NDArray[np.float32]


def from_gold(report: GoldReport, categories: Sequence[str]) -> Lesson:
    """A labelled report as certainties."""
    labels = [report.labels.get((p.start, p.end)) for p in report.passages]
    about = [[float(label is not None and c in label.categories) for c in categories] for label in labels]
    said = np.eye(len(NONE_FIRST), dtype=np.float32)[[said_of(label) for label in labels]]
    return Lesson(report.text, report.passages, np.array(about, np.float32), said)


def said_of(label: GoldLabel | None) -> int:
    """The place of a label's assertion in NONE_FIRST."""
    return NONE_FIRST.index(label.assertion) if label else 0


def held_out(corpus: Path) -> set[str]:
    """Ids and URLs of the reports that nothing may be learnt from; empty where the corpus lists none."""
    listed = corpus / HELD_OUT
    return set(listed.read_text(encoding="utf-8").split()) if listed.is_file() else set()


def taught(
    corpus: Path, count: int, teacher: Classifier, segmenter: Segmenter, *, leave_out: Set[str], seed: int
) -> Iterator[Lesson]:
    """Yield `count` reports of the corpus's table, drawn by `seed`, as `teacher` reads them.

    Reports whose URL is in `leave_out`, those held out of all training, and what has the same words are never read.
    """
    rows = _rows(corpus, leave_out)
    if len(rows) < count:
        raise GoldError(f"{count} unlabelled reports are asked for; {corpus} has {len(rows)} ({' or '.join(TABLES)})")
    random.Random(seed).shuffle(rows)  # noqa: S311
    for row in rows[:count]:
        report = read(row, limits=Limits())
        passages = classified(segmenter.passages(report.text))
        if passages:
            yield _as_read(report.text, passages, teacher)


def _rows(corpus: Path, leave_out: Set[str]) -> list[Source]:
    leave_out = leave_out | held_out(corpus)
    tables = [str(corpus / name) for name in TABLES if (corpus / name).is_file()]
    rows = [row for row in discover(tables[:1], limits=Limits()) if isinstance(row, Source) and row.row]
    ends = {_end(row) for row in rows if row.row and row.row.get("url") in leave_out}
    return [row for row in rows if row.row and row.row.get("url") not in leave_out and _end(row) not in ends]


def _end(row: Source) -> str:
    """The last letters of a report, by which it is known under another URL too."""
    return "".join(filter(str.isalnum, (row.row or {}).get("concerns", "")))[-END_LETTERS:].lower()


def _as_read(text: str, passages: Sequence[Passage], teacher: Classifier) -> Lesson:
    logits = teacher.logits(text, passages)
    exps = np.exp(logits.assertions - logits.assertions.max(axis=1, keepdims=True))
    about = 1 / (1 + np.exp(-logits.categories))
    return Lesson(text, passages, about.astype(np.float32), (exps / exps.sum(axis=1, keepdims=True)).astype(np.float32))
