"""First schema: reports, passages, findings, runs and failures, and full-text search of the quotes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _report_key(*, primary: bool = False) -> sa.Column[str]:
    return sa.Column(
        "report_id",
        sa.String,
        sa.ForeignKey("reports.report_id", ondelete="CASCADE"),
        nullable=False,
        primary_key=primary,
    )


def _finding_key() -> sa.Column[str]:
    return sa.Column(
        "finding_id", sa.String, sa.ForeignKey("findings.finding_id", ondelete="CASCADE"), primary_key=True
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String) for name in names]


def _required(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "reports",
        sa.Column("report_id", sa.String, primary_key=True),
        *_required("source", "source_sha256"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("text_sha256", sa.String, nullable=False, unique=True),
        sa.Column("words", sa.Integer, nullable=False),
        *_texts("title", "date", "area", "receiver", "url", "coroner", "category"),
        *_required("model", "taxonomy", "pipeline"),
    )
    op.create_table(
        "sources",
        sa.Column("source", sa.String, primary_key=True),
        *_required("source_sha256"),
        _report_key(),
        *_texts("duplicate"),
    )
    op.create_table(
        "pages",
        _report_key(primary=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("width", sa.Float, nullable=False),
        sa.Column("height", sa.Float, nullable=False),
    )
    op.create_table(
        "passages",
        _report_key(primary=True),
        sa.Column("start_char", sa.Integer, primary_key=True),
        sa.Column("end_char", sa.Integer, nullable=False),
        *_texts("section"),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("finding_id", sa.String, nullable=False, unique=True),
        _report_key(),
        sa.Column("start_char", sa.Integer, nullable=False),
        sa.Column("end_char", sa.Integer, nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        *_texts("section"),
        sa.Column("page", sa.Integer),
        sa.Column("boxes", sa.JSON, nullable=False),
        sa.Column("assertion", sa.String, nullable=False),
        sa.Column("assertion_score", sa.Float, nullable=False),
        sa.Column("needs_review", sa.Boolean, nullable=False),
        *_texts("reviewed_by"),
    )
    op.create_table(
        "finding_categories",
        _finding_key(),
        sa.Column("category", sa.String, primary_key=True),
        sa.Column("score", sa.Float, nullable=False),
    )
    op.create_table(
        "actors",
        _finding_key(),
        sa.Column("start_char", sa.Integer, primary_key=True),
        sa.Column("end_char", sa.Integer, nullable=False),
        *_required("text"),
        *_texts("agency"),
        *_required("agency_type"),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Integer, primary_key=True),
        *_required("started"),
        *_texts("finished"),
        *_required("status", "model", "taxonomy", "pipeline"),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("counts", sa.JSON),
    )
    op.create_table(
        "failures",
        sa.Column("source", sa.String, primary_key=True),
        *_required("reason"),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), nullable=False),
    )
    for table, *columns in (
        ("sources", "source_sha256"), ("sources", "report_id"), ("findings", "report_id", "start_char"),
        ("findings", "assertion"), ("finding_categories", "category"), ("actors", "agency"), ("actors", "agency_type"),
    ):  # fmt: skip
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    if op.get_bind().dialect.name == "sqlite":
        _full_text_sqlite()


def _full_text_sqlite() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE findings_fts USING fts5(quote, content='findings', content_rowid='id', tokenize='porter unicode61')"
    )
    op.execute(
        "CREATE TRIGGER findings_fts_insert AFTER INSERT ON findings BEGIN "
        "INSERT INTO findings_fts(rowid, quote) VALUES (new.id, new.quote); END"
    )
    op.execute(
        "CREATE TRIGGER findings_fts_delete AFTER DELETE ON findings BEGIN "
        "INSERT INTO findings_fts(findings_fts, rowid, quote) VALUES ('delete', old.id, old.quote); END"
    )
