"""Labelled reports as a model reads them: logits beside what is right."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.classify.calibrate import fit_calibration
from pipeline.classify.gold import GoldReport
from pipeline.classify.lessons import said_of
from pipeline.classify.model_folder import Calibration
from pipeline.classify.predict import Classifier
from pipeline.classify.scores import Logits

Labelled = tuple[Logits, NDArray[np.int64], NDArray[np.int64]]


def read_labelled(classifier: Classifier, report: GoldReport, categories: Sequence[str]) -> Labelled:
    """Logits of a report's passages, which of `categories` each has (passages, categories), and its assertion's place in NONE_FIRST."""
    labels = [report.labels.get((p.start, p.end)) for p in report.passages]
    about = np.array([[int(label is not None and c in label.categories) for c in categories] for label in labels])
    about = about.reshape(-1, len(categories))
    said = np.array([said_of(label) for label in labels])
    return classifier.logits(report.text, report.passages), about, said


def fitted(labelled: Sequence[Labelled]) -> Calibration:
    """The calibration that fits all of them."""
    logits = Logits(
        *(np.concatenate([getattr(row[0], name) for row in labelled]) for name in ("categories", "assertions"))
    )
    about, said = (np.concatenate([row[i] for row in labelled]) for i in (1, 2))
    return fit_calibration(logits, about, said)
