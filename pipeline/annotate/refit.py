"""Make a model folder whose heads learnt from reports that people read; the encoder stays as it is."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.annotate.heads import Head, Heads, Refitted, Taught, fit_heads
from pipeline.annotate.refit_card import write_refit_card
from pipeline.classify.calibrate import cross_fitted, fit_calibration
from pipeline.classify.evaluate import Counts, by_category, count_agreements, with_intervals
from pipeline.classify.gold import GoldReport
from pipeline.classify.heads_onnx import read_heads, replace_heads
from pipeline.classify.lessons import from_gold
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import (
    CALIBRATION,
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    Calibration,
    load_config,
    write_config,
)
from pipeline.classify.predict import Classifier
from pipeline.classify.scores import Logits, calibrated
from pipeline.errors import ModelError
from pipeline.extract.findings import find
from pipeline.report import sha256

FEWEST_REPORTS = 5
FEWEST_FINDINGS = 20
METRICS = "metrics.json"
OUTPUTS = ("category_logits", "assertion_logits")


def refit(base: Path, reports: Sequence[GoldReport], folder: Path, *, seed: int) -> str:
    """Write `folder`: the model `base` with heads, calibration and thresholds fitted anew on `reports`; return its version.

    The heads are drawn to those of `base`, so start from the shipped model with all that was read since, not from an
    earlier refit: what that learnt from would count twice. Raise ModelError when there is too little to learn from.
    """
    reports = [report for report in reports if report.passages]
    _refuse(reports, folder)
    classifier, before = load_classifier(base), heads_of(base)
    taught = read_with(classifier, reports)
    refitted = fit_heads(taught, before, seed=seed)
    calibration = fit_calibration(refitted.crossed, taught.categories, taught.assertions)
    metrics: dict[str, Any] = {
        "seed": seed,
        "learnt_from": sorted(learnt_from(base) | {text_hash(report) for report in reports}),
    }
    metrics |= _metrics(classifier, before.logits(taught.pooled), reports, taught, refitted)
    _write(base, folder, refitted, calibration, metrics)
    return load_config(folder).version


def heads_of(folder: Path) -> Heads:
    """The heads of a model folder."""
    read = read_heads(folder / WEIGHTS, OUTPUTS)
    return Heads(*(Head(*read[name]) for name in OUTPUTS))


def read_with(classifier: Classifier, reports: Sequence[GoldReport]) -> Taught:
    """All sentences of some reports as `classifier` embeds them, with their labels; a category that it does not know is left out."""
    lessons = [from_gold(report, classifier.config.categories) for report in reports]
    return Taught(
        np.concatenate([classifier.embedded(lesson.text, lesson.passages)[1] for lesson in lessons]),
        np.concatenate([lesson.categories for lesson in lessons]).astype(np.int64),
        np.concatenate([lesson.assertions for lesson in lessons]).argmax(axis=1),
        np.repeat(np.arange(len(reports)), [len(report.passages) for report in reports]),
    )


def learnt_from(folder: Path) -> frozenset[str]:
    """Hashes of the texts that the heads of a refitted model were fitted on; empty for a model that was not refitted."""
    path = folder / METRICS
    row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return frozenset(row.get("learnt_from", ()))


def text_hash(report: GoldReport) -> str:
    """The SHA-256 of a report's text."""
    return sha256(report.text.encode())


def _refuse(reports: Sequence[GoldReport], folder: Path) -> None:
    texts = {text_hash(report) for report in reports}
    findings = sum(len(report.labels) for report in reports)
    if len(texts) < FEWEST_REPORTS or findings < FEWEST_FINDINGS:
        raise ModelError(
            f"too little to learn from: {len(texts)} different reports read with {findings} findings in them; "
            f"at least {FEWEST_REPORTS} reports and {FEWEST_FINDINGS} findings are needed"
        )
    if len(texts) < len(reports):
        raise ModelError(f"{len(reports) - len(texts)} of {len(reports)} reports come twice: give each text once")
    if folder.exists() and not (folder / CONFIG).is_file():
        raise ModelError(f"{folder} is in the way: the model would go there, and it is not a model folder")


def _metrics(
    classifier: Classifier, before: Logits, reports: Sequence[GoldReport], taught: Taught, refitted: Refitted
) -> dict[str, Any]:
    """Figures on the reports themselves; those of a report come from heads, probabilities and thresholds fitted on others."""
    cuts = np.cumsum([len(report.passages) for report in reports])[:-1]
    each = _by_report(refitted.crossed, cuts)
    fitted = cross_fitted(each, np.split(taught.categories, cuts), np.split(taught.assertions, cuts))
    categories, shipped = classifier.config.categories, [classifier.calibration] * len(reports)
    new = [_counts(*row, categories) for row in zip(reports, each, fitted, strict=True)]
    old = [_counts(*row, categories) for row in zip(reports, _by_report(before, cuts), shipped, strict=True)]
    return {
        "base": classifier.config.version, "reports": len(reports), "passages": len(taught.pooled),
        "findings": sum(len(report.labels) for report in reports), "strength": dict(refitted.strength),
        "unknown_categories": _unknown(reports, categories), "figures": _figures(new), "base_figures": _figures(old),
        "by_category": {name: asdict(row) for name, row in by_category(new).items()},
    }  # fmt: skip


def _by_report(logits: Logits, cuts: Any) -> list[Logits]:
    parts = zip(np.split(logits.categories, cuts), np.split(logits.assertions, cuts), strict=True)
    return [Logits(*part) for part in parts]


def _counts(report: GoldReport, logits: Logits, calibration: Calibration, categories: Sequence[str]) -> Counts:
    scores = calibrated(logits, calibration)
    found = find(report.text, report.passages, scores, calibration, categories=categories, wanted=categories)
    return count_agreements(report, found)


def _figures(counts: Sequence[Counts]) -> dict[str, object]:
    names = ("sentence_f1", "category_micro_f1", "category_macro_f1", "assertion_macro_f1", "calibration_error")
    return {name: asdict(figure) for name, figure in with_intervals(counts).items() if name in names}


def _unknown(reports: Sequence[GoldReport], categories: Sequence[str]) -> dict[str, int]:
    named = [c for report in reports for label in report.labels.values() for c in label.categories]
    return {c: named.count(c) for c in sorted(set(named) - set(categories))}


def _write(
    base: Path, folder: Path, refitted: Refitted, calibration: Calibration, metrics: Mapping[str, object]
) -> None:
    """Write the folder beside itself first, so that a failure leaves the model that was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fitted = (refitted.heads.categories, refitted.heads.assertions)
    changed = {
        name: (head.weight, head.bias)
        for name, head, strength in zip(OUTPUTS, fitted, refitted.strength.values(), strict=True)
        if strength is not None
    }
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / folder.name
        made.mkdir()
        replace_heads(base / WEIGHTS, made / WEIGHTS, changed)
        shutil.copyfile(base / TOKENIZER, made / TOKENIZER)
        _write_json(made / CALIBRATION, asdict(calibration))
        config = json.loads((base / CONFIG).read_text(encoding="utf-8"))
        kept = {key: value for key, value in config.items() if key not in ("version", "sha256")}
        write_config(made, {**kept, "name": folder.name})
        _write_json(made / METRICS, metrics)
        write_refit_card(made)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
