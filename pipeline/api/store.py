"""A store opened for reading: typed records, and the views as tables of pandas."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from pipeline.errors import UsageError
from pipeline.report import Assertion
from pipeline.store.connect import open_engine, store_url
from pipeline.store.reader import Filter
from pipeline.store.reports import find_report
from pipeline.store.stored import StoredFinding, StoredRecommendation, StoredReport, stored_findings, stored_reports
from pipeline.store.transactions import reading
from pipeline.store.views import VIEWS

if TYPE_CHECKING:
    import pandas as pd


class Store:
    """An open store; a context manager that closes it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def findings(
        self,
        *,
        words: str | None = None,
        category: str | None = None,
        agency: str | None = None,
        assertion: Assertion | None = None,
        report: str | None = None,
    ) -> Iterator[StoredFinding]:
        """Yield findings, sorted by report and start; the filters are those of `failings search`, `report` is an id."""
        wanted = Filter(words=words, category=category, agency=agency, assertion=assertion, report=report)
        return stored_findings(self.engine, wanted)

    def reports(self) -> Iterator[StoredReport]:
        """Yield every report with all that was found in it, sorted by id."""
        return stored_reports(self.engine)

    def report(self, name: str) -> StoredReport:
        """The one report with this id, source, file name or beginning of an id; raise UsageError when none or several fit."""
        return next(stored_reports(self.engine, report_id=find_report(self.engine, name)["report_id"]))

    def recommendations(self) -> Iterator[StoredRecommendation]:
        """Yield every call for action, sorted by report and start."""
        return (call for report in self.reports() for call in report.recommendations())

    def to_pandas(self, view: str = "v_findings") -> "pd.DataFrame":
        """A view of the store (docs/dashboards.md) as a DataFrame; whole numbers that may be missing are Int64."""
        if view not in VIEWS:
            raise UsageError(f"no view {view!r}; there are {', '.join(VIEWS)}")
        table = VIEWS[view]
        with reading(self.engine) as connection:
            rows = connection.execute(sa.select(table)).all()
        frame = _pandas().DataFrame.from_records(rows, columns=list(table.c.keys()))
        whole = {c.name: "Int64" for c in table.c if isinstance(c.type, sa.Integer)}
        typed: pd.DataFrame = frame.astype(whole)
        return typed

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str | Path | None = None) -> Store:
    """Open a store that `run` made: a file or a database URL (by default $FAILINGS_STORE, else findings.db)."""
    return Store(open_engine(store_url(str(url) if url else None)))


def _pandas() -> Any:
    try:
        import pandas as pd  # noqa: PLC0415  (an extra: only who wants tables has it)
    except ModuleNotFoundError as error:
        raise UsageError(f'this needs {error.name}: pip install "failings[pandas]"') from error
    return pd
