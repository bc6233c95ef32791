"""Vega-Lite specifications. A page puts its colours in the place of `@ink`, `@paper`, `@accent` and so on."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]
Spec = dict[str, Any]
CELL, BAR = 26, 24
_COUNTED = {"calculate": "by == 'mentions' ? datum.mentions : datum.reports", "as": "n"}
_AXIS = {"title": None, "domain": False, "ticks": False, "labelLimit": 190, "labelPadding": 6}
_COUNT_AXIS = {"title": None, "tickMinStep": 1, "format": ",d", "tickCount": 5}
_NUMBER = {"field": "n", "type": "quantitative", "format": ",d"}
_TOOLTIP = [
    {"field": "reports", "title": "Reports", "format": ",d"},
    {"field": "mentions", "title": "Mentions", "format": ",d"},
]


def bars(rows: Sequence[Row], field: str, title: str) -> Spec:
    """A horizontal bar a row, in the order of the rows."""
    y = {"field": field, "type": "nominal", "sort": None, "axis": _AXIS}
    x = {"field": "n", "type": "quantitative", "axis": _COUNT_AXIS}
    tooltip = [{"field": field, "title": title}, *_TOOLTIP]
    return _spec(rows, BAR * len(rows), right=36) | {
        "layer": [
            {"mark": {"type": "bar", "color": "@accent", "cornerRadiusEnd": 2, "cursor": "pointer"}},
            {"mark": {"type": "text", "align": "left", "dx": 4, "color": "@ink"}, "encoding": {"text": _NUMBER}},
        ],
        "encoding": {"y": y, "x": x, "tooltip": tooltip},
    }  # fmt: skip


def cells(
    rows: Sequence[Row], across: str, down: str, *, titles: tuple[str, str], order: tuple[Sequence[str], Sequence[str]]
) -> Spec:
    """A grid of cells, darker the more there are, with the number in each. `titles` and `order` are those across and down."""
    x = {
        "field": across,
        "type": "nominal",
        "sort": list(order[0]),
        "axis": {**_AXIS, "orient": "top", "labelAngle": -45, "labelAlign": "left", "labelLimit": 260},
    }
    y = {"field": down, "type": "nominal", "sort": list(order[1]), "axis": _AXIS}
    colour = {
        "field": "n",
        "type": "quantitative",
        "legend": None,
        "scale": {"range": ["@low", "@high"], "domainMin": 0},
    }
    tooltip = [{"field": down, "title": titles[1]}, {"field": across, "title": titles[0]}, *_TOOLTIP]
    ink = {"expr": "contrast('black', scale('color', datum.n)) >= 4.5 ? 'black' : 'white'"}
    return _spec(rows, CELL * len(order[1]), right=70) | {
        "transform": [_COUNTED, {"filter": "datum.n > 0"}],
        "layer": [
            {"mark": {"type": "rect", "cursor": "pointer", "stroke": "@paper", "strokeWidth": 1}, "encoding": {"color": colour}},
            {"mark": {"type": "text", "fontSize": 11, "color": ink}, "encoding": {"text": _NUMBER}},
        ],
        "encoding": {"x": x, "y": y, "tooltip": tooltip},
    }  # fmt: skip


def columns(rows: Sequence[Row], *, titles: tuple[str, str], halves: tuple[str, str]) -> Spec:
    """Columns over a range from `from` to `to`, stacked by `half`, of which there are two."""
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "bin": {"binned": True},
        "axis": {"title": titles[0], "tickCount": 10},
    }
    colour = {
        "field": "half",
        "type": "nominal",
        "scale": {"domain": list(halves), "range": ["@accent", "@second"]},
        "legend": {"title": None, "orient": "top"},
    }
    tooltip = [
        {"field": "from", "title": "from"},
        {"field": "to", "title": "to"},
        {"field": "half", "title": "Findings that"},
        *_TOOLTIP,
    ]
    return _spec(rows, 220, right=8) | {
        "mark": {"type": "bar", "cursor": "pointer"},
        "encoding": {
            "x": x, "x2": {"field": "to"}, "color": colour, "tooltip": tooltip,
            "y": {"field": "mentions", "type": "quantitative", "stack": "zero", "axis": {**_COUNT_AXIS, "title": titles[1]}},
        },
    }  # fmt: skip


def _spec(rows: Sequence[Row], height: int, *, right: int) -> Spec:
    """What all charts share: their data, their size with room on the right, and whether they count reports or mentions."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": "container", "height": height, "background": None,
        "padding": {"left": 2, "top": 2, "bottom": 2, "right": right}, "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": list(rows)}, "params": [{"name": "by", "value": "reports"}], "transform": [_COUNTED],
    }  # fmt: skip
