"""From a recipe to a model folder: train, export, calibrate on `dev`, and write the card with cross-fitted figures."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from pipeline.classify.calibrate import cross_fitted
from pipeline.classify.card import CARD, COMPARED, METRICS, write_card
from pipeline.classify.encoders import encoder_folder
from pipeline.classify.evaluate import by_category, count_agreements, with_intervals
from pipeline.classify.export_onnx import export_onnx
from pipeline.classify.from_recipe import Data, load_data, train_network
from pipeline.classify.gold import GoldReport
from pipeline.classify.labelled import Labelled, fitted, read_labelled
from pipeline.classify.lessons import NONE_FIRST
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
from pipeline.classify.scores import calibrated
from pipeline.extract.agencies import load_tagger
from pipeline.extract.evidence import with_actors
from pipeline.extract.findings import find, is_finding


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
    quantised = _quantised(made, data, categories) if recipe.weights == "quantised" else None
    _write_config(made, recipe, categories, network)
    classifier = load_classifier(made, threads=torch.get_num_threads())
    labelled = [read_labelled(classifier, report, categories) for report in data.dev]
    _write_calibration(made, fitted(labelled))
    _write_config(made, recipe, categories, network)
    _write_metrics(made, classifier, data.dev, labelled, data.sha256, quantised)
    write_card(made, recipe, compared=folder.parent / COMPARED)
    for name in (WEIGHTS, TOKENIZER, CALIBRATION, METRICS, CARD, CONFIG):
        shutil.copyfile(made / name, folder / name)


def _quantised(folder: Path, data: Data, categories: Sequence[str]) -> dict[str, float]:
    from pipeline.classify.quantise_checked import quantise_checked  # noqa: PLC0415  (nncf: only for a quantised model)

    return quantise_checked(folder, data, categories)


def _write_calibration(folder: Path, calibration: Calibration) -> None:
    (folder / CALIBRATION).write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")


def _write_config(folder: Path, recipe: Recipe, categories: Sequence[str], network: PassageClassifier) -> None:
    config = {"name": folder.name, "categories": list(categories), "assertions": list(NONE_FIRST), "size": recipe.read_size,
              "overlap": recipe.overlap, "marks": list(recipe.marks), "context": recipe.context,
              "architecture": architecture_of(network.encoder)}  # fmt: skip
    write_config(folder, config)


def _write_metrics(
    folder: Path,
    classifier: Classifier,
    dev: Sequence[GoldReport],
    labelled: Sequence[Labelled],
    digests: Mapping[str, str],
    quantised: Mapping[str, float] | None,
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
    if quantised:
        metrics["quantised"] = dict(quantised)
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
