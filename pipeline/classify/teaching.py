"""Learn from reports that nobody labelled: their words, and how a teacher model reads them."""

import json
import random
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

import numpy as np

from pipeline.classify.lessons import Lesson
from pipeline.classify.predict import Classifier
from pipeline.report import Passage

HELD_OUT = "heldout_ids.txt"
Read = tuple[str, tuple[Passage, ...]]


def held_out(corpus: Path) -> set[str]:
    """Ids and URLs of the reports that nothing may be learnt from; empty where the corpus lists none."""
    listed = corpus / HELD_OUT
    return set(listed.read_text(encoding="utf-8").split()) if listed.is_file() else set()


def unlabelled(corpus: Path, *, leave_out: Set[str], seed: int, kept: Path) -> list[Read]:
    """Text and passages of the reports in the corpus's table, shuffled by `seed`; segmented once, and kept in `kept`.

    Reports whose URL is in `leave_out`, those held out of all training, and what has the same words are never read.
    """
    if not kept.is_file():
        from pipeline.classify.unlabelled_table import table_reports  # noqa: PLC0415  (spaCy: only where it has to segment)

        part = kept.with_suffix(".part")
        with part.open("w", encoding="utf-8") as lines:
            for text, passages in table_reports(corpus, leave_out=leave_out | held_out(corpus)):
                rows = [[p.start, p.end, p.section] for p in passages]
                lines.write(json.dumps({"text": text, "passages": rows}) + "\n")
        part.rename(kept)
    with kept.open(encoding="utf-8") as lines:
        reports = [json.loads(line) for line in lines]
    random.Random(seed).shuffle(reports)  # noqa: S311
    return [(row["text"], tuple(Passage(*each) for each in row["passages"])) for row in reports]


def taught(reports: Iterable[Read], teacher: Classifier) -> Iterator[Lesson]:
    """Yield reports as `teacher` reads them, with the probabilities that it gives out uncalibrated."""
    for text, passages in reports:
        logits = teacher.logits(text, passages)
        exps = np.exp(logits.assertions - logits.assertions.max(axis=1, keepdims=True))
        said = exps / exps.sum(axis=1, keepdims=True)
        about = 1 / (1 + np.exp(-logits.categories))
        yield Lesson(text, passages, about.astype(np.float32), said.astype(np.float32))
