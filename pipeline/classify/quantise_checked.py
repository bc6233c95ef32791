"""Quantise a model, and refuse what this changes too much."""

from collections.abc import Sequence
from pathlib import Path

import torch

from pipeline.classify.evaluate import count_agreements, with_intervals
from pipeline.classify.from_recipe import Data
from pipeline.classify.gold import GoldReport
from pipeline.classify.labelled import Labelled, fitted, read_labelled
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import WEIGHTS, Calibration, rehash
from pipeline.classify.quantise import quantise
from pipeline.classify.scores import calibrated
from pipeline.errors import ModelError
from pipeline.extract.findings import find
from pipeline.report import Finding

MOST_CHANGED = 0.005
CALIBRATED_ON = 60


def quantise_checked(folder: Path, data: Data, categories: Sequence[str]) -> dict[str, float]:
    """Quantise the model in `folder`, with ranges from made-up reports; return what this changes on dev.

    Both models decide with the thresholds that fit the one before. Raise ModelError where the category micro-F1 of their
    findings differs by MOST_CHANGED or more.
    """
    whole = load_classifier(folder, threads=torch.get_num_threads())
    before = [read_labelled(whole, report, categories) for report in data.dev]
    lessons = (data.made_up or data.train)[:CALIBRATED_ON]
    quantise(folder / WEIGHTS, (inputs for each in lessons for inputs in whole.inputs(each.text, each.passages)))
    rehash(folder)
    small = load_classifier(folder, threads=torch.get_num_threads())
    after = [read_labelled(small, report, categories) for report in data.dev]
    return _changed(data.dev, before, after, categories)


def _changed(
    dev: Sequence[GoldReport], before: Sequence[Labelled], after: Sequence[Labelled], categories: Sequence[str]
) -> dict[str, float]:
    calibration = fitted(before)
    found = [
        [_found(*pair, calibration, categories) for pair in zip(dev, rows, strict=True)] for rows in (before, after)
    ]
    f1, small_f1 = (
        with_intervals([count_agreements(*pair) for pair in zip(dev, each, strict=True)])["category_micro_f1"].value
        or 0.0
        for each in found
    )
    if abs(f1 - small_f1) >= MOST_CHANGED:
        raise ModelError(
            f"8-bit integers change the category micro-F1 on dev from {f1:.4f} to {small_f1:.4f}: too much"
        )
    decided = [[_decisions(*pair) for pair in zip(dev, each, strict=True)] for each in found]
    alike = [a == b for pair in zip(*decided, strict=True) for a, b in zip(*pair, strict=True)]
    return {"f1_before": f1, "f1": small_f1, "decided_alike": sum(alike) / len(alike)}


def _found(
    report: GoldReport, labelled: Labelled, calibration: Calibration, categories: Sequence[str]
) -> tuple[Finding, ...]:
    scores = calibrated(labelled[0], calibration)
    return find(report.text, report.passages, scores, calibration, categories=categories, wanted=categories)


def _decisions(report: GoldReport, found: Sequence[Finding]) -> list[tuple[str, frozenset[str]] | None]:
    """What is said of each passage of a report."""
    said = {(f.start, f.end): (f.assertion, frozenset(c.id for c in f.categories)) for f in found}
    return [said.get((p.start, p.end)) for p in report.passages]
