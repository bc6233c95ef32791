"""Our own pages in Datasette: an overview with charts, and a report with its findings highlighted."""

import asyncio
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy as sa
from datasette import hookimpl
from datasette.utils.asgi import NotFound, Response
from markupsafe import Markup
from sqlalchemy.engine import Engine

from pipeline.dashboard.charts import ROW, bars, heat
from pipeline.dashboard.counts import read_overview
from pipeline.dashboard.guard import App, guarded
from pipeline.dashboard.highlight import pieces
from pipeline.store.reader import Filter, read_findings
from pipeline.store.reports import read_reports
from pipeline.store.schema import findings, recommendations

PAGES = {"finding_id": "finding", "recommendation_id": "finding", "report_id": "report"}
STYLE = "/-/static-plugins/pipeline.dashboard/failings.css"
BAR_COLOUR = "#7a9cc6"


class Pages:
    """The plugin: reads from `engine`, which must be read-only."""

    __name__ = "pipeline.dashboard"  # where Datasette looks for a plugin's templates and style sheet

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @hookimpl
    def register_routes(self) -> list[tuple[str, Any]]:
        """Our addresses; ours come before Datasette's."""
        return [
            (r"^/$", self.overview),
            (r"^/-/report/(?P<report_id>.+)$", self.report),
            (r"^/-/finding/(?P<finding_id>[^/]+)$", self.finding),
        ]

    @hookimpl
    def extra_css_urls(self) -> list[str]:
        """Our style sheet on every page."""
        return [STYLE]

    @hookimpl
    def menu_links(self, datasette: Any) -> list[dict[str, str]]:
        """The overview in the menu of every page."""
        return [{"href": datasette.urls.path("/"), "label": "Overview"}]

    @hookimpl
    def render_cell(self, value: Any, column: str) -> Markup | None:
        """Ids of findings and reports as links to their words."""
        page = PAGES.get(column)
        if page is None or not isinstance(value, str):
            return None
        return Markup('<a href="/-/{}/{}">{}</a>').format(page, quote(value, safe=""), value)

    @hookimpl
    def asgi_wrapper(self) -> Any:
        """Guard everything."""

        def wrap(app: App) -> App:
            return guarded(app)

        return wrap

    async def overview(self, datasette: Any, request: Any) -> Any:
        """The front page."""
        found = await asyncio.to_thread(read_overview, self._engine)
        names = [name for name, _, _ in found.categories]
        page = {
            "totals": found.totals, "categories": bars(found.categories), "row": ROW, "names": names,
            "agencies": bars(found.agencies, colour=BAR_COLOUR), "years": heat(found.years, names),
        }  # fmt: skip
        return Response.html(await datasette.render_template("failings_overview.html", page, request=request))

    async def report(self, datasette: Any, request: Any) -> Any:
        """A report with its findings highlighted."""
        report_id = unquote(request.url_vars["report_id"])
        report = await asyncio.to_thread(self._read, report_id)
        if report is None:
            raise NotFound(f"no report {report_id} in the store")
        return Response.html(await datasette.render_template("failings_report.html", report, request=request))

    def _read(self, report_id: str) -> dict[str, Any] | None:
        report = next(read_reports(self._engine, report_id=report_id), None)
        if report is None:
            return None
        records = list(read_findings(self._engine, Filter(report=report_id)))
        return {"report": report, "pieces": list(pieces(report["text"], records)), "records": records}

    async def finding(self, request: Any) -> Any:
        """Lead to a finding's, or a recommendation's, words in its report."""
        finding_id = unquote(request.url_vars["finding_id"])
        report_id = await asyncio.to_thread(self._report_of, finding_id)
        if report_id is None:
            raise NotFound(f"no finding {finding_id} in the store")
        return Response.redirect(f"/-/report/{quote(report_id, safe='')}#{quote(finding_id, safe='')}")

    def _report_of(self, finding_id: str) -> str | None:
        f, c = findings.c, recommendations.c
        places = sa.union_all(
            sa.select(f.report_id).where(f.finding_id == finding_id),
            sa.select(c.report_id).where(c.recommendation_id == finding_id),
        )
        with self._engine.connect() as connection:
            found: str | None = connection.execute(places).scalar()
            return found
