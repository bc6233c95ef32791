"""W3C Web Annotations (JSON-LD): a collection with one page, one annotation a finding.

Model: https://www.w3.org/TR/annotation-model/. Positions are in Unicode code points of the report's text, as the model asks.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from pipeline.export.by_report import by_report
from pipeline.export.whole_file import whole_file
from pipeline.taxonomy import load_taxonomy

Record = Mapping[str, Any]
Json = dict[str, Any]

TERMS = "urn:x-failings:"
CONTEXT = [
    "http://www.w3.org/ns/anno.jsonld",
    {
        "failings": f"{TERMS}terms:",
        **{term: f"failings:{term}" for term in ("score", "role", "page", "section", "item", "needs_review", "finding_id",
                                                 "report_id", "report_source", "model", "speaker", "speaker_kind")},
        "taxonomy": {"@id": "skos:inScheme", "@type": "@id"},
        "version": "schema:softwareVersion",
        "title": "dcterms:title",
    },
]  # fmt: skip
AROUND = 32  # characters of text before and after the quote
PDF_FRAGMENTS = (
    "http://tools.ietf.org/rfc/rfc3778"  # as the model names it; RFC 8118, its successor, has the same `page`
)
_OURS = UUID("5d0f5f0a-0f2e-5d1c-8a53-6f3c1c9f7b21")


def write_web_annotations(records: Iterable[Record], path: Path, *, reports: Iterable[Record]) -> int:
    """Write an AnnotationCollection, an annotation a line; return how many.

    `reports` are those of `read_reports`, in the order of `records`. One report at a time is held in memory.
    """
    names = {c.id: c.name for c in load_taxonomy().categories}
    key, count = _OURS, 0
    with whole_file(path) as file:
        file.write(f'{{"@context": {_json(CONTEXT)}, "type": "AnnotationCollection", "label": "Findings",\n')
        file.write('"first": {"type": "AnnotationPage", "startIndex": 0, "items": [')
        for report, mine in by_report(records, reports):
            for record in mine:
                file.write(",\n" * bool(count) or "\n")
                file.write(_json(annotation(record, report["text"], names)))
                key, count = uuid5(key, record["finding_id"]), count + 1
        collection, page = key.urn, uuid5(key, "page").urn
        file.write(f'\n], "id": "{page}", "partOf": "{collection}"}},\n')
        file.write(f'"last": "{page}", "total": {count}, "id": "{collection}"}}\n')
    return count


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def annotation(finding: Record, text: str, names: Mapping[str, str]) -> Json:
    """A finding as an annotation of its report; `names` are the categories' names by id."""
    bodies = [*_categories(finding, names), _assertion(finding), *map(_actor, finding["actors"])]
    said = (
        {"speaker": finding["speaker"]["text"], "speaker_kind": finding["speaker"]["kind"]}
        if finding["speaker"]
        else {}
    )
    people = [{"type": "Person", "name": name} for name in (finding["reviewed_by"] or "").split("; ") if name]
    return {
        "id": uuid5(_OURS, finding["finding_id"]).urn, "type": "Annotation", "motivation": "classifying",
        "body": bodies, "target": _target(finding, text), **({"creator": people} if people else {}), "generator": _generator(finding),
        **_known({name: finding[name] for name in ("finding_id", "report_id", "section", "page", "needs_review")}),
        **_known({"item": finding["concern"], "report_source": finding["source"], "title": finding["title"]}), **said,
    }  # fmt: skip


def _known(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _concept(kind: str, key: str, name: str, finding: Record) -> Json:
    scheme = f"{TERMS}taxonomy:{finding['taxonomy']}"
    return {"id": f"{TERMS}{kind}:{key}", "type": "skos:Concept", "skos:prefLabel": name, "taxonomy": scheme}


def _categories(finding: Record, names: Mapping[str, str]) -> Iterator[Json]:
    for category in finding["categories"]:
        concept = _concept("category", category["id"], names.get(category["id"], category["id"]), finding)
        yield {"type": "SpecificResource", "purpose": "classifying", "source": concept, "score": category["score"]}


def _assertion(finding: Record) -> Json:
    concept = _concept("assertion", finding["assertion"], finding["assertion"], finding)
    return {
        "type": "SpecificResource",
        "purpose": "classifying",
        "source": concept,
        "score": finding["assertion_score"],
    }


def _actor(actor: Record) -> Json:
    words = {"type": "TextualBody", "purpose": "identifying", "value": actor["agency"] or actor["text"]}
    return {**words, "format": "text/plain", "role": actor["role"]}


def _target(finding: Record, text: str) -> Json:
    start, end = finding["start"], finding["end"]
    quote = {"type": "TextQuoteSelector", "exact": text[start:end]}
    around = {"prefix": text[max(0, start - AROUND) : start], "suffix": text[end : end + AROUND]}
    selectors = [{**quote, **around}, {"type": "TextPositionSelector", "start": start, "end": end}]
    if finding["page"] is not None:
        selectors.append(_page(finding["page"], finding["box_pages"], quote))
    return {"type": "SpecificResource", "source": source_iri(finding), "selector": selectors}


def _page(number: int, box_pages: Sequence[int], quote: Json) -> Json:
    """The page of a PDF, refined by the quote where that does not go on overleaf."""
    page = {"type": "FragmentSelector", "value": f"page={number}", "conformsTo": PDF_FRAGMENTS}
    return page if len(set(box_pages)) > 1 else {**page, "refinedBy": quote}


def source_iri(finding: Record) -> str:
    """The report's web address, or its name by the hash of its bytes (RFC 6920) where it has none."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(finding["source_sha256"])).decode().rstrip("=")
    return finding["source_url"] or f"ni:///sha-256;{digest}"


def _generator(finding: Record) -> Json:
    return {
        "id": f"{TERMS}software:{finding['pipeline']}", "type": "Software", "name": "failings",
        "version": finding["pipeline"], "model": finding["model"],
    }  # fmt: skip
