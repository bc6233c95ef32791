"""The views of a store and the columns that they promise; docs/dashboards.md says what each means, a migration makes them."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Integer, String, TableClause, column, table

_HEAD = ("title", "date", "year", "area")
_TYPES: dict[str, Any] = {
    "id": BigInteger(), "needs_review": Boolean(), "assertion_score": Float(), "category_score": Float(), "score": Float(),
    **{name: Integer() for name in ("year", "page", "start_char", "end_char", "mentions", "reports", "findings", "answers")},
}  # fmt: skip


def _view(name: str, *columns: str) -> TableClause:
    return table(name, *(column(c, _TYPES.get(c, String())) for c in columns))


VIEWS: dict[str, TableClause] = {
    view.name: view
    for view in (
        _view("v_reports", "report_id", *_HEAD, "coroner", "source", "url"),
        _view(
            "v_findings", "finding_id", "quote", "assertion", "assertion_score", "category", "category_score", "categories",
            "agencies", "agency_types", "needs_review", "reviewed_by", "report_id", *_HEAD, "coroner", "source", "url",
            "section", "concern", "speaker_kind", "page", "start_char", "end_char", "link", "id",
        ),
        _view(
            "v_finding_categories", "finding_id", "category", "score", "assertion", "needs_review", "reviewed_by", "report_id",
            *_HEAD,
        ),
        _view("v_findings_by_year_category", "year", "category", "mentions", "reports"),
        _view("v_agencies", "agency", "agency_type", "findings", "reports"),
        _view(
            "v_recommendations", "recommendation_id", "quote", "addressees", "deadline", "answers", "concern", "report_id", *_HEAD,
            "source", "url", "start_char", "end_char",
        ),
        _view("v_cooccurrence", "category_a", "category_b", "findings", "reports"),
    )
}  # fmt: skip
