"""Fit the weights by which some of the people and bodies that a finding names become its actors.

usage: python scripts/train_actors.py [CORPUS_DIR]     (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus)

Learns from train.jsonl and writes pipeline/extract/attribution.json. The threshold is the best one over train.jsonl, each
fifth of it judged by weights from the rest, and dev.jsonl. Deterministic. `evaluate_actors.py` measures the outcome.
A feature counts when it occurs in FEWEST reports, so that no words of a single report get into the weights.
"""

import json
from collections import Counter

import numpy as np
from evaluate_actors import Agreement, Row, agreement, is_gold, named_corpus, read_rows
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from pipeline.extract.actor_features import Vocabulary
from pipeline.extract.agencies import AgencyTagger
from pipeline.extract.attribution import WEIGHTS_PATH, Selector, load_classes
from pipeline.extract.generics import load_generics
from pipeline.extract.lexicon import load_lexicon
from pipeline.extract.mentions import MentionFinder

FEWEST, SMALLEST, STRENGTH, FOLDS = 6, 0.01, 0.03, 5
THRESHOLDS = [round(float(t), 2) for t in np.arange(0.2, 0.6, 0.01)]


def fit(rows: list[Row]) -> Selector:
    """Logistic regression over the features of all candidates; small weights are dropped."""
    seen = Counter(
        name for _, name in {(row.report, name) for row in rows for c in row.candidates for name in c.features}
    )
    common = {name for name, reports in seen.items() if reports >= FEWEST}
    vectorizer = DictVectorizer()
    features = vectorizer.fit_transform([dict.fromkeys(c.features & common, 1) for r in rows for c in r.candidates])
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit(features, [is_gold(c, row.gold) for row in rows for c in row.candidates])
    named = zip(vectorizer.get_feature_names_out(), model.coef_[0], strict=True)
    weights = {str(name): round(float(weight), 3) for name, weight in named if abs(weight) >= SMALLEST}
    return Selector(round(float(model.intercept_[0]), 3), 0.5, weights)


def probabilities(selector: Selector, rows: list[Row]) -> list[list[float]]:
    """Of each row's candidates."""
    return [[selector.probability(c.features) for c in row.candidates] for row in rows]


def judge(rows: list[Row], scores: list[list[float]], threshold: float) -> Agreement:
    """How a choice by `threshold` agrees with gold."""
    picked = zip(rows, scores, strict=True)
    return agreement(rows, [[c for c, p in zip(r.candidates, s, strict=True) if p >= threshold] for r, s in picked])


def main() -> None:
    """Choose the threshold, fit on all of train, write the weights."""
    finder = MentionFinder(load_lexicon())
    vocabulary = Vocabulary(finder.familiar, load_classes())
    tagger = AgencyTagger(finder, Selector(0.0, 0.5, {}), vocabulary, load_generics())
    rows = read_rows(named_corpus() / "train.jsonl", tagger)
    dev = read_rows(named_corpus() / "dev.jsonl", tagger)
    judged: list[Row] = []
    scores: list[list[float]] = []
    for train, test in GroupKFold(FOLDS).split(rows, groups=[row.report for row in rows]):
        held = [rows[i] for i in test]
        judged += held
        scores += probabilities(fit([rows[i] for i in train]), held)
    selector = fit(rows)
    both, of_both = judged + dev, scores + probabilities(selector, dev)
    threshold = max(THRESHOLDS, key=lambda t: judge(both, of_both, t).f1)
    data = {"bias": selector.bias, "threshold": threshold, "weights": dict(sorted(selector.weights.items()))}
    WEIGHTS_PATH.write_text(json.dumps(data, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    print(
        f"{len(selector.weights)} weights, threshold {threshold}; by cross-validation {judge(judged, scores, threshold)}"
    )


if __name__ == "__main__":
    main()
