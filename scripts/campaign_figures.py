"""Tables and the plot of simulated campaigns: how far each criterion gets, and how little of random's reading that takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.classify.plots import BLUE, GREY, PALE, STYLE, write_figure

Array = NDArray[np.floating[Any]]
Campaigns = Sequence[Mapping[str, NDArray[Any]]]
STICKS = {"compared": "150 reports of train kept back", "dev": "dev", "both": "both together"}
COSTS = ("reports", "sentences")
LEVELS = (75, 100, 150, 200, 300)
OVER_ALL = 50
SHARES = np.arange(0.3, 2.0, 0.01)
SAMPLES = 300
SHOWN = {"random": GREY, "entropy by length": BLUE}


def micro(outcomes: NDArray[Any]) -> Array:
    """Micro-F1 from (..., reports, categories, 3)."""
    return _f1(outcomes.sum(axis=(-3, -2)))


def macro(outcomes: NDArray[Any]) -> Array:
    """Macro-F1 over the categories that gold has at all, from (..., reports, categories, 3)."""
    total = outcomes.sum(axis=-3)
    there = (total[..., 0] + total[..., 2]).reshape(-1, total.shape[-2])[0] > 0
    return _f1(total[..., there, :]).mean(axis=-1)


def _f1(counts: NDArray[Any]) -> Array:
    share: Array = 2 * counts[..., 0] / np.maximum(1, 2 * counts[..., 0] + counts[..., 1] + counts[..., 2])
    return share


def rising(values: Array) -> Array:
    """The values made to rise throughout, as near to them as can be (isotonic regression)."""
    count = len(values)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    first, last = np.ogrid[:count, :count]
    means = np.where(first <= last, (sums[last + 1] - sums[first]) / np.maximum(1, last - first + 1), np.inf)
    lowest = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
    return np.array([lowest[: at + 1, at].max() for at in range(count)])


def needed(cost: Array, quality: Array, level: float) -> float:
    """What reaching `level` costs on a rising curve; infinite where it never does."""
    at = int(np.searchsorted(quality, level - 1e-9))
    if at == len(quality):
        return float("inf")
    if at == 0:
        return float(cost[0])
    part = (level - quality[at - 1]) / (quality[at] - quality[at - 1])
    return float(cost[at - 1] + part * (cost[at] - cost[at - 1]))


def shift(cost: Sequence[Array], quality: Sequence[Array]) -> float:
    """The share of the first curve's cost at which the second does the same throughout: one parabola in log cost fits both best."""

    def misfit(share: float) -> float:
        logs = np.log(np.concatenate([cost[0], cost[1] / share]))
        design = np.stack([np.ones_like(logs), logs, logs**2], axis=1)
        values = np.concatenate(quality)
        return float(((design @ np.linalg.lstsq(design, values, rcond=None)[0] - values) ** 2).sum())

    return float(min(SHARES, key=misfit))


def shares(random: Campaigns, useful: Campaigns, stick: str, cost: str) -> list[tuple[float, float, float]]:
    """What share of random's cost the other needs for what random reaches at each of LEVELS, and over all, and its 90% interval.

    The interval is a bootstrap over the seeds of both and over the reports that measure.
    """
    curves = [np.stack([c[stick].sum(axis=2) for c in arm]) for arm in (random, useful)]
    costs = [np.stack([c[cost] for c in arm]).astype(float) for arm in (random, useful)]
    levels = [list(random[0]["reports"]).index(reports) for reports in LEVELS]
    rng = np.random.default_rng(0)

    def share(seeds: Sequence[NDArray[Any]], drawn: Array) -> list[float]:
        quality = [_mean_f1(curve[s], drawn) for curve, s in zip(curves, seeds, strict=True)]
        x = [c[s].mean(axis=0) for c, s in zip(costs, seeds, strict=True)]
        first = list(random[0]["reports"]).index(OVER_ALL)
        over_all = shift([each[first:] for each in x], [each[first:] for each in quality])
        quality = [rising(each) for each in quality]
        at_levels = [needed(x[1], quality[1], w) / max(1.0, needed(x[0], quality[0], w)) for w in quality[0][levels]]
        return [*at_levels, over_all]

    count = curves[0].shape[2]
    values = share([np.arange(len(random)), np.arange(len(useful))], np.ones(count))
    sampled = [
        share([rng.integers(len(arm), size=len(arm)) for arm in (random, useful)],
              np.bincount(rng.integers(count, size=count), minlength=count))
        for _ in range(SAMPLES)
    ]  # fmt: skip
    low, high = np.quantile(np.array(sampled), [0.05, 0.95], axis=0, method="nearest")
    return [(float(v), float(lo), float(hi)) for v, lo, hi in zip(values, low, high, strict=True)]


def _mean_f1(curves: NDArray[Any], weight: Array) -> Array:
    """Micro-F1 by round, averaged over seeds, from (seeds, rounds, reports, 3); `weight` is that of each report."""
    mean: Array = _f1(np.einsum("srdo,d->sro", curves, weight)).mean(axis=0)
    return mean


def as_table(done: Mapping[str, Campaigns]) -> str:
    """Markdown: the quality that each criterion reaches, and the share of random's cost that it needs."""
    tables = [_quality(done, stick) for stick in STICKS]
    if "random" in done:
        tables += [_shares(done, stick, cost) for stick in STICKS for cost in COSTS]
    return "\n\n".join(tables)


def _quality(done: Mapping[str, Campaigns], stick: str) -> str:
    rounds = next(iter(done.values()))[0]["reports"]
    lines = [
        f"Category micro-F1 on {STICKS[stick]} after so many reports (mean and standard deviation over seeds):\n",
        f"| criterion | {' | '.join(map(str, rounds))} | macro-F1 at {rounds[-1]} | sentences read |",
        "| --- " * (len(rounds) + 3) + "|",
    ]
    for name, campaigns in done.items():
        curves = np.stack([micro(c[stick]) for c in campaigns])
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(curves.mean(axis=0), curves.std(axis=0), strict=True)]
        last = np.mean([macro(c[stick])[-1] for c in campaigns])
        read = np.mean([c["sentences"][-1] for c in campaigns])
        lines.append(f"| {name} ({len(campaigns)} seeds) | {' | '.join(cells)} | {last:.3f} | {read:,.0f} |")
    return "\n".join(lines)


def _shares(done: Mapping[str, Campaigns], stick: str, cost: str) -> str:
    lines = [
        f"Share of random's {cost} for what random reaches with so many reports, on {STICKS[stick]} (90% interval):\n",
        f"| criterion | {' | '.join(map(str, LEVELS))} | one share from {OVER_ALL} on |",
        "| --- " * (len(LEVELS) + 2) + "|",
    ]
    for name, campaigns in done.items():
        if name != "random":
            cells = [_cell(*each) for each in shares(done["random"], campaigns, stick, cost)]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float, low: float, high: float) -> str:
    value_, low_, high_ = (f"{x:.2f}" if np.isfinite(x) else "not reached" for x in (value, low, high))
    return f"{value_} ({low_} to {high_})"


def draw(done: Mapping[str, Campaigns], stem: Path) -> list[Path]:
    """Quality on dev against reports and against sentences read, with a line a seed and a thick one for their mean."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.2), layout="constrained")
        for cell, cost in zip(figure.subplots(1, 2, sharey=True), COSTS, strict=True):
            for name, colour in SHOWN.items():
                _draw_arm(cell, name, done[name], cost, colour)
            cell.set_xlabel(f"{cost} read")
            cell.grid(color=PALE, linewidth=0.6)
            cell.set_xlim(left=0)
        figure.axes[0].set_ylabel("category micro-F1 on dev")
        figure.axes[0].legend(loc="lower right", frameon=False)
        figure.suptitle("Simulated campaign: what reading the useful reports first saves")
    return write_figure(figure, stem)


def _draw_arm(cell: Any, name: str, campaigns: Campaigns, cost: str, colour: str) -> None:
    label = "drawn by lot" if name == "random" else "useful first (a fifth by lot)"
    curves = np.stack([micro(c["dev"]) for c in campaigns])
    for campaign, curve in zip(campaigns, curves, strict=True):
        cell.plot(campaign[cost], curve, color=colour, linewidth=0.6, alpha=0.5)
    mean = np.stack([c[cost] for c in campaigns]).mean(axis=0)
    cell.plot(mean, curves.mean(axis=0), color=colour, linewidth=2.4, label=f"{label}, {len(campaigns)} seeds")
