"""The counts that the overview shows, from the views of a store."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from pipeline.store.reader import count_by_category, count_totals
from pipeline.store.views import VIEWS
from pipeline.taxonomy import load_taxonomy

MOST = 15


@dataclass(frozen=True, slots=True)
class Overview:
    """Totals, and findings and reports by category, by agency and by year."""

    totals: dict[str, int]
    categories: list[tuple[str, int, int]]
    agencies: list[tuple[str, int, int]]
    years: list[tuple[int | None, str, int]]


def read_overview(engine: Engine) -> Overview:
    """Count everything that the overview shows."""
    by_category = count_by_category(engine, load_taxonomy())
    agency, year = VIEWS["v_agencies"].c, VIEWS["v_findings_by_year_category"].c
    most = sa.select(agency.agency, agency.findings, agency.reports).order_by(agency.findings.desc(), agency.agency)
    years = sa.select(year.year, year.category, year.mentions)
    with engine.connect() as connection:
        return Overview(
            count_totals(engine),
            [(name, findings, reports) for name, (findings, reports) in by_category.items()],
            [(row.agency, row.findings, row.reports) for row in connection.execute(most.limit(MOST))],
            [(row.year, row.category, row.mentions) for row in connection.execute(years)],
        )
