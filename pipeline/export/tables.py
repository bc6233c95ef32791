"""The tables of a database of findings, and the rows that go into them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.export.fields import ACTOR, FINDING, MENTIONED, VERSION, Field, pick
from pipeline.export.years import year_of

Row = dict[str, Any]

_KEY = pick(FINDING, "finding_id")
_YEAR = Field("year", "integer", "year of the report, or null")
_CALL = (
    Field("recommendation_id", "string", "that of the finding in the same place"),
    *pick(FINDING, "report_id", "start", "end", "quote", "concern"),
    Field("deadline", "string", 'a date or a period ("56 days"), or null'),
    Field("addressees", "structs", "whom it addresses", MENTIONED),
    Field("answers", "strings", "ids of the findings that it answers"),
)

TABLES: dict[str, tuple[Field, ...]] = {
    "about": (VERSION, Field("pipeline", "string", "version of failings that wrote the file")),
    "reports": (
        *pick(FINDING, "report_id", "source", "source_url", "source_sha256", "title", "date"),
        _YEAR,
        *pick(FINDING, "area"),
        Field("coroner", "string", "the coroner, or null"),
        Field("source_kind", "string", "kind of document, of `values` under `document_type` in `pipeline/extract/facts.toml`"),
        Field("words", "integer", "length of the text in words"),
        Field("text", "string", "the text, with `--with-text`; else null"),
        *pick(FINDING, "model", "taxonomy", "pipeline"),
    ),
    "findings": tuple(field for field in FINDING if field.name not in ("categories", "actors", "mentioned")),
    "finding_categories": (
        *_KEY,
        Field("category", "string", "a category of the finding, by its id"),
        Field("score", "number", "its calibrated probability; 1.0 where people say so"),
    ),
    "actors": (
        *_KEY,
        *MENTIONED,
        Field("role", "string", "`responsible`, `addressee`, or `mentioned`: the finding is attributed to the first two"),
    ),
    "recommendations": _CALL,
}  # fmt: skip

REPORT = (
    *pick(FINDING, "report_id", "source", "source_sha256"),
    Field("text", "string", "the whole text; all offsets are in it"),
    Field("text_sha256", "string", "hash of the text in UTF-8"),
    Field("words", "integer", "length of the text in words"),
    Field("title", "string", "title from a table's column or the file, or null"),
    Field("date", "string", "date from there, or null; what the text says is in `facts`"),
    Field("area", "string", "coroner's area from there, or null"),
    Field("receiver", "string", "whom the report was sent to, from there, or null"),
    Field("url", "string", "where the report is on the web, or null"),
    Field("coroner", "string", "the coroner from there, or null"),
    Field("category", "string", "the publisher's own category of the report, or null"),
    *pick(FINDING, "model", "taxonomy", "pipeline"),
    Field("sources", "strings", "all that the report was read from, duplicates among them"),
    Field(
        "facts", "structs", "what the report says of itself",
        (
            Field("field", "string", "a key of `pipeline/extract/facts.toml`"),
            Field("value", "string", "what it says, dates as 2024-01-31"),
            Field("start", "integer", "where the words begin; null where a column or a file name says so"),
            Field("end", "integer", "where they end, or null"),
        ),
    ),
    Field(
        "recommendations", "structs", "calls for action",
        tuple(
            Field(
                "deadline", "struct", "by when, or null",
                (Field("value", "string", 'a date or a period ("56 days")'), *ACTOR[:2]),
            ) if field.name == "deadline" else field
            for field in _CALL if field.name != "report_id"
        ),
    ),
    VERSION,
)  # fmt: skip


def finding_rows(record: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    """The rows of a finding, each with the name of its table."""
    key = {"finding_id": record["finding_id"]}
    yield "findings", {field.name: record[field.name] for field in TABLES["findings"]}
    for category in record["categories"]:
        yield "finding_categories", {**key, "category": category["id"], "score": category["score"]}
    for actor in record["actors"]:
        yield "actors", {**key, **actor}
    for named in record["mentioned"]:
        yield "actors", {**key, **named, "role": "mentioned"}


def report_rows(report: Mapping[str, Any], *, with_text: bool) -> Iterator[tuple[str, Row]]:
    """The rows of a report as read from a store, each with the name of its table."""
    said = {fact["field"]: fact["value"] for fact in reversed(report["facts"])}
    date = report["date"] or said.get("date")
    yield "reports", {
        **{name: report[name] for name in ("report_id", "source", "source_sha256", "title", "words")},
        "source_url": report["url"], "date": date, "year": year_of(date), "area": report["area"] or said.get("area"),
        "coroner": report["coroner"] or said.get("coroner"), "source_kind": said.get("document_type"),
        "text": report["text"] if with_text else None,
        **{name: report[name] for name in ("model", "taxonomy", "pipeline")},
    }  # fmt: skip
    for call in report["recommendations"]:
        deadline = call["deadline"] and call["deadline"]["value"]
        yield "recommendations", {**call, "report_id": report["report_id"], "deadline": deadline}
