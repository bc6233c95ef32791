"""Criteria by which a simulated campaign may choose what is read first: what a report is worth, and how its length counts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from campaign_start import Read
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from pipeline.annotate.selection import LENGTH_POWER, RANDOM_SHARE, entropy

Array = NDArray[np.floating[Any]]
Worth = Callable[[Read, Array], Array]
CLUSTERS = 150


@dataclass(frozen=True, slots=True)
class Criterion:
    """`worth` gives (reports, facets) from the probabilities of the categories; more of a facet is worth less, as `choose` has it."""

    worth: Worth
    length_power: float
    random_share: float = RANDOM_SHARE


def by_report(pool: Read, values: Array) -> Array:
    """Values of passages, summed by report."""
    total: Array = np.add.reduceat(values, pool.starts[:-1], axis=0)
    return total


def unsure(pool: Read, probabilities: Array) -> Array:
    """Entropy of each category: what the product uses."""
    return by_report(pool, entropy(probabilities))


def unsure_of_rare(pool: Read, probabilities: Array) -> Array:
    """Entropy, weighing more where few positives are to be expected."""
    return unsure(pool, probabilities) / probabilities.sum(axis=0)


def positives(pool: Read, probabilities: Array) -> Array:
    """The number of positives to be expected in each category."""
    return by_report(pool, probabilities.astype(np.float64))


def spread(pool: Read, probabilities: Array) -> Array:
    """Entropy over all categories by the cluster of embeddings that a passage lies in."""
    cluster = _clusters(pool)
    facets = np.zeros((len(pool.taught.pooled), CLUSTERS))
    facets[np.arange(len(cluster)), cluster] = entropy(probabilities).sum(axis=1)
    return by_report(pool, facets)


def _clusters(pool: Read) -> NDArray[np.int32]:
    if id(pool) not in _KNOWN:
        _KNOWN[id(pool)] = KMeans(CLUSTERS, n_init=1, random_state=0, max_iter=20).fit_predict(pool.taught.pooled)
    return _KNOWN[id(pool)]


_KNOWN: dict[int, NDArray[np.int32]] = {}

CRITERIA = {
    "random": Criterion(lambda pool, _: np.ones((len(pool.reports), 1)), 0.0, random_share=1.0),
    "longest": Criterion(lambda pool, _: pool.words[:, np.newaxis].astype(np.float64), 0.0),
    "entropy, any length": Criterion(unsure, 0.0),
    "entropy by root of length": Criterion(unsure, 0.5),
    "entropy by length": Criterion(unsure, LENGTH_POWER),
    "entropy by length, none by lot": Criterion(unsure, LENGTH_POWER, random_share=0.0),
    "entropy of rare, by length": Criterion(unsure_of_rare, 1.0),
    "expected positives by length": Criterion(positives, 1.0),
    "entropy by cluster and length": Criterion(spread, 1.0),
}
