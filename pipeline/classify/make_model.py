"""From a recipe to a model folder: train, export, calibrate on `dev`, and write the card with cross-fitted figures."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from pipeline.classify.calibrate import cross_fitted, fit_calibration
from pipeline.classify.card import CARD, COMPARED, METRICS, write_card
from pipeline.classify.encoders import encoder_folder
from pipeline.classify.evaluate import by_category, count_agreements, with_intervals
from pipeline.classify.export_onnx import export_onnx
from pipeline.classify.from_recipe import Data, load_data, train_network
from pipeline.classify.gold import GoldReport
from pipeline.classify.lessons import NONE_FIRST, said_of
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import (
    CALIBRATION,
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    Calibration,
    load_config,
    neutral,
    write_config,
)
from pipeline.classify.network import PassageClassifier, architecture_of
from pipeline.classify.predict import Classifier
from pipeline.classify.recipe import Recipe, load_recipe
from pipeline.classify.scores import Logits, calibrated
from pipeline.extract.agencies import load_tagger
from pipeline.extract.evidence import with_actors
from pipeline.extract.findings import find, is_finding

Labelled = tuple[
    Logits, "np.ndarray[tuple[int, int], np.dtype[np.int64]]", "np.ndarray[tuple[int], np.dtype[np.int64]]"
]


def make_model(recipe_path: Path, corpus: Path, categories: Sequence[str], *, work: Path) -> str:
    """Make the model that a recipe describes in the recipe's own folder; return its version.

    Trains on `corpus`/train.jsonl less what shares its URL with a dev or a held-out report, calibrates on
    `corpus`/dev.jsonl. A finished training in `work` is not repeated.
    """
    recipe, folder = load_recipe(recipe_path), recipe_path.parent
    data = load_data(recipe, folder, corpus)
    network = train_network(recipe, folder, data, categories, work=work)
    write_model(network, recipe, folder, data, categories, work=work)
    return load_config(folder).version


def write_model(
    network: PassageClassifier, recipe: Recipe, folder: Path, data: Data, categories: Sequence[str], *, work: Path
) -> None:
    """Export a trained network, calibrate and measure it on dev, and put the whole into `folder`."""
    made = work / folder.name
    made.mkdir(exist_ok=True)
    export_onnx(network.cpu(), made / WEIGHTS, recipe.weights)
    shutil.copyfile(encoder_folder(recipe.encoder, unpack_to=work) / TOKENIZER, made / TOKENIZER)
    _write_calibration(made, neutral(len(categories)))
    _write_config(made, recipe, categories, network)
    classifier = load_classifier(made, threads=torch.get_num_threads())
    labelled = [_labelled(classifier, report, categories) for report in data.dev]
    about, said = (np.concatenate([row[i] for row in labelled]) for i in (1, 2))
    _write_calibration(made, fit_calibration(_joined(labelled), about, said))
    _write_config(made, recipe, categories, network)
    _write_metrics(made, classifier, data.dev, labelled, data.sha256)
    write_card(made, recipe, compared=folder.parent / COMPARED)
    for name in (WEIGHTS, TOKENIZER, CALIBRATION, METRICS, CARD, CONFIG):
        shutil.copyfile(made / name, folder / name)


def _write_calibration(folder: Path, calibration: Calibration) -> None:
    (folder / CALIBRATION).write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")


def _write_config(folder: Path, recipe: Recipe, categories: Sequence[str], network: PassageClassifier) -> None:
    config = {"name": folder.name, "categories": list(categories), "assertions": list(NONE_FIRST), "size": recipe.size,
              "overlap": recipe.overlap, "marks": list(recipe.marks), "context": recipe.context,
              "architecture": architecture_of(network.encoder)}  # fmt: skip
    write_config(folder, config)


def _labelled(classifier: Classifier, report: GoldReport, categories: Sequence[str]) -> Labelled:
    labels = [report.labels.get((p.start, p.end)) for p in report.passages]
    about = np.array([[int(label is not None and c in label.categories) for c in categories] for label in labels])
    about = about.reshape(-1, len(categories))
    said = np.array([said_of(label) for label in labels])
    return classifier.logits(report.text, report.passages), about, said


def _joined(labelled: Sequence[Labelled]) -> Logits:
    return Logits(
        np.concatenate([row[0].categories for row in labelled]), np.concatenate([row[0].assertions for row in labelled])
    )


def _write_metrics(
    folder: Path,
    classifier: Classifier,
    dev: Sequence[GoldReport],
    labelled: Sequence[Labelled],
    digests: Mapping[str, str],
) -> None:
    """Figures on dev's own sentences; a report's thresholds come from the other reports."""
    calibrations = cross_fitted(
        [row[0] for row in labelled], [row[1] for row in labelled], [row[2] for row in labelled]
    )
    tagger = load_tagger()
    counts = []
    for report, row, calibration in zip(dev, labelled, calibrations, strict=True):
        scores = calibrated(row[0], calibration)
        categories = classifier.config.categories
        findings = find(report.text, report.passages, scores, calibration, categories=categories, wanted=categories)
        counts.append(count_agreements(report, with_actors(report.text, findings, tagger)))
    metrics = {
        "gold_sha256": dict(digests), "dev_reports": len(dev),
        "figures": {k: asdict(v) for k, v in with_intervals(counts).items() if v.value is not None},
        "sure": [_sureness(labelled, precision) for precision in (0.8, 0.9, 0.95)],
        "by_category": {k: asdict(v) for k, v in by_category(counts).items()},
    }  # fmt: skip
    (folder / METRICS).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")


def _sureness(labelled: Sequence[Labelled], wanted: float) -> dict[str, float | None]:
    """What share of the found categories is sure at a precision, and how precise they are, cross-fitted."""
    calibrations = cross_fitted(*([row[i] for row in labelled] for i in range(3)), precision=wanted)  # type: ignore[arg-type]
    found_, sure, right = 0, 0, 0
    for (logits, about, _), calibration in zip(labelled, calibrations, strict=True):
        scores = calibrated(logits, calibration)
        open_ = is_finding(scores, calibration)[:, None]
        is_sure = open_ & (scores.categories >= np.array(calibration.sure))
        found_ += int((open_ & (scores.categories >= np.array(calibration.threshold))).sum())
        sure += int(is_sure.sum())
        right += int(about[is_sure].sum())
    return {"wanted": wanted, "share": sure / max(1, found_), "precision": right / sure if sure else None}
