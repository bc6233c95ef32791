"""Every field of every data export, once: schemas, column comments, data packages and the tables of docs/export.md come from here.

FORMAT_VERSION goes up when a field goes, changes its name, its type or its meaning; a field that only comes on leaves it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

FORMAT_VERSION = 1

Type = Literal["string", "integer", "number", "boolean", "strings", "integers", "boxes", "struct", "structs"]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, its type, and what it holds; `parts` are the fields of a struct, or of each of a list of structs."""

    name: str
    type: Type
    about: str
    parts: tuple["Field", ...] = ()


VERSION = Field("format_version", "integer", "version of this format; it goes up when a field goes or changes")

_SPAN = (
    Field("start", "integer", "where the words begin in the report's text, in Unicode code points"),
    Field("end", "integer", "where they end; `text[start:end]` are the words"),
)
_WORDS = (*_SPAN, Field("text", "string", "the words"))
_AGENCY = (
    Field("agency", "string", "the agency's canonical name, or null"),
    Field("agency_type", "string", "kind of agency, a key of `types` in `pipeline/extract/agencies.toml`"),
    Field("resolved", "boolean", 'true when the agency is named elsewhere in the report, as for "the Trust"'),
)
MENTIONED = (*_WORDS, *_AGENCY)
ACTOR = (*MENTIONED, Field("role", "string", "`responsible` for the lapse, or `addressee` of a call for change"))
SPEAKER = (
    *_WORDS,
    Field("kind", "string", "coroner, jury, panel, family, witness, service, expert or other"),
)
SCORED = (
    Field("id", "string", "the category's id (`failings taxonomy list`)"),
    Field("score", "number", "its calibrated probability; 1.0 where people say so"),
)

FINDING = (
    Field("finding_id", "string", "16 hexadecimal digits from the report's text and the place in it; stable"),
    Field("report_id", "string", "the report"),
    Field("source", "string", "what was read: a file, `archive/member`, or `table#row`"),
    Field("source_url", "string", "where the report is on the web, or null"),
    Field("source_sha256", "string", "hash of the source's bytes"),
    Field("title", "string", "the report's title, or null"),
    Field("date", "string", "the report's date as 2024-01-31 (as a table's column has it where it was read from one), or null"),
    Field("area", "string", "the coroner's area, or null"),
    Field("section", "string", "section of the report, a key of `pipeline/extract/sections.toml`, or null"),
    Field("concern", "string", 'number of the item in the section, as "4(b)", or null'),
    Field("page", "integer", "first page, from 1, or null where there are no pages"),
    Field("boxes", "boxes", "rectangles `[x0, y0, x1, y1]` in points from the page's top left"),
    Field("box_pages", "integers", "the page of each rectangle"),
    Field("start", "integer", "where the quote begins in the report's text, in Unicode code points"),
    Field("end", "integer", "where it ends; `text[start:end] == quote`"),
    Field("quote", "string", "the words of the report"),
    Field("link", "string", "`source_url` with a text fragment: a browser opens the page at the words; null without an address"),
    Field("assertion", "string", "how the report puts it: failing, alleged, recommendation or remedied"),
    Field("assertion_score", "number", "its probability among the four; 1.0 where people say so"),
    Field("categories", "structs", "the categories, most probable first", SCORED),
    Field("actors", "structs", "to whom the lapse or the call is attributed; resolved words may stand before the finding", ACTOR),
    Field("mentioned", "structs", "the other organisations, services and roles that it names", MENTIONED),
    Field("speaker", "struct", "who says so; null when the report's author does", SPEAKER),
    Field(
        "needs_review", "boolean",
        "true while no category reaches the score from which the model is sure, or while as many readers mark it as do not",
    ),
    Field("reviewed_by", "string", "the annotators who marked it, joined with `; `; null while only the model says so"),
    Field("model", "string", "version of the model that read the report"),
    Field("taxonomy", "string", "version of the categories"),
    Field("pipeline", "string", "version of failings"),
)  # fmt: skip


def pick(fields: Iterable[Field], *names: str) -> tuple[Field, ...]:
    """The fields of these names, in this order."""
    by_name = {field.name: field for field in fields}
    return tuple(by_name[name] for name in names)


_NESTED = ("boxes", "box_pages", "categories", "actors", "mentioned", "speaker")
PLAIN = tuple(field for field in FINDING if field.name not in _NESTED)
NAMED = (
    Field("actors", "string", "words that name the actors, joined with `; `"),
    Field("agencies", "string", "canonical names of the actors' agencies, joined with `; `"),
    Field("agency_types", "string", "their kinds of agency, joined with `; `"),
    Field("roles", "string", "the role of each of `actors`, joined with `; `"),
    Field("mentioned", "string", "words that name others, joined with `; `"),
    Field("speaker", "string", "words that say who says so, or empty"),
    Field("speaker_kind", "string", "coroner, jury, panel, family, witness, service, expert or other, or empty"),
)
CSV_ROW = (
    *PLAIN[:15],
    Field("category", "string", "one category of the finding, by its id"),
    Field("category_score", "number", "its calibrated probability"),
    *PLAIN[15:17],
    *NAMED,
    *PLAIN[17:],
    VERSION,
)
WIDE_ROW = (*PLAIN[:17], *NAMED, *PLAIN[17:], VERSION)  # the columns of the categories follow

COUNT = (
    Field("breakdown", "string", "what the row breaks the counts down by: `all`, `year` or `agency_type`"),
    Field("category", "string", "a category; empty for findings of any"),
    Field("year", "integer", "year of the report in rows by `year`; empty there: no date is known"),
    Field("agency_type", "string", "kind of agency in rows by `agency_type`; empty there: attributed to nobody"),
    Field("reports", "integer", "reports with such a finding, each counted once"),
    Field("mentions", "integer", "such findings; one attributed to two kinds of agency counts for both"),
    VERSION,
)


def category_field(category: str, definition: str) -> Field:
    """The column of a category in the wide table."""
    return Field(
        f"category_{category}", "integer", f"1 if the finding is of this category, else 0. {definition}".strip()
    )
