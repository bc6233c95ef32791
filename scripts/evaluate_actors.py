"""Measure the choice of actors on the labelled sentences of dev.jsonl, as if all of them had been found.

usage: python scripts/evaluate_actors.py [CORPUS_DIR]     (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus)

A found actor is right when it shares words with a gold one, as in the corpus's scorer. The interval is a 95% bootstrap over reports.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.classify.gold import GoldReport, corpus_folder, read_gold
from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger, Candidate, load_tagger

SAMPLES = 1000
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

    def __add__(self, other: "Agreement") -> "Agreement":
        return Agreement(self.right + other.right, self.missed + other.missed, self.wrong + other.wrong)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (2 * self.right + self.missed + self.wrong)


def named_corpus() -> Path:
    """The folder named on the command line, in the environment, or beside the project."""
    return Path(sys.argv[1] if len(sys.argv) > 1 else corpus_folder())


def statements(report: GoldReport) -> list[Statement]:
    """The labelled sentences of a report as the tagger reads them."""
    sections = {(passage.start, passage.end): passage.section for passage in report.passages}
    return [
        Statement(label.start, label.end, label.assertion, label.categories, sections[label.start, label.end])
        for label in report.labels.values()
    ]


def read_rows(path: Path, tagger: AgencyTagger) -> list[Row]:
    """The labelled sentences of a gold file."""
    rows = []
    for report in read_gold(path):
        labels = list(report.labels.values())
        found = tagger.candidates(report.text, statements(report))
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


def interval(rows: Sequence[Row], chosen: Sequence[Sequence[Candidate]]) -> tuple[float, float]:
    """Within which the F1 of 95% of samples of reports lies."""
    by_report: dict[str, list[tuple[Row, Sequence[Candidate]]]] = {}
    for row, actors in zip(rows, chosen, strict=True):
        by_report.setdefault(row.report, []).append((row, actors))
    reports = [agreement(*zip(*pairs, strict=True)) for pairs in by_report.values()]
    rng = random.Random(0)  # noqa: S311 no secret hangs on it
    samples = sorted(sum(rng.choices(reports, k=len(reports)), Agreement(0, 0, 0)).f1 for _ in range(SAMPLES))
    return samples[SAMPLES // 40], samples[-SAMPLES // 40 - 1]


def main() -> None:
    """Print agreement, its upper bound and the speed."""
    path = named_corpus() / "dev.jsonl"
    tagger = load_tagger()
    rows = read_rows(path, tagger)
    chosen = [[c for c in row.candidates if tagger.is_chosen(c)] for row in rows]
    gold = [[c for c in row.candidates if is_gold(c, row.gold)] for row in rows]
    print(f"{len(rows)} sentences, {sum(len(row.gold) for row in rows)} gold actors")
    print("chosen by the weights      ", agreement(rows, chosen), "[{:.3f}, {:.3f}]".format(*interval(rows, chosen)))
    print("everybody who is named     ", agreement(rows, [row.candidates for row in rows]))
    print("a perfect choice among them", agreement(rows, gold))
    reports = [(report.text, statements(report)) for report in read_gold(path)]
    begin = time.process_time()
    for text, said in reports:
        tagger.actors(text, said)
    seconds = time.process_time() - begin
    print(
        f"{len(rows) / seconds:.0f} sentences a second of processor time, {1000 * seconds / len(reports):.1f} ms a report"
    )


if __name__ == "__main__":
    main()
