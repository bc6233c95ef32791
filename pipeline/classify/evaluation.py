"""Everything that `failings evaluate` says of a model: figures, reliability, curves, confusion."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.classify.compare import Compared
from pipeline.classify.confusion import Cells, confusion
from pipeline.classify.curves import Curve, curves, pooled_curve
from pipeline.classify.evaluate import CategoryFigures, Counts, Figure, by_category, with_intervals
from pipeline.classify.reliability import Bin, all_categories, assertions, found_categories, reliability


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model measured on labelled reports; `rows` are all their sentences."""

    model: str
    reports: int
    figures: Mapping[str, Figure]
    by_category: Mapping[str, CategoryFigures]
    reliability: Mapping[str, tuple[Bin, ...]]
    curves: Mapping[str, Curve]
    pooled: Curve
    confusion: Cells
    rows: tuple[Compared, ...]


def evaluation(
    model: str, counts: Sequence[Counts], compared: Iterable[Compared], categories: Sequence[str]
) -> Evaluation:
    """Sum up the counts of each report and the comparison of each sentence; `categories` are those of the model."""
    rows = tuple(compared)
    return Evaluation(
        model=model,
        reports=len(counts),
        figures=with_intervals(counts),
        by_category=by_category(counts),
        reliability={
            "found categories": reliability(found_categories(rows)),
            "all categories": reliability(all_categories(rows)),
            "assertion": reliability(assertions(rows)),
        },
        curves=curves(rows, categories),
        pooled=pooled_curve(rows, categories),
        confusion=confusion(rows),
        rows=rows,
    )


def as_metrics(measured: Evaluation) -> dict[str, Any]:
    """What goes out as JSON: all but the sentences and the points of the curves."""
    return {
        "model": measured.model,
        "reports": measured.reports,
        "figures": {name: asdict(figure) for name, figure in measured.figures.items()},
        "by_category": {name: asdict(row) for name, row in measured.by_category.items()},
        "average_precision": {name: curve.average_precision for name, curve in measured.curves.items()},
        "reliability": {name: [asdict(b) for b in bins] for name, bins in measured.reliability.items()},
        "confusion": [
            {"gold": gold, "found": found, "sentences": sentences}
            for (gold, found), sentences in sorted(measured.confusion.items())
        ],
    }
