"""Which categories are taken for which others, where a sentence may have several.

Every missed category of a sentence is one unit. It is shared out equally among the categories that were found on the sentence in vain:
those were found instead of it. A missed category without any goes to NOTHING_ELSE when the sentence has a finding (all
of whose categories are right) and to NO_FINDING when it has none. A category that was both wanted and found is a unit of the
diagonal, so the row of a category adds up to its gold sentences. A category that was found in vain where none was missed is a unit in
the row NOTHING_MISSED when gold labels the sentence and in NO_LABEL when it does not. A category that gold
lacks may so stand in several rows, but nothing is counted twice in a row.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.classify.compare import Compared

NOTHING_ELSE = "(nothing else)"
NO_FINDING = "(no finding)"
NOTHING_MISSED = "(nothing missed)"
NO_LABEL = "(no label)"
Cells = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Confused:
    """`sentences` (fractions where several were found instead) of the `of` gold sentences of category `gold` were found as `found`."""

    gold: str
    found: str
    sentences: float
    of: int


def confusion(rows: Iterable[Compared]) -> Cells:
    """Gold sentences by (gold category, found category), with the four names above for nothing."""
    cells: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        missed, extra = row.missed, row.extra
        for category in row.categories:
            if category in row.found:
                cells[category, category] += 1
        for category in missed:
            for instead in extra or ((NOTHING_ELSE if row.found else NO_FINDING),):
                cells[category, instead] += 1 / max(1, len(extra))
        if not missed:
            for category in extra:
                cells[NOTHING_MISSED if row.assertion else NO_LABEL, category] += 1
    return dict(cells)


def most_confused(cells: Cells) -> list[Confused]:
    """Pairs of two categories, from the most sentences down."""
    supports: defaultdict[str, float] = defaultdict(float)
    for (gold, _), sentences in cells.items():
        supports[gold] += sentences
    nothing = {NOTHING_ELSE, NO_FINDING, NOTHING_MISSED, NO_LABEL}
    pairs = [
        Confused(gold, found, sentences, round(supports[gold]))
        for (gold, found), sentences in cells.items()
        if gold != found and not {gold, found} & nothing
    ]
    return sorted(pairs, key=lambda pair: (-pair.sentences, pair.gold, pair.found))


def confusion_table(cells: Cells, categories: Sequence[str]) -> list[list[str]]:
    """The cells as a table of texts: a row each gold category with its sum, a column each found one."""
    known = [*categories, *sorted({name for pair in cells for name in pair if name[0] != "("} - set(categories))]
    columns = [*known, NOTHING_ELSE, NO_FINDING]
    table = [["gold \\ found", *columns, "sum"]]
    for gold in (*known, NOTHING_MISSED, NO_LABEL):
        values = [cells.get((gold, found), 0.0) for found in columns]
        table.append([gold, *(f"{value:.2f}".rstrip("0").rstrip(".") for value in (*values, sum(values)))])
    return table
