"""What outlives a report's row when the report is read or decided again: what people said of it, and what no longer stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipeline.annotate.reviewed import review
from pipeline.report import Analysed, Box, Finding
from pipeline.store.review_rows import finding_of, reading_of, superseded_row
from pipeline.store.rows import Row
from pipeline.store.schema import findings, reviews, superseded
from pipeline.store.stands import boxes_of_row

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of a report's reviews and of what they superseded, and the boxes of its findings by their place."""

    reviews: Sequence[Row] = ()
    superseded: Sequence[Row] = ()
    boxes: Mapping[Place, tuple[Box, ...]] = field(default_factory=dict)

    def decide(self, analysed: Analysed, report_id: str, versions: Mapping[str, str]) -> tuple[Analysed, list[Row]]:
        """The report with the findings that stand, and its rows of `superseded`; `analysed` has all findings of the model.

        What earlier models said and people overruled stays on record; for today's it is worked out from the reviews each time.
        """
        if not self.reviews:
            return analysed, []
        from pipeline.annotate.grounds import with_grounds  # noqa: PLC0415  (spaCy: only where people said something)

        report = analysed.report
        decided = review(report.text, analysed.findings, [reading_of(row, report.text_sha256) for row in self.reviews])
        boxes = {**self.boxes, **{(f.start, f.end): f.boxes for f in analysed.findings if f.boxes}}
        stands = with_grounds(replace(analysed, findings=decided.findings), boxes)
        stands.check()
        older = [row for row in self.superseded if not row["said_by"] and not _made_by(row, versions)]
        today = [superseded_row(lost, report_id, report.text_sha256, versions) for lost in decided.superseded]
        return stands, [*older, *today]

    def overruled(self, versions: Mapping[str, str]) -> tuple[Finding, ...]:
        """Findings of the model of these versions that do not stand as it made them."""
        return tuple(finding_of(row) for row in self.superseded if not row["said_by"] and _made_by(row, versions))


def _made_by(row: Row, versions: Mapping[str, str]) -> bool:
    return all(row[name] == version for name, version in versions.items())


def keep(connection: Connection, report_id: str, *, same_file: bool = True) -> Kept:
    """Read what has to outlive a report's row; boxes only where it is read from the `same_file`, as they are places on its pages."""
    said = _rows(connection, reviews, report_id)
    if not said:
        return Kept()
    rows = (
        connection.execute(sa.select(findings).where(findings.c.report_id == report_id)).mappings() if same_file else ()
    )
    boxes = {(row["start_char"], row["end_char"]): boxes_of_row(row["boxes"]) for row in rows}
    return Kept(said, _rows(connection, superseded, report_id), boxes)


def _rows(connection: Connection, table: sa.Table, report_id: str) -> list[Row]:
    query = sa.select(table).where(table.c.report_id == report_id).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]
