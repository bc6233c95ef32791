"""What annotators have read in a project so far, as reports to train on."""

from collections.abc import Callable
from typing import Any

from pipeline.annotate.adjudicate import rows_with_adjudications
from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.pull import Lookup, Pulled, pull
from pipeline.annotate.push import wanted_project
from pipeline.annotate.read_reports import ReadReport
from pipeline.annotate.readings import read_project
from pipeline.classify.gold import parse_report
from pipeline.report import Passage
from pipeline.taxonomy import Taxonomy


def read_reports_of(
    server: LabelStudio, name: str, taxonomy: Taxonomy, lookup: Lookup, segmented: Callable[[str], tuple[Passage, ...]]
) -> list[ReadReport]:
    """All that was submitted in the project of this id or title and in its adjudication; what cannot be read is left out."""
    rows = rows_with_adjudications(server, wanted_project(server, name))
    return as_read_reports(pull(read_project(rows, server.users(), taxonomy), lookup, segmented))


def as_read_reports(pulled: Pulled) -> list[ReadReport]:
    """The gold of a pull as reports to train on, without those of which no sentence is settled."""
    return [ReadReport(parse_report(row), row["chosen"], _last(row)) for row in pulled.rows if row["sentences"]]


def _last(row: dict[str, Any]) -> str:
    return max(str(reading["when"]) for reading in row["readings"])
