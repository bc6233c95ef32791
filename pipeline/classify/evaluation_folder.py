"""Write an evaluation into a folder: figures, diagrams, confusion, and the worst errors with their text."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.classify.confusion import confusion_table
from pipeline.classify.evaluation import Evaluation, as_metrics
from pipeline.classify.worst_errors import Error, worst_errors
from pipeline.taxonomy import Taxonomy


def write_evaluation(
    folder: Path, measured: Evaluation, *, taxonomy: Taxonomy, thresholds: Mapping[str, float]
) -> list[Path]:
    """Write all files into `folder`, which is made; return their paths. `thresholds` are the model's, by category."""
    from pipeline.classify.plots import draw_precision_recall, draw_reliability, write_figure  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    core = [c.id for c in taxonomy.categories if c.core]
    ordered = [*core, *(c for c in thresholds if c not in core)]
    errors = [e for c in ordered if c in thresholds for e in worst_errors(measured.rows, c, threshold=thresholds[c])]
    title = f"{measured.model} on {measured.reports} reports"
    curves = draw_precision_recall(
        measured.curves, measured.pooled, names={c.id: c.name for c in taxonomy.categories}, core=core, title=title
    )
    reliability = draw_reliability(measured.reliability, title=f"{title}: can its scores be taken at their word?")
    return [
        _write_json(folder / "metrics.json", as_metrics(measured)),
        *write_figure(reliability, folder / "reliability"),
        *write_figure(curves, folder / "precision_recall"),
        _write_csv(folder / "confusion.csv", confusion_table(measured.confusion, list(thresholds))),
        _write_errors(folder / "errors.jsonl", errors),
    ]


def _write_json(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _write_csv(path: Path, table: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    return path


def _write_errors(path: Path, errors: Iterable[Error]) -> Path:
    lines = [json.dumps(_error_row(error), ensure_ascii=False) + "\n" for error in errors]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _error_row(error: Error) -> dict[str, Any]:
    row = error.sentence
    return {
        "category": error.category,
        "kind": error.kind,
        "score": error.score,
        "threshold": error.threshold,
        "text": row.text,
        "report_id": row.report_id,
        "start": row.start,
        "end": row.end,
        "section": row.section,
        "gold": {"assertion": row.assertion, "categories": list(row.categories)},
        "found": {"assertion": row.found_assertion, "categories": dict(row.found)},
    }
