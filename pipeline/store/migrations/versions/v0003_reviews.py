"""What people said of reports, and what no longer stands because of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _key(table: str, column: str) -> sa.Column[str]:
    return sa.Column(column, sa.String, sa.ForeignKey(f"{table}.{column}", ondelete="CASCADE"), nullable=False)


def _span() -> list[sa.Column[int]]:
    return [sa.Column(f"{end}_char", sa.Integer, nullable=False) for end in ("start", "end")]


def _required(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String) for name in names]


def _json(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.JSON, nullable=False) for name in names]


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "reviews",
        sa.Column("review_id", sa.String, primary_key=True),
        _key("reports", "report_id"),
        *_span(),
        *_required("annotator", "reviewed_at"),
        sa.Column("fully_read", sa.Boolean, nullable=False),
        sa.Column("is_final", sa.Boolean, nullable=False),
        *_json("marked"),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("seconds", sa.Float),
        *_required("origin"),
        sa.Column("task", sa.Integer, nullable=False),
        sa.Column("annotation", sa.Integer, nullable=False),
        *_json("predicted"),
        *_texts("model", "chosen"),
    )
    op.create_table(
        "superseded",
        sa.Column("superseded_id", sa.String, primary_key=True),
        *_required("finding_id"),
        _key("reports", "report_id"),
        _key("reviews", "review_id"),
        *_span(),
        sa.Column("quote", sa.Text, nullable=False),
        *_required("assertion"),
        sa.Column("assertion_score", sa.Float, nullable=False),
        *_json("categories", "actors", "evidence"),
        *_required("change"),
        *_texts("said_by", "model", "taxonomy", "pipeline"),
        *_required("superseded_at"),
    )
    for table, *columns in (
        ("reviews", "report_id", "start_char"), ("superseded", "report_id", "start_char"), ("superseded", "finding_id"),
        ("superseded", "review_id"),
    ):  # fmt: skip
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
