"""The tables of a store. `docs/store.md` describes them; changes go through `migrations/`.

Offsets are half-open, in code points of `reports.text`. Every row that hangs on a report goes when the report goes.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s"}
)


def _report_key(*, primary: bool = False) -> Column[str]:
    return Column(
        "report_id", String, ForeignKey("reports.report_id", ondelete="CASCADE"), nullable=False, primary_key=primary
    )


def _finding_key() -> Column[str]:
    return Column("finding_id", String, ForeignKey("findings.finding_id", ondelete="CASCADE"), primary_key=True)


reports = Table(
    "reports",
    metadata,
    Column("report_id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("source_sha256", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("text_sha256", String, nullable=False, unique=True),
    Column("words", Integer, nullable=False),
    Column("title", String),
    Column("date", String),
    Column("area", String),
    Column("receiver", String),
    Column("url", String),
    Column("coroner", String),
    Column("category", String),
    Column("model", String, nullable=False),
    Column("taxonomy", String, nullable=False),
    Column("pipeline", String, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("source", String, primary_key=True),
    Column("source_sha256", String, nullable=False),
    _report_key(),
    Column("duplicate", String),
    Index(None, "source_sha256"),
    Index(None, "report_id"),
)

pages = Table(
    "pages",
    metadata,
    _report_key(primary=True),
    Column("number", Integer, primary_key=True),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    _report_key(primary=True),
    Column("start_char", Integer, primary_key=True),
    Column("end_char", Integer, nullable=False),
    Column("section", String),
)

findings = Table(
    "findings",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("finding_id", String, nullable=False, unique=True),
    _report_key(),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("quote", Text, nullable=False),
    Column("section", String),
    Column("page", Integer),
    Column("boxes", JSON, nullable=False),
    Column("assertion", String, nullable=False),
    Column("assertion_score", Float, nullable=False),
    Column("needs_review", Boolean, nullable=False),
    Column("reviewed_by", String),
    Column("concern", String),
    Column("link", String),
    Column("speaker", String),
    Column("speaker_kind", String),
    Column("speaker_start_char", Integer),
    Column("speaker_end_char", Integer),
    Index(None, "report_id", "start_char"),
    Index(None, "assertion"),
)

finding_categories = Table(
    "finding_categories",
    metadata,
    _finding_key(),
    Column("category", String, primary_key=True),
    Column("score", Float, nullable=False),
    Index(None, "category"),
)

actors = Table(
    "actors",
    metadata,
    _finding_key(),
    Column("start_char", Integer, primary_key=True),
    Column("end_char", Integer, nullable=False),
    Column("text", String, nullable=False),
    Column("agency", String),
    Column("agency_type", String, nullable=False),
    Column("role", String, nullable=False, server_default="responsible"),
    Column("resolved", Boolean, nullable=False, server_default=false()),
    Index(None, "agency"),
    Index(None, "agency_type"),
)

facts = Table(
    "facts",
    metadata,
    _report_key(primary=True),
    Column("number", Integer, primary_key=True),
    Column("field", String, nullable=False),
    Column("value", String, nullable=False),
    Column("start_char", Integer),
    Column("end_char", Integer),
    Index(None, "field"),
)

recommendations = Table(
    "recommendations",
    metadata,
    Column("recommendation_id", String, primary_key=True),
    _report_key(),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("quote", Text, nullable=False),
    Column("concern", String),
    Column("deadline", String),
    Column("deadline_start_char", Integer),
    Column("deadline_end_char", Integer),
    Index(None, "report_id", "start_char"),
)


def _recommendation_key() -> Column[str]:
    key = ForeignKey("recommendations.recommendation_id", ondelete="CASCADE")
    return Column("recommendation_id", String, key, primary_key=True)


addressees = Table(
    "addressees",
    metadata,
    _recommendation_key(),
    Column("start_char", Integer, primary_key=True),
    Column("end_char", Integer, nullable=False),
    Column("text", String, nullable=False),
    Column("agency", String),
    Column("agency_type", String, nullable=False),
    Column("resolved", Boolean, nullable=False),
    Index(None, "agency"),
)

answers = Table("answers", metadata, _recommendation_key(), _finding_key())

reviews = Table(
    "reviews",
    metadata,
    Column("review_id", String, primary_key=True),
    _report_key(),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("annotator", String, nullable=False),
    Column("reviewed_at", String, nullable=False),
    Column("fully_read", Boolean, nullable=False),
    Column("is_final", Boolean, nullable=False),
    Column("marked", JSON, nullable=False),
    Column("comment", Text, nullable=False),
    Column("seconds", Float),
    Column("origin", String, nullable=False),
    Column("task", Integer, nullable=False),
    Column("annotation", Integer, nullable=False),
    Column("predicted", JSON, nullable=False),
    Column("model", String),
    Column("chosen", String),
    Index(None, "report_id", "start_char"),
)

superseded = Table(
    "superseded",
    metadata,
    Column("superseded_id", String, primary_key=True),
    Column("finding_id", String, nullable=False),
    _report_key(),
    Column("review_id", String, ForeignKey("reviews.review_id", ondelete="CASCADE"), nullable=False),
    Column("start_char", Integer, nullable=False),
    Column("end_char", Integer, nullable=False),
    Column("quote", Text, nullable=False),
    Column("assertion", String, nullable=False),
    Column("assertion_score", Float, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("actors", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("change", String, nullable=False),
    Column("said_by", String),
    Column("model", String),
    Column("taxonomy", String),
    Column("pipeline", String),
    Column("superseded_at", String, nullable=False),
    Index(None, "report_id", "start_char"),
    Index(None, "finding_id"),
    Index(None, "review_id"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Integer, primary_key=True),
    Column("started", String, nullable=False),
    Column("finished", String),
    Column("status", String, nullable=False),
    Column("model", String, nullable=False),
    Column("taxonomy", String, nullable=False),
    Column("pipeline", String, nullable=False),
    Column("options", JSON, nullable=False),
    Column("counts", JSON),
)

failures = Table(
    "failures",
    metadata,
    Column("source", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("run_id", Integer, ForeignKey("runs.run_id"), nullable=False),
)
