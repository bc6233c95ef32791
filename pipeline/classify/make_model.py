"""From a recipe to a model folder: train, export, calibrate on `dev`, and write the card with cross-fitted figures."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from pipeline.classify.calibrate import cross_fitted, fit_calibration
from pipeline.classify.card import write_card
from pipeline.classify.encoders import encoder_folder
from pipeline.classify.evaluate import by_category, count_agreements, with_intervals
from pipeline.classify.export_onnx import export_onnx
from pipeline.classify.gold import GoldReport, read_gold
from pipeline.classify.model_folder import CALIBRATION, TOKENIZER, WEIGHTS, Calibration, load_config, write_config
from pipeline.classify.network import PassageClassifier
from pipeline.classify.predict import Classifier, Logits, calibrated, load_classifier
from pipeline.classify.recipe import Recipe, load_recipe
from pipeline.classify.train import NONE_FIRST, fine_tune
from pipeline.extract.agencies import load_tagger
from pipeline.extract.findings import found, make_findings
from pipeline.report import Finding, sha256

Labelled = tuple[
    Logits, "np.ndarray[tuple[int, int], np.dtype[np.int64]]", "np.ndarray[tuple[int], np.dtype[np.int64]]"
]


def make_model(recipe_path: Path, corpus: Path, categories: Sequence[str], *, work: Path) -> str:
    """Make the model that a recipe describes in the recipe's own folder; return its version.

    Trains on `corpus`/train.jsonl, calibrates on `corpus`/dev.jsonl. A finished training in `work` is not repeated.
    """
    recipe, folder = load_recipe(recipe_path), recipe_path.parent
    train, dev = (list(read_gold(corpus / f"{name}.jsonl")) for name in ("train", "dev"))
    export_onnx(_trained(train, categories, recipe, work), folder / WEIGHTS)
    shutil.copyfile(encoder_folder(recipe.encoder) / TOKENIZER, folder / TOKENIZER)
    _write_calibration(folder, neutral(len(categories)))
    _write_config(folder, recipe, categories)
    classifier = load_classifier(folder, threads=torch.get_num_threads())
    labelled = [_labelled(classifier, report, categories) for report in dev]
    about, said = (np.concatenate([row[i] for row in labelled]) for i in (1, 2))
    _write_calibration(folder, fit_calibration(_joined(labelled), about, said))
    _write_config(folder, recipe, categories)
    _write_metrics(folder, classifier, dev, labelled, corpus)
    write_card(folder, recipe)
    return load_config(folder).version


def _trained(reports: Sequence[GoldReport], categories: Sequence[str], recipe: Recipe, work: Path) -> PassageClassifier:
    weights = work / "trained.pt"
    network = PassageClassifier(
        str(encoder_folder(recipe.encoder)), categories=len(categories), assertions=len(NONE_FIRST)
    )
    if not weights.is_file():
        torch.save(fine_tune(reports, categories, recipe, work=work).state_dict(), weights)
    network.load_state_dict(torch.load(weights, weights_only=True))
    return network.eval()


def neutral(categories: int) -> Calibration:
    """A calibration that changes nothing."""
    same = (1.0,) * categories
    return Calibration(same, (0.0,) * categories, (0.5,) * categories, (0.9,) * categories, 1.0, 0.0)


def _write_calibration(folder: Path, calibration: Calibration) -> None:
    (folder / CALIBRATION).write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")


def _write_config(folder: Path, recipe: Recipe, categories: Sequence[str]) -> None:
    config = {"name": folder.name, "categories": list(categories), "assertions": list(NONE_FIRST), "size": recipe.size,
              "overlap": recipe.overlap, "marks": list(recipe.marks)}  # fmt: skip
    write_config(folder, config)


def _labelled(classifier: Classifier, report: GoldReport, categories: Sequence[str]) -> Labelled:
    labels = [report.labels.get((p.start, p.end)) for p in report.passages]
    about = np.array([[int(label is not None and c in label.categories) for c in categories] for label in labels])
    said = np.array([NONE_FIRST.index(label.assertion) if label else 0 for label in labels])
    return classifier.logits(report.text, report.passages), about, said


def _joined(labelled: Sequence[Labelled]) -> Logits:
    return Logits(
        np.concatenate([row[0].categories for row in labelled]), np.concatenate([row[0].assertions for row in labelled])
    )


def _write_metrics(
    folder: Path, classifier: Classifier, dev: Sequence[GoldReport], labelled: Sequence[Labelled], corpus: Path
) -> None:
    """Figures on dev's own sentences; a report's thresholds come from the other reports."""
    calibrations = cross_fitted(
        [row[0] for row in labelled], [row[1] for row in labelled], [row[2] for row in labelled]
    )
    tagger = load_tagger()
    counts = []
    for report, row, calibration in zip(dev, labelled, calibrations, strict=True):
        scores = calibrated(row[0], calibration)
        rows = found(scores, classifier.config, calibration, wanted=classifier.config.categories)
        actors = tagger.actors(report.text, [(report.passages[i].start, report.passages[i].end) for i, _, _ in rows])
        findings: tuple[Finding, ...] = make_findings(report.text, report.passages, (), scores, actors, rows)
        counts.append(count_agreements(report, findings))
    digests = {f"{name}.jsonl": sha256((corpus / f"{name}.jsonl").read_bytes()) for name in ("train", "dev")}
    metrics = {
        "gold_sha256": digests, "dev_reports": len(dev),
        "figures": {k: asdict(v) for k, v in with_intervals(counts).items() if v.value is not None},
        "by_category": {k: asdict(v) for k, v in by_category(counts).items()},
    }  # fmt: skip
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
