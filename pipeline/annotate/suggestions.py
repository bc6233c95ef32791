"""What the model found, as suggestions to an annotator."""

from collections.abc import Mapping
from typing import Any

from pipeline.annotate.records import Marked, MarkedActor
from pipeline.annotate.regions import ROLES, Suggested
from pipeline.report import Finding


def suggested(finding: Finding, *, at: int = 0) -> Suggested:
    """A finding as a suggestion; `at` is where in the report's text the text begins that the finding was made in."""
    actors = {MarkedActor(a.start + at, a.end + at, a.role) for a in finding.actors if a.role in ROLES}
    categories = tuple(c.id for c in finding.categories)
    marked = Marked(finding.start + at, finding.end + at, finding.assertion, categories, tuple(sorted(actors)))
    return Suggested(marked, {c.id: c.score for c in finding.categories}, finding.assertion_score)


def suggested_record(record: Mapping[str, Any]) -> Suggested:
    """A finding of a store, an export record, as a suggestion."""
    actors = (MarkedActor(a["start"], a["end"], a["role"]) for a in record["actors"])
    categories = tuple(c["id"] for c in record["categories"])
    marked = Marked(record["start"], record["end"], record["assertion"], categories, tuple(sorted(actors)))
    return Suggested(marked, {c["id"]: c["score"] for c in record["categories"]}, record["assertion_score"])
