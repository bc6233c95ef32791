"""Who says it, roles of actors, numbered concerns, facts about the report, and recommendations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _key(table: str, column: str, *, primary: bool = True) -> sa.Column[str]:
    target = sa.ForeignKey(f"{table}.{column}", ondelete="CASCADE")
    return sa.Column(column, sa.String, target, primary_key=primary, nullable=False)


def _span(prefix: str = "", *, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(f"{prefix}{end}_char", sa.Integer, nullable=nullable) for end in ("start", "end")]


def upgrade() -> None:
    """Add columns and tables."""
    for name in ("concern", "link", "speaker", "speaker_kind"):
        op.add_column("findings", sa.Column(name, sa.String))
    for column in _span("speaker_", nullable=True):
        op.add_column("findings", column)
    op.add_column("actors", sa.Column("role", sa.String, nullable=False, server_default="responsible"))
    op.add_column("actors", sa.Column("resolved", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "facts",
        _key("reports", "report_id"),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        *_span(nullable=True),
    )
    op.create_table(
        "recommendations",
        sa.Column("recommendation_id", sa.String, primary_key=True),
        _key("reports", "report_id", primary=False),
        *_span(),
        sa.Column("quote", sa.Text, nullable=False),
        sa.Column("concern", sa.String),
        sa.Column("deadline", sa.String),
        *_span("deadline_", nullable=True),
    )
    op.create_table(
        "addressees",
        _key("recommendations", "recommendation_id"),
        sa.Column("start_char", sa.Integer, primary_key=True),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("agency", sa.String),
        sa.Column("agency_type", sa.String, nullable=False),
        sa.Column("resolved", sa.Boolean, nullable=False),
    )
    op.create_table("answers", _key("recommendations", "recommendation_id"), _key("findings", "finding_id"))
    for table, *columns in (
        ("facts", "field"), ("recommendations", "report_id", "start_char"), ("addressees", "agency"),
    ):  # fmt: skip
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
