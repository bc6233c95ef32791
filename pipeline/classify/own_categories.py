"""Add categories of a user's own to a shipped model, from few labelled sentences; nothing of what the model knows changes."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.background import taken_apart, taxonomy_sentences
from pipeline.classify.extend_onnx import extend_onnx
from pipeline.classify.few_shot import Examples, Head, Trust, learn, measure, refusal
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import (
    CALIBRATION,
    TOKENIZER,
    WEIGHTS,
    Calibration,
    ModelConfig,
    load_calibration,
    load_config,
    write_config,
)
from pipeline.classify.own_card import write_own_card
from pipeline.classify.own_recipe import OwnRecipe
from pipeline.classify.predict import Classifier
from pipeline.classify.scores import calibrated
from pipeline.classify.sentences import LabelledText, read_sentences
from pipeline.errors import ModelError
from pipeline.report import sha256
from pipeline.taxonomy import Taxonomy, load_taxonomy

NEVER_SURE = 1.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """All passages that teach, each sentence once; `categories` and `probabilities` of the known ones run parallel to the rows."""

    examples: Examples
    categories: tuple[frozenset[str], ...]
    probabilities: NDArray[np.float32]
    repeated: int

    def labels(self, category: str) -> NDArray[np.int64]:
        """1 where a passage is about `category`, else 0."""
        return np.array([int(category in each) for each in self.categories])


@dataclass(frozen=True, slots=True)
class _Row:
    report: str
    about: frozenset[str]
    pooled: NDArray[np.float32]
    known: NDArray[np.float32]
    none: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the categories of a taxonomy: `learnt` have a new row, `kept` the shipped one, `untrained` none and why.

    A kept category has figures where the user's sentences have enough examples of it.
    """

    learnt: dict[str, Trust]
    kept: dict[str, Trust | None]
    untrained: dict[str, str]


def make_own_model(recipe: OwnRecipe) -> tuple[str, Outcome]:
    """Make the model folder that a recipe asks for; return its version and what became of the categories.

    One thread reads the sentences, as in `failings run`: the same files make the same model on any number of processors.
    """
    classifier = load_classifier(recipe.base)
    taxonomy = load_taxonomy(recipe.taxonomy)
    names = {c: c for c in (*taxonomy.ids, *classifier.config.categories)}
    names = {c.name: c.id for c in taxonomy.categories} | names
    own = [text for path in recipe.sentences for text in read_sentences(path, names)]
    embedded = _embedded(classifier, *_with_background(own, taxonomy, recipe))
    heads, outcome = _learn(embedded, taxonomy, classifier, seed=recipe.seed)
    if not heads:
        raise ModelError(f"{recipe.path}: nothing to learn: {_reasons(outcome)}")
    return _write(recipe, classifier.config, heads, outcome, embedded), outcome


def _reasons(outcome: Outcome) -> str:
    reasons = [f"{category}: {why}" for category, why in outcome.untrained.items()]
    reasons += [f"{category}: the shipped head stays" for category in outcome.kept]
    return "; ".join(reasons)


def _with_background(
    own: Sequence[LabelledText], taxonomy: Taxonomy, recipe: OwnRecipe
) -> tuple[list[LabelledText], list[LabelledText]]:
    """The user's texts and the background, in the same context as the user's own: else the head would learn the context."""
    alone = any(len(text.passages) == 1 for text in own)
    in_context = any(len(text.passages) > 1 for text in own)
    reports = _unlabelled(recipe) if recipe.reports else []
    texts = [*own, *(taxonomy_sentences(taxonomy, recipe.taxonomy.name) if alone else [])]
    background = [*(reports if in_context else []), *(taken_apart(reports) if alone else [])]
    background += taxonomy_sentences(load_taxonomy(), "taxonomy.toml of failings") if alone else []
    return texts, background


def _unlabelled(recipe: OwnRecipe) -> list[LabelledText]:
    from pipeline.classify.unlabelled import unlabelled_reports  # noqa: PLC0415  (it takes spaCy along)

    return unlabelled_reports(recipe.reports, seed=recipe.seed)


def _embedded(classifier: Classifier, own: Sequence[LabelledText], background: Sequence[LabelledText]) -> Embedded:
    """Embed each text in its own context. Of a sentence that comes twice the first stays, with the user's labels of all."""
    rows: dict[str, _Row] = {}
    for key, row in _rows(classifier, own):
        rows[key] = replace(rows[key], about=rows[key].about | row.about) if key in rows else row
    count = len(rows)
    for key, row in _rows(classifier, background):
        rows.setdefault(key, row)
    kept = list(rows.values())
    examples = Examples(
        pooled=np.stack([row.pooled for row in kept]).astype(np.float64),
        groups=np.unique([row.report for row in kept], return_inverse=True)[1],
        is_finding=np.array([row.none for row in kept]) <= 1 - classifier.calibration.finding_threshold,
        own=np.arange(len(kept)) < count,
    )
    return Embedded(
        examples=examples,
        categories=tuple(row.about for row in kept),
        probabilities=np.stack([row.known for row in kept]),
        repeated=sum(len(text.passages) for text in own) - count,
    )


def _rows(classifier: Classifier, texts: Sequence[LabelledText]) -> Iterator[tuple[str, _Row]]:
    """Passages with a key that is the same for sentences of the same words."""
    for text in texts:
        logits, pooled = classifier.embedded(text.text, text.passages)
        scores = calibrated(logits, classifier.calibration)
        for row, (passage, about) in enumerate(zip(text.passages, text.categories, strict=True)):
            key = " ".join(re.findall(r"\w+", text.text[passage.start : passage.end].casefold()))
            yield (
                key,
                _Row(text.report or key, about, pooled[row], scores.categories[row], float(scores.assertions[row, 0])),
            )


def _learn(
    embedded: Embedded, taxonomy: Taxonomy, classifier: Classifier, *, seed: int
) -> tuple[dict[str, Head], Outcome]:
    """A category that the model knows gets a new row only where the whole interval of its F1 lies above the shipped row's."""
    heads: dict[str, Head] = {}
    outcome = Outcome({}, {}, {})
    for category in taxonomy.ids:
        known, labels = category in classifier.config.categories, embedded.labels(category)
        reason = refusal(labels, embedded.examples)
        if reason:
            if known:
                outcome.kept[category] = None
            else:
                outcome.untrained[category] = reason
            continue
        head, trust = learn(labels, embedded.examples, seed=seed)
        shipped = _shipped_trust(embedded, category, classifier, seed=seed) if known else None
        if shipped and (trust.f1.low or 0.0) <= (shipped.f1.value or 0.0):
            outcome.kept[category] = shipped
        else:
            heads[category], outcome.learnt[category] = head, trust
    return heads, outcome


def _shipped_trust(embedded: Embedded, category: str, classifier: Classifier, *, seed: int) -> Trust:
    at = classifier.config.categories.index(category)
    probabilities = embedded.probabilities[:, at]
    hits = (probabilities >= classifier.calibration.threshold[at]) & embedded.examples.is_finding
    return measure(embedded.labels(category), probabilities, hits, embedded.examples, seed=seed)


def _write(
    recipe: OwnRecipe, base: ModelConfig, heads: Mapping[str, Head], outcome: Outcome, embedded: Embedded
) -> str:
    """Write the folder beside itself first, so that a failure leaves the model that was there."""
    categories = (*base.categories, *(c for c in heads if c not in base.categories))
    at = {category: len(base.categories) + number for number, category in enumerate(heads)}
    order = [at.get(category, number) for number, category in enumerate(categories)]
    with tempfile.TemporaryDirectory(dir=recipe.path.parent) as scratch:
        folder = Path(scratch) / recipe.folder.name
        folder.mkdir()
        extend_onnx(
            recipe.base / WEIGHTS,
            folder / WEIGHTS,
            weight=np.stack([head.weight for head in heads.values()], axis=1),
            bias=np.array([head.bias for head in heads.values()]),
            order=order,
        )
        shutil.copyfile(recipe.base / TOKENIZER, folder / TOKENIZER)
        calibration = asdict(_extended(load_calibration(recipe.base), heads, order))
        _write_json(folder / CALIBRATION, calibration)
        config = json.loads((recipe.base / "config.json").read_text(encoding="utf-8"))
        kept = {key: value for key, value in config.items() if key not in ("version", "sha256")}
        write_config(folder, {**kept, "name": folder.name, "categories": list(categories)})
        _write_json(folder / "metrics.json", _metrics(recipe, base, outcome, embedded))
        write_own_card(folder)
        if recipe.folder.exists():
            shutil.rmtree(recipe.folder)
        folder.rename(recipe.folder)
    return load_config(recipe.folder).version


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _extended(calibration: Calibration, heads: Mapping[str, Head], order: Sequence[int]) -> Calibration:
    """A learnt category is never sure: its findings ask for review until a better founded category says the same."""

    def column(shipped: tuple[float, ...], learnt: Sequence[float]) -> tuple[float, ...]:
        values = (*shipped, *learnt)
        return tuple(values[at] for at in order)

    return replace(
        calibration,
        slope=column(calibration.slope, [head.slope for head in heads.values()]),
        intercept=column(calibration.intercept, [head.intercept for head in heads.values()]),
        threshold=column(calibration.threshold, [head.threshold for head in heads.values()]),
        sure=column(calibration.sure, [NEVER_SURE] * len(heads)),
    )


def _metrics(recipe: OwnRecipe, base: ModelConfig, outcome: Outcome, embedded: Embedded) -> dict[str, object]:
    own = embedded.examples.own
    return {
        "base": base.version,
        "sentences_sha256": {path.name: sha256(path.read_bytes()) for path in recipe.sentences},
        "sentences": int(own.sum()), "repeated_sentences": embedded.repeated,
        "background_passages": int((~own).sum()), "background_from_reports": bool(recipe.reports), "seed": recipe.seed,
        "learnt": {c: asdict(t) | {"level": t.level, "trust": t.words} for c, t in outcome.learnt.items()},
        "kept": {c: asdict(t) if t else None for c, t in outcome.kept.items()},
        "untrained": dict(outcome.untrained),
    }  # fmt: skip
