"""Measure simple methods and trained models on dev.jsonl, through one scorer, as a Markdown table.

usage: python scripts/baselines.py [CORPUS_DIR] [--method NAME ...] [--model NAME=DIR ...] [--json FILE]

CORPUS_DIR (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus) holds train.jsonl and dev.jsonl. All are measured on
dev's own sentences;
probabilities and thresholds are cross-fitted on dev, as for the figures in a model's metrics.json. `--model` adds these
figures of a trained model: of one that reads single sentences, say.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from baseline_methods import Labelled, frozen_embeddings, keyword_logits, logistic_regression, tfidf

from pipeline.classify.calibrate import cross_fitted
from pipeline.classify.evaluate import Figure, count_agreements, with_intervals
from pipeline.classify.gold import GoldReport, corpus_folder, read_gold
from pipeline.classify.lessons import said_of
from pipeline.classify.scores import Logits, calibrated
from pipeline.extract.findings import find
from pipeline.report import sha256
from pipeline.taxonomy import load_taxonomy

COLUMNS = {
    "sentence_f1": "sentence F1",
    "category_micro_f1": "category micro-F1",
    "category_macro_f1": "category macro-F1",
    "core_macro_f1": "core four macro-F1",
    "assertion_macro_f1": "assertion macro-F1",
    "calibration_error": "calibration error",
}
Method = Callable[[Labelled, Sequence[str]], Callable[[Sequence[str]], Logits]]
METHODS: dict[str, Method] = {
    "keyword list": lambda _, categories: lambda texts: keyword_logits(texts, categories),
    "TF-IDF, logistic regression": lambda train, _: logistic_regression(tfidf(train.texts), train, strength=10),
    "frozen embeddings, logistic regression": lambda train, _: logistic_regression(
        frozen_embeddings(), train, strength=10
    ),
}


def labelled(reports: Sequence[GoldReport], categories: Sequence[str]) -> Labelled:
    """All sentences of some reports, in order."""
    rows = [
        (report.text[p.start : p.end], report.labels.get((p.start, p.end)))
        for report in reports
        for p in report.passages
    ]
    about = [[int(label is not None and c in label.categories) for c in categories] for _, label in rows]
    said = [said_of(label) for _, label in rows]
    return Labelled(tuple(text for text, _ in rows), np.array(about), np.array(said))


def measure(logits: Logits, dev: Sequence[GoldReport], categories: tuple[str, ...]) -> dict[str, Figure]:
    """Figures of logits that have a row a sentence of dev; a report's thresholds come from the other folds."""
    gold = labelled(dev, categories)
    cuts = np.cumsum([len(report.passages) for report in dev])[:-1]
    about, said = np.split(gold.about, cuts), np.split(gold.said, cuts)
    parts = zip(np.split(logits.categories, cuts), np.split(logits.assertions, cuts), strict=True)
    each = [Logits(*part) for part in parts]
    counts = []
    for report, row, calibration in zip(dev, each, cross_fitted(each, about, said), strict=True):
        scores = calibrated(row, calibration)
        findings = find(report.text, report.passages, scores, calibration, categories=categories, wanted=categories)
        counts.append(count_agreements(report, findings))
    return with_intervals(counts)


def figures_of_model(folder: Path, dev: Path) -> dict[str, Figure]:
    """The figures in a model folder's metrics.json; exits when they were measured on another dev.jsonl."""
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if metrics["gold_sha256"]["dev.jsonl"] != sha256(dev.read_bytes()):
        sys.exit(f"{folder}: its figures are on another dev.jsonl than {dev}")
    return {name: Figure(**row) for name, row in metrics["figures"].items()}


def as_table(measured: dict[str, dict[str, Figure]]) -> str:
    """A Markdown table, a row a method, each figure with its 95% interval."""
    lines = ["| method | " + " | ".join(COLUMNS.values()) + " |", "| --- " * (len(COLUMNS) + 1) + "|"]
    for method, figures in measured.items():
        lines.append(f"| {method} | " + " | ".join(_cell(figures.get(name)) for name in COLUMNS) + " |")
    return "\n".join(lines)


def _cell(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "-"
    return f"{figure.value:.3f}" + (f" ({figure.low:.3f} to {figure.high:.3f})" if figure.low is not None else "")


def as_json(measured: dict[str, dict[str, Figure]]) -> dict[str, Any]:
    """The figures of the table, by method and name."""
    return {
        method: {name: asdict(figures[name]) for name in COLUMNS if name in figures}
        for method, figures in measured.items()
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=corpus_folder(), metavar="CORPUS_DIR")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this one (repeatable; default: all)")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=DIR", help="a trained model (repeatable)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    return parser.parse_args()


def main() -> None:
    """Train and measure each method, add the models, print the table."""
    args = arguments()
    categories = load_taxonomy().ids
    train, dev = (list(read_gold(args.corpus / f"{name}.jsonl")) for name in ("train", "dev"))
    known, texts = labelled(train, categories), labelled(dev, categories).texts
    measured = {}
    for name in args.method or METHODS:
        print(f"{name} ...", file=sys.stderr)
        measured[name] = measure(METHODS[name](known, categories)(texts), dev, categories)
    for name, _, folder in (entry.partition("=") for entry in args.model):
        measured[name] = figures_of_model(Path(folder), args.corpus / "dev.jsonl")
    print(as_table(measured))
    if args.json:
        args.json.write_text(json.dumps(as_json(measured), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
