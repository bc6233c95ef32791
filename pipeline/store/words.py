"""Full-text search of quotes: SQLite asks its FTS5 index, PostgreSQL a GIN index, with one notion of a word."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from pipeline.store.migrations.versions.v0005_postgresql import PLAIN, WORDS
from pipeline.store.schema import findings


class _HasTerms(FunctionElement[bool]):
    """Whether a finding's quote holds all terms; its arguments are the finding's id and the terms."""

    type = sa.Boolean()
    inherit_cache = True


def has_words(words: str) -> sa.ColumnElement[bool]:
    """Whether the quote holds every word, whatever its ending, case and accents; a part in double quotes is a phrase."""
    parts = words.replace("\0", " ").split('"')
    terms = [p for i, part in enumerate(parts) for p in ([part] if i % 2 else part.split()) if p.strip()]
    return (
        _HasTerms(findings.c.id, *(sa.bindparam(None, term, type_=sa.String) for term in terms))
        if terms
        else sa.false()
    )


@compiles(_HasTerms, "sqlite")
def _in_sqlite(element: _HasTerms, compiler: SQLCompiler, **options: Any) -> str:
    key, *terms = (compiler.process(clause, **options) for clause in element.clauses)
    query = " || ' ' || ".join(f"""'"' || {term} || '"'""" for term in terms)
    return f"{key} IN (SELECT rowid FROM findings_fts WHERE findings_fts MATCH ({query}))"  # noqa: S608


@compiles(_HasTerms, "postgresql")
def _in_postgresql(element: _HasTerms, compiler: SQLCompiler, **options: Any) -> str:
    _, *terms = (compiler.process(clause, **options) for clause in element.clauses)
    query = " && ".join(f"phraseto_tsquery('failings_words', {PLAIN.format(term)})" for term in terms)
    return f"{WORDS} @@ ({query})"
