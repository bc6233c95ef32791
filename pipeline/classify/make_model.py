"""From a recipe to a model folder: train, export, calibrate on `dev`, and write the card with cross-fitted figures."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from pipeline.classify.calibrate import cross_fitted, fit_calibration
from pipeline.classify.card import CARD, COMPARED, METRICS, write_card
from pipeline.classify.encoders import encoder_folder
from pipeline.classify.evaluate import by_category, count_agreements, with_intervals
from pipeline.classify.export_onnx import export_onnx
from pipeline.classify.gold import GoldReport, read_gold, read_made_up
from pipeline.classify.lessons import NONE_FIRST, Lesson, from_gold, held_out, said_of, taught
from pipeline.classify.model_folder import (
    CALIBRATION,
    CONFIG,
    TOKENIZER,
    WEIGHTS,
    Calibration,
    load_config,
    write_config,
)
from pipeline.classify.network import PassageClassifier
from pipeline.classify.predict import Classifier, Logits, calibrated, load_classifier
from pipeline.classify.recipe import Recipe, load_recipe
from pipeline.classify.train import fine_tune
from pipeline.errors import ModelError
from pipeline.extract.agencies import load_tagger
from pipeline.extract.findings import found, is_finding, make_findings
from pipeline.extract.segment import load_segmenter
from pipeline.report import Finding, sha256

Labelled = tuple[
    Logits, "np.ndarray[tuple[int, int], np.dtype[np.int64]]", "np.ndarray[tuple[int], np.dtype[np.int64]]"
]


def make_model(recipe_path: Path, corpus: Path, categories: Sequence[str], *, work: Path) -> str:
    """Make the model that a recipe describes in the recipe's own folder; return its version.

    Trains on `corpus`/train.jsonl less what shares its URL with a dev or a held-out report, calibrates on
    `corpus`/dev.jsonl. A finished training in `work` is not repeated.
    """
    recipe, folder = load_recipe(recipe_path), recipe_path.parent
    dev = list(read_gold(corpus / "dev.jsonl"))
    kept_back = held_out(corpus) | {report.url for report in dev if report.url}
    train = [report for report in read_gold(corpus / "train.jsonl") if not {report.id, report.url} & kept_back]
    gold = [corpus / "train.jsonl", corpus / "dev.jsonl", *([folder / recipe.made_up] if recipe.made_up else [])]
    digests = {path.name: sha256(path.read_bytes()) for path in gold}
    _claim(work, {"recipe": asdict(recipe), "categories": list(categories), "sha256": digests})
    lessons = partial(_lessons, recipe, folder, corpus, categories, train, kept_back)
    made = work / folder.name
    made.mkdir(exist_ok=True)
    export_onnx(_trained(lessons, len(categories), recipe, work), made / WEIGHTS)
    shutil.copyfile(encoder_folder(recipe.encoder, unpack_to=work) / TOKENIZER, made / TOKENIZER)
    _write_calibration(made, neutral(len(categories)))
    _write_config(made, recipe, categories)
    classifier = load_classifier(made, threads=torch.get_num_threads())
    labelled = [_labelled(classifier, report, categories) for report in dev]
    about, said = (np.concatenate([row[i] for row in labelled]) for i in (1, 2))
    _write_calibration(made, fit_calibration(_joined(labelled), about, said))
    _write_config(made, recipe, categories)
    _write_metrics(made, classifier, dev, labelled, digests)
    write_card(made, recipe, compared=folder.parent / COMPARED)
    for name in (WEIGHTS, TOKENIZER, CALIBRATION, METRICS, CARD, CONFIG):
        shutil.copyfile(made / name, folder / name)
    return load_config(folder).version


def _claim(work: Path, made_of: Mapping[str, object]) -> None:
    """Note what the training in `work` is made of; refuse to go on with that of another recipe or other data."""
    work.mkdir(parents=True, exist_ok=True)
    note, wanted = work / "made_of.json", json.dumps(made_of, indent=1)
    if note.is_file() and note.read_text(encoding="utf-8") != wanted:
        raise ModelError(f"{work} holds a training of another recipe or other data: remove it, or name another --work")
    note.write_text(wanted, encoding="utf-8")


def _lessons(
    recipe: Recipe,
    folder: Path,
    corpus: Path,
    categories: Sequence[str],
    train: Sequence[GoldReport],
    kept_back: Set[str],
) -> Iterator[Lesson]:
    yield from (from_gold(report, categories) for report in train)
    if recipe.made_up:
        yield from (from_gold(report, categories) for report in read_made_up(folder / recipe.made_up))
    if recipe.teacher:
        teacher = load_classifier(folder.parent / recipe.teacher, threads=torch.get_num_threads(), precision="bf16")
        known = kept_back | {report.url for report in train if report.url}
        yield from taught(corpus, recipe.taught_reports, teacher, load_segmenter(), leave_out=known, seed=recipe.seed)


def _trained(lessons: Callable[[], Iterable[Lesson]], categories: int, recipe: Recipe, work: Path) -> PassageClassifier:
    weights = work / "trained.pt"
    network = PassageClassifier(
        str(encoder_folder(recipe.encoder, unpack_to=work)), categories=categories, assertions=len(NONE_FIRST)
    )
    if not weights.is_file():
        torch.save(fine_tune(lessons, recipe, work=work).state_dict(), weights)
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
              "overlap": recipe.overlap, "marks": list(recipe.marks), "context": recipe.context}  # fmt: skip
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
        rows = found(scores, classifier.config, calibration, wanted=classifier.config.categories)
        actors = tagger.actors(report.text, [(report.passages[i].start, report.passages[i].end) for i, _, _ in rows])
        findings: tuple[Finding, ...] = make_findings(report.text, report.passages, (), scores, actors, rows)
        counts.append(count_agreements(report, findings))
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
