"""Bars and a heat map as numbers that a template draws."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.dashboard.css import css_colour

BAR_WIDTH, ROW = 260, 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its words, how long it is and where it stands, in pixels."""

    name: str
    value: int
    reports: int
    width: float
    y: int
    colour: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of a heat map: a count and how dark it is, 0 to 1."""

    value: int
    shade: float


def bars(counts: Sequence[tuple[str, int, int]], *, colour: str | None = None) -> list[Bar]:
    """A bar for each name, findings and reports; without `colour` each has that of its category."""
    longest = max((findings for _, findings, _ in counts), default=0) or 1
    return [
        Bar(
            name,
            findings,
            reports,
            round(BAR_WIDTH * findings / longest, 1),
            ROW * at,
            colour or css_colour(name),
        )
        for at, (name, findings, reports) in enumerate(counts)
    ]


def heat(counts: Iterable[tuple[int | None, str, int]], names: Sequence[str]) -> dict[str, list[Cell]]:
    """For each year, newest first, a cell for each of `names`; reports without a year come last."""
    table: dict[int | None, dict[str, int]] = {}
    for year, name, mentions in counts:
        table.setdefault(year, {})[name] = mentions
    most = max((value for row in table.values() for value in row.values()), default=0) or 1
    years = sorted(table, key=lambda year: (year is None, -(year or 0)))
    return {
        "no year" if year is None else str(year): [
            Cell(v, round(v / most, 2)) for v in (table[year].get(n, 0) for n in names)
        ]
        for year in years
    }
