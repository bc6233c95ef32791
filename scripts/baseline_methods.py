"""What a fine-tuned encoder has to beat: keywords, word counts and frozen embeddings, each from sentences to logits."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.lessons import NONE_FIRST
from pipeline.classify.scores import Logits

KEYWORDS = Path(__file__).with_name("baseline_keywords.toml")
ENCODER = "all-MiniLM-L6-v2"
LONGEST = 128
BATCH = 64
NEVER = -10.0
STEP = 4.0
Features = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Sentences with their labels: `about` (sentences, categories) of 0/1, `said` (sentences,) as indices of NONE_FIRST."""

    texts: tuple[str, ...]
    about: NDArray[np.int64]
    said: NDArray[np.int64]


def keyword_logits(texts: Sequence[str], categories: Sequence[str], path: Path = KEYWORDS) -> Logits:
    """Matches of each category's list, and the assertion whose cues match first; a sentence without cue or keyword is none.

    One match is an even chance, logit 0, and each one more or less is STEP: calibration starts from logits that mean something.
    """
    lists = tomllib.loads(path.read_text(encoding="utf-8"))
    about = np.array([[_matches(lists["categories"].get(c, ()), text) for c in categories] for text in texts])
    said = np.zeros((len(texts), len(NONE_FIRST)), np.float32)
    for row, text in enumerate(texts):
        said[row, NONE_FIRST.index(_cued(lists["assertions"], text) if about[row].any() else "none")] = 3
    return Logits((STEP * (about - 1)).astype(np.float32), said)


def _matches(patterns: Sequence[str], text: str) -> int:
    return sum(_compiled(pattern).search(text) is not None for pattern in patterns)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


def _cued(cues: dict[str, list[str]], text: str) -> str:
    return next((assertion for assertion, patterns in cues.items() if _matches(patterns, text)), "none")


def tfidf(train: Sequence[str]) -> Features:
    """Words and pairs of words, with weights learnt on `train`."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=min(2, len(train)), dtype=np.float32)
    vectorizer.fit(train)
    return vectorizer.transform


def frozen_embeddings() -> Features:
    """Mean-pooled token vectors of the base encoder as it comes, of length 1, (sentences, 384)."""
    import torch  # noqa: PLC0415
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415

    from pipeline.classify.encoders import encoder_folder  # noqa: PLC0415

    folder = encoder_folder(ENCODER, unpack_to=Path("runs"))
    tokenizer, encoder = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        vectors = np.zeros((len(texts), encoder.config.hidden_size), np.float32)
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            tokens = tokenizer([texts[i] for i in batch], padding=True, truncation=True, max_length=LONGEST,
                               return_tensors="pt")  # fmt: skip
            with torch.inference_mode():
                states = encoder(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1)
            pooled = (states * mask).sum(1) / mask.sum(1)
            vectors[batch] = torch.nn.functional.normalize(pooled, dim=1).numpy()
        return vectors

    return embed


def logistic_regression(features: Features, train: Labelled, *, strength: float) -> Callable[[Sequence[str]], Logits]:
    """A logistic regression a category and one over the assertions; `strength` is sklearn's C."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    def fitted(labels: NDArray[np.int64]) -> Any:
        return LogisticRegression(C=strength, max_iter=1000).fit(known, labels) if np.ptp(labels) else None

    known = features(train.texts)
    models = [fitted(train.about[:, c]) for c in range(train.about.shape[1])]
    assertion = fitted(train.said)

    def logits(texts: Sequence[str]) -> Logits:
        rows = features(texts)
        about = np.full((len(texts), len(models)), NEVER, np.float32)
        said = np.full((len(texts), len(NONE_FIRST)), NEVER, np.float32)
        for column, model in enumerate(models):
            if model is not None:
                about[:, column] = model.decision_function(rows)
        said[:, assertion.classes_] = assertion.predict_log_proba(rows)
        return Logits(about, said)

    return logits
