"""Figures from counts that add up over reports, with 95% bootstrap intervals over reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.annotate.agreement_counts import Counts, Key
from pipeline.classify.evaluate import Figure

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts summed over all reports (row 0) and over each bootstrap sample of them (the other rows), a column a key."""

    columns: Mapping[Key, int]
    sums: Values

    def of(self, *key: str) -> Values:
        """The sums of all keys that begin with `key`, a value a row."""
        wanted = [column for known, column in self.columns.items() if known[: len(key)] == key]
        total: Values = self.sums[:, wanted].sum(axis=1)
        return total

    def about(self, *key: str) -> tuple[str, ...]:
        """What the keys that begin with `key` go on with, sorted."""
        return tuple(sorted({known[len(key)] for known in self.columns if known[: len(key)] == key}))


def totals(counts: Sequence[Counts], *, samples: int, seed: int) -> Totals:
    """Sum the counts of reports as they are, and in `samples` draws of as many reports; a single report is not drawn from."""
    keys = sorted({key for count in counts for key in count})
    table = np.array([[count.get(key, 0.0) for key in keys] for count in counts]).reshape(len(counts), len(keys))
    times = np.ones((1, len(counts)))
    if len(counts) > 1:
        even = np.full(len(counts), 1 / len(counts))
        times = np.vstack([times, np.random.default_rng(seed).multinomial(len(counts), even, size=samples)])
    return Totals({key: column for column, key in enumerate(keys)}, times @ table)


def ratio(part: Values, whole: Values) -> Values:
    """Part of whole, NaN where there is nothing."""
    shares: Values = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def f1(total: Totals, measure: str, *about: str) -> Values:
    """F1 between annotators, NaN where neither marked anything."""
    both, one = total.of(measure, "both", *about), total.of(measure, "one", *about)
    return ratio(2 * both, 2 * both + one)


def nominal_alpha(differ: Values, values: Sequence[Values]) -> Values:
    """Krippendorff's alpha from how often each value was given and the coincidences that differ; NaN where only one value occurs."""
    by_value = np.stack(values)
    n = by_value.sum(axis=0)
    return 1 - ratio((n - 1) * differ, n**2 - (by_value**2).sum(axis=0))


def figure(values: Values) -> Figure:
    """The value over all reports and the interval that holds 95% of those over samples; samples without a value are left out."""
    drawn = np.sort(values[1:][~np.isnan(values[1:])])
    if np.isnan(values[0]):
        return Figure(None, None, None)
    if not len(drawn):
        return Figure(float(values[0]), None, None)
    return Figure(float(values[0]), float(drawn[int(0.025 * len(drawn))]), float(drawn[int(0.975 * len(drawn)) - 1]))
