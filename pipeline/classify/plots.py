"""Reliability diagrams and precision-recall curves, the same bytes from the same figures; needs matplotlib."""

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline.classify.curves import Curve
from pipeline.classify.reliability import Bin, calibration_error

BLUE, ORANGE, GREY, PALE = "#0072B2", "#D55E00", "#595959", "#D9D9D9"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "failings",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
}
COLUMNS = 6


def draw_reliability(panels: Mapping[str, Sequence[Bin]], *, title: str) -> Figure:
    """A diagram a panel: share right against mean score in each bin, and below it how many scores each bin holds."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.4 * len(panels), 5.6), layout="constrained")
        figure.suptitle(title)
        axes = figure.subplots(2, len(panels), squeeze=False, sharex=True, height_ratios=[3, 1])
        for column, (name, bins) in enumerate(panels.items()):
            _draw_bins(axes[0][column], axes[1][column], name, bins)
        axes[0][0].set_ylabel("share that is right")
        axes[1][0].set_ylabel("scores (log scale)")
    return figure


def _draw_bins(top: Any, bottom: Any, name: str, bins: Sequence[Bin]) -> None:
    error = calibration_error(bins)
    filled = [b for b in bins if b.count]
    top.set_title(f"{name}\ncalibration error {error:.3f}" if error is not None else f"{name}\nno scores")
    top.plot([0, 1], [0, 1], linestyle="--", color=GREY, linewidth=1, label="perfectly calibrated")
    top.vlines([b.mean_score for b in filled], [b.mean_score for b in filled], [b.share_right for b in filled],
               color=ORANGE, linewidth=2.5, label="gap")  # fmt: skip
    top.plot(
        [b.mean_score for b in filled], [b.share_right for b in filled], marker="o", color=BLUE, label="this model"
    )
    top.set(xlim=(0, 1), ylim=(0, 1.02), aspect="auto")
    top.grid(color=PALE, linewidth=0.6)
    top.legend(loc="upper left", frameon=False, fontsize=9)
    bars = bottom.bar([(b.low + b.high) / 2 for b in bins], [b.count for b in bins], width=0.92 / len(bins), color=BLUE)
    bottom.bar_label(bars, [f"{b.count:,}" if b.count else "" for b in bins], fontsize=7, padding=1)
    if filled:
        bottom.set_yscale("log")
        bottom.set_ylim(0.7, 6 * max(b.count for b in bins))
    bottom.set_xlabel("score (mean of the bin above)")


def draw_precision_recall(
    curves: Mapping[str, Curve], pooled: Curve, *, names: Mapping[str, str], core: Sequence[str], title: str
) -> Figure:
    """A panel a category, the core ones first and bold, and one for all together; the dot is the model's own choice.

    Each says its average precision (AP) and its number of gold sentences (n).
    """
    ordered = [*(c for c in core if c in curves), *(c for c in curves if c not in core)]
    lines = ceil((len(ordered) + 1) / COLUMNS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.5 * COLUMNS, 2.7 * lines + 0.9), layout="constrained")
        figure.suptitle(f"{title}\nline: as the category's threshold moves; dot: at the model's own thresholds")
        cells = figure.subplots(lines, COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
        for cell, category in zip(cells, ordered, strict=False):
            _draw_curve(cell, names.get(category, category), curves[category], strong=category in core)
        _draw_curve(cells[len(ordered)], "All together", pooled, strong=True)
        for spare in cells[len(ordered) + 1 :]:
            spare.set_axis_off()
        figure.supxlabel("recall: share of the gold sentences that are found")
        figure.supylabel("precision: share of the found that is right")
    return figure


def _draw_curve(cell: Any, name: str, curve: Curve, *, strong: bool) -> None:
    cell.set_title(name, fontweight="bold" if strong else "normal", pad=20)
    cell.text(0.5, 1.03, f"AP {curve.average_precision:.2f}, n {curve.support:,}", transform=cell.transAxes, ha="center",
              fontsize=9, color=GREY)  # fmt: skip
    cell.grid(color=PALE, linewidth=0.6)
    recall, precision = [p.recall for p in curve.points], [p.precision for p in curve.points]
    cell.step([0.0, *recall], [*precision[:1], *precision], where="pre", color=BLUE if strong else GREY,
              linewidth=2.4 if strong else 1.5)  # fmt: skip
    if curve.operating:
        share_right, share_found = curve.operating
        cell.plot(
            [share_found], [share_right], marker="o", markersize=8, color=ORANGE, markeredgecolor="white", clip_on=False
        )
    cell.set(xlim=(0, 1.02), ylim=(0, 1.04))


def write_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write `stem`.png and `stem`.svg, without a date."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    with mpl.rc_context(STYLE):
        figure.savefig(png, dpi=150, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
