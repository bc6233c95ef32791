"""PostgreSQL: text sorts and compares by code point, as in SQLite, and quotes have a full-text index with SQLite's notion of a word."""

import sqlalchemy as sa
from alembic import op

from pipeline.store.migrations.versions.v0004_views import views_sql

revision = "0005"
down_revision = "0004"

# Neither letter nor digit to SQLite's tokenizer; PostgreSQL's own parser would keep "and/or", "a.b.uk" and "-5" whole.
GAPS = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u02c2-\u02c5"
    r"\u02d2-\u02df\u2000-\u206f\u20a0-\u20ff\u2190-\u245f\u2500-\u2bff\u3001-\u3004\u3008-\u3020\u3030\ufe00-\ufe6f\ufeff"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufff0-\uffff\U0001f000-\U0001faff]+"
)
ACCENTS = r"[\u0300-\u036f]+"
LONGEST = 100_000  # code points of a quote: more could burst the index, which holds a megabyte of words a row
PLAIN = (
    f"regexp_replace(regexp_replace(normalize(left({{}}, {LONGEST}), NFD), '{ACCENTS}', '', 'g'), '{GAPS}', ' ', 'g')"
)
WORDS = f"to_tsvector('failings_words', {PLAIN.format('findings.quote')})"


def upgrade() -> None:
    """Set the collation below the views, then make the index."""
    if op.get_bind().dialect.name != "postgresql":
        return
    views = views_sql("postgresql")
    for name in reversed(views):
        op.execute(f"DROP VIEW {name}")
    _sort_by_code_point()
    for name, query in views.items():
        op.execute(f"CREATE VIEW {name} AS {query.strip()}")
    op.execute("CREATE TEXT SEARCH DICTIONARY failings_stem (TEMPLATE = pg_catalog.snowball, Language = porter)")
    op.execute("CREATE TEXT SEARCH CONFIGURATION failings_words (COPY = pg_catalog.simple)")
    op.execute(
        "ALTER TEXT SEARCH CONFIGURATION failings_words ALTER MAPPING FOR asciiword, word, numword WITH failings_stem"
    )
    op.get_bind().exec_driver_sql(f"CREATE INDEX ix_findings_words ON findings USING gin ({WORDS})")


def _sort_by_code_point() -> None:
    found = sa.inspect(op.get_bind())
    for table in found.get_table_names():
        changes = [
            f'ALTER COLUMN "{column["name"]}" TYPE {column["type"]} COLLATE "C"'
            for column in found.get_columns(table)
            if isinstance(column["type"], sa.String)
        ]
        if changes and table != "alembic_version":
            op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
