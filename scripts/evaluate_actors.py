"""Measure the choice of actors on the labelled sentences of dev.jsonl, as if all of them had been found.

usage: python scripts/evaluate_actors.py [CORPUS_DIR]     (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus)

A found actor is right when it shares words with a gold one, as in the corpus's scorer.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.classify.gold import corpus_folder, read_gold
from pipeline.extract.agencies import AgencyTagger, Candidate, load_tagger

Interval = tuple[int, int]


@dataclass(frozen=True)
class Row:
    """A labelled sentence: whom it names, and whom gold marks as actors."""

    report: str
    candidates: tuple[Candidate, ...]
    gold: tuple[Interval, ...]


@dataclass(frozen=True)
class Agreement:
    """Actors that agree with gold: of the gold ones `right` are found and `missed` are not; `wrong` are found in vain."""

    right: int
    missed: int
    wrong: int

    def __str__(self) -> str:
        precision, recall = self.right / (self.right + self.wrong), self.right / (self.right + self.missed)
        return f"F1 {self.f1:.3f} (precision {precision:.3f}, recall {recall:.3f})"

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (2 * self.right + self.missed + self.wrong)


def named_corpus() -> Path:
    """The folder named on the command line, in the environment, or beside the project."""
    return Path(sys.argv[1] if len(sys.argv) > 1 else corpus_folder())


def read_rows(path: Path, tagger: AgencyTagger) -> list[Row]:
    """The labelled sentences of a gold file."""
    rows = []
    for report in read_gold(path):
        labels = list(report.labels.values())
        found = tagger.candidates(report.text, [(label.start, label.end) for label in labels])
        rows += [Row(report.id, who, label.actors) for who, label in zip(found, labels, strict=True)]
    return rows


def is_gold(candidate: Candidate, gold: Iterable[Interval]) -> bool:
    """Whether a candidate shares words with a gold actor."""
    return any(start < candidate.actor.end and candidate.actor.start < end for start, end in gold)


def agreement(rows: Iterable[Row], chosen: Iterable[Sequence[Candidate]]) -> Agreement:
    """How the chosen candidates of each row agree with gold."""
    count: Counter[str] = Counter()
    for row, actors in zip(rows, chosen, strict=True):
        right = sum(any(is_gold(actor, [gold]) for actor in actors) for gold in row.gold)
        count.update(right=right, missed=len(row.gold) - right)
        count.update(wrong=sum(not is_gold(actor, row.gold) for actor in actors))
    return Agreement(count["right"], count["missed"], count["wrong"])


def main() -> None:
    """Print agreement, its upper bound and the speed."""
    path = named_corpus() / "dev.jsonl"
    tagger = load_tagger()
    selector = tagger.selector
    rows = read_rows(path, tagger)
    chosen = [[c for c in r.candidates if selector.probability(c.features) >= selector.threshold] for r in rows]
    print(f"{len(rows)} sentences, {sum(len(row.gold) for row in rows)} gold actors")
    print("chosen by the weights      ", agreement(rows, chosen))
    print("everybody who is named     ", agreement(rows, [row.candidates for row in rows]))
    print(
        "a perfect choice among them", agreement(rows, [[c for c in r.candidates if is_gold(c, r.gold)] for r in rows])
    )
    passages = [(report.text, [(s.start, s.end) for s in report.labels.values()]) for report in read_gold(path)]
    begin = time.process_time()
    for text, spans in passages:
        tagger.actors(text, spans)
    print(f"{len(rows) / (time.process_time() - begin):.0f} sentences a second of processor time")


if __name__ == "__main__":
    main()
