"""Web Annotations, checked against what the recommendation says MUST be (https://www.w3.org/TR/annotation-model/)."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from export_records import finding_record, report_record
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import OffsetError, StoreError
from pipeline.export.web_annotation import AROUND, annotation, write_web_annotations

TEXT = "🚑 The crew came late.\r\nNobody told the cafe\u0301 owner.\nNo bed was free."
REPORT = report_record("r1", TEXT, url="https://reports.example.org/r1", title="A report")
IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")
MOTIVATIONS = {"assessing", "bookmarking", "classifying", "commenting", "describing", "editing", "highlighting", "identifying",
               "linking", "moderating", "questioning", "replying", "tagging"}  # fmt: skip


def written(path: Path, findings: list[Any], reports: list[Any]) -> Any:
    count = write_web_annotations(findings, path, reports=reports)
    collection = json.loads(path.read_text("utf-8"))
    assert collection["total"] == count == len(collection["first"]["items"])
    return collection


def faults(row: Any) -> list[str]:
    """What of an annotation breaks a MUST of sections 3 and 4."""
    found = []
    if not IRI.fullmatch(row.get("id", "")):
        found.append("3.1: an Annotation must have exactly one IRI that identifies it")
    if "Annotation" not in row.get("type", ()):
        found.append("3.1: the Annotation class must be given")
    if not row.get("target"):
        found.append("3.1: there must be one or more targets")
    if row.get("motivation") not in MOTIVATIONS:
        found.append("3.3.5: motivations must be of the list")
    for body in row["body"]:
        found += [f"3.3.5: purpose {body['purpose']}"] if body["purpose"] not in MOTIVATIONS else []
        if body["type"] == "TextualBody" and not isinstance(body.get("value"), str):
            found.append("3.2.4: a TextualBody must have exactly one value")
        if body["type"] == "SpecificResource" and not IRI.fullmatch(body["source"]["id"]):
            found.append("4: there must be exactly one source")
    target = row["target"]
    if target["type"] == "SpecificResource" and not IRI.fullmatch(target["source"]):
        found.append("4: there must be exactly one source, identified by an IRI")
    return [*found, *(fault for selector in target["selector"] for fault in selector_faults(selector))]


def selector_faults(selector: Any) -> list[str]:
    kind = selector["type"]
    if kind == "TextQuoteSelector" and not isinstance(selector.get("exact"), str):
        return ["4.2.4: there must be exactly 1 exact"]
    if kind == "TextPositionSelector" and not 0 <= selector["start"] <= selector["end"]:
        return ["4.2.5: start and end must be non-negative integers"]
    if kind == "FragmentSelector" and not isinstance(selector.get("value"), str):
        return ["4.2.1: a Fragment Selector must have exactly 1 value"]
    inner = selector.get("refinedBy")
    return selector_faults(inner) if inner else []


def test_a_finding_becomes_an_annotation_with_nothing_lost() -> None:
    finding = finding_record(
        REPORT, 23, 51, ["communication_gap", "own_one"], "alleged", page=3, box_pages=[3, 3], section="concerns", concern="4(b)",
        actors=[{"text": "the crew", "agency": None, "role": "responsible"}], needs_review=True, reviewed_by="Ann; Bo",
        speaker={"text": "her mother", "kind": "family"},
    )  # fmt: skip
    assert annotation(finding, TEXT, {"communication_gap": "Communication gap"}) == {
        "id": "urn:uuid:c9f1a443-a9e1-53d9-85b4-9cd7de237525",
        "type": "Annotation",
        "motivation": "classifying",
        "body": [
            {
                "type": "SpecificResource", "purpose": "classifying", "score": 0.9,
                "source": {"id": "urn:x-failings:category:communication_gap", "type": "skos:Concept",
                           "skos:prefLabel": "Communication gap", "taxonomy": "urn:x-failings:taxonomy:t1"},
            },
            {
                "type": "SpecificResource", "purpose": "classifying", "score": 0.9,
                "source": {"id": "urn:x-failings:category:own_one", "type": "skos:Concept", "skos:prefLabel": "own_one",
                           "taxonomy": "urn:x-failings:taxonomy:t1"},
            },
            {
                "type": "SpecificResource", "purpose": "classifying", "score": 0.97,
                "source": {"id": "urn:x-failings:assertion:alleged", "type": "skos:Concept", "skos:prefLabel": "alleged",
                           "taxonomy": "urn:x-failings:taxonomy:t1"},
            },
            {"type": "TextualBody", "purpose": "identifying", "value": "the crew", "format": "text/plain", "role": "responsible"},
        ],
        "target": {
            "type": "SpecificResource",
            "source": "https://reports.example.org/r1",
            "selector": [
                {"type": "TextQuoteSelector", "exact": "Nobody told the cafe\u0301 owner.",
                 "prefix": "🚑 The crew came late.\r\n", "suffix": "\nNo bed was free."},
                {"type": "TextPositionSelector", "start": 23, "end": 51},
                {"type": "FragmentSelector", "value": "page=3", "conformsTo": "http://tools.ietf.org/rfc/rfc3778",
                 "refinedBy": {"type": "TextQuoteSelector", "exact": "Nobody told the cafe\u0301 owner."}},
            ],
        },
        "creator": [{"type": "Person", "name": "Ann"}, {"type": "Person", "name": "Bo"}],
        "generator": {"id": "urn:x-failings:software:0.1", "type": "Software", "name": "failings", "version": "0.1", "model": "minilm"},
        "finding_id": finding["finding_id"], "report_id": "r1", "section": "concerns", "page": 3, "needs_review": True,
        "item": "4(b)", "report_source": "r1.txt", "title": "A report", "speaker": "her mother", "speaker_kind": "family",
    }  # fmt: skip


def test_a_quote_that_goes_on_overleaf_does_not_refine_the_page_that_it_begins_on() -> None:
    finding = finding_record(REPORT, 23, 51, page=3, box_pages=[3, 4])
    assert annotation(finding, TEXT, {})["target"]["selector"][2] == {
        "type": "FragmentSelector", "value": "page=3", "conformsTo": "http://tools.ietf.org/rfc/rfc3778",
    }  # fmt: skip


def test_a_report_without_a_web_address_is_named_by_the_hash_of_its_bytes() -> None:
    at_home = report_record("r2", TEXT)
    source = annotation(finding_record(at_home, 0, 5), TEXT, {})["target"]["source"]
    assert source == "ni:///sha-256;q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"


def test_the_collection_keeps_the_musts_of_collections_and_pages(tmp_path: Path) -> None:
    other = report_record("r2", "Nothing here.")
    findings = [finding_record(REPORT, 2, 21), finding_record(REPORT, 23, 51, page=1, box_pages=[1])]
    collection = written(tmp_path / "a.jsonld", findings, [REPORT, other])
    page = collection["first"]
    assert collection["@context"][0] == "http://www.w3.org/ns/anno.jsonld"
    assert (collection["type"], page["type"]) == ("AnnotationCollection", "AnnotationPage")
    assert (page["partOf"], collection["last"], page["startIndex"]) == (collection["id"], page["id"], 0)
    assert all(IRI.fullmatch(key) for key in (page["id"], collection["id"]))
    assert len({row["id"] for row in page["items"]}) == 2
    assert [faults(row) for row in page["items"]] == [[], []]


def test_terms_that_are_not_of_the_model_are_defined_in_the_context(tmp_path: Path) -> None:
    finding = finding_record(
        REPORT, 2, 21, actors=[{"text": "x", "agency": "Y", "role": "addressee"}], reviewed_by="Ann"
    )
    collection = written(tmp_path / "a.jsonld", [finding], [REPORT])
    of_the_model = {
        "@context", "id", "type", "label", "first", "last", "total", "items", "startIndex", "partOf", "motivation", "purpose", "body",
        "target", "source", "selector", "exact", "prefix", "suffix", "start", "end", "value", "conformsTo", "refinedBy", "format",
        "creator", "generator", "name", "skos:prefLabel",
    }  # fmt: skip
    assert keys_of({k: v for k, v in collection.items() if k != "@context"}) - of_the_model <= set(
        collection["@context"][1]
    )


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


OA, AS, DC, FOAF = (
    "http://www.w3.org/ns/oa#",
    "http://www.w3.org/ns/activitystreams#",
    "http://purl.org/dc/terms/",
    "http://xmlns.com/foaf/0.1/",
)
LINKS = {
    "body": f"{OA}hasBody", "target": f"{OA}hasTarget", "source": f"{OA}hasSource", "selector": f"{OA}hasSelector",
    "refinedBy": f"{OA}refinedBy", "conformsTo": f"{DC}conformsTo", "creator": f"{DC}creator", "generator": f"{AS}generator",
    "first": f"{AS}first", "last": f"{AS}last", "partOf": f"{AS}partOf",
}  # fmt: skip
NUMBERS = {"start": f"{OA}start", "end": f"{OA}end", "total": f"{AS}totalItems", "startIndex": f"{AS}startIndex"}
# the mappings of http://www.w3.org/ns/anno.jsonld that our annotations use, from the vocabulary (https://www.w3.org/TR/annotation-vocab/)
MODEL: dict[str, Any] = {
    "id": {"@id": "@id", "@type": "@id"}, "type": {"@id": "@type", "@type": "@id"},
    "skos": "http://www.w3.org/2004/02/skos/core#", "dcterms": DC, "schema": "http://schema.org/",
    **{name: OA + name for name in ("Annotation", "SpecificResource", "TextualBody", "FragmentSelector", "TextQuoteSelector",
                                    "TextPositionSelector", "classifying", "identifying", "exact", "prefix", "suffix")},
    "AnnotationCollection": f"{AS}OrderedCollection", "AnnotationPage": f"{AS}OrderedCollectionPage", "Software": f"{AS}Application",
    "Person": f"{FOAF}Person", "name": f"{FOAF}name", "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "value": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value", "format": "http://purl.org/dc/elements/1.1/format",
    "motivation": {"@id": f"{OA}motivatedBy", "@type": "@vocab"}, "purpose": {"@id": f"{OA}hasPurpose", "@type": "@vocab"},
    "items": {"@id": f"{AS}items", "@type": "@id", "@container": "@list"},
    **{name: {"@id": iri, "@type": "@id"} for name, iri in LINKS.items()},
    **{name: {"@id": iri, "@type": "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"} for name, iri in NUMBERS.items()},
}  # fmt: skip


def load(url: str, _options: Any) -> Any:
    """The model's context, and no other document."""
    assert url == "http://www.w3.org/ns/anno.jsonld"
    named = os.environ.get("FAILINGS_ANNO_CONTEXT")
    document = json.loads(Path(named).read_text("utf-8")) if named else {"@context": MODEL}
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}


def full_collection(path: Path) -> Any:
    """A collection of two annotations with all that one can have."""
    finding = finding_record(
        REPORT, 23, 51, ["communication_gap", "own_one"], "alleged", page=3, box_pages=[3, 3], section="concerns", concern="4(b)",
        actors=[{"text": "the crew", "agency": None, "role": "responsible"}], needs_review=True, reviewed_by="Ann; Bo",
        speaker={"text": "her mother", "kind": "family"},
    )  # fmt: skip
    return written(path, [finding_record(REPORT, 2, 21), finding], [REPORT])


def test_json_ld_reads_every_term_as_the_vocabulary_has_it(tmp_path: Path) -> None:
    jsonld = pytest.importorskip("pyld.jsonld", reason="needs pip install pyld")
    [collection] = jsonld.expand(full_collection(tmp_path / "a.jsonld"), {"documentLoader": load})
    assert collection["@type"] == [f"{AS}OrderedCollection"]
    [page] = collection[f"{AS}first"]
    [items] = page[f"{AS}items"]
    [_, found] = items["@list"]
    assert found["@type"] == [f"{OA}Annotation"]
    assert found[f"{OA}motivatedBy"] == [{"@id": f"{OA}classifying"}]
    [target] = found[f"{OA}hasTarget"]
    assert target[f"{OA}hasSource"] == [{"@id": "https://reports.example.org/r1"}]
    quote, position, overleaf = target[f"{OA}hasSelector"]
    assert quote[f"{OA}exact"] == [{"@value": TEXT[23:51]}]
    assert [position[f"{OA}{end}"][0]["@value"] for end in ("start", "end")] == [23, 51]
    assert overleaf[f"{OA}refinedBy"][0]["@type"] == [f"{OA}TextQuoteSelector"]
    assert found["urn:x-failings:terms:needs_review"] == [{"@value": True}]


def test_json_ld_loses_nothing(tmp_path: Path) -> None:
    """What no context maps, a processor drops: expanded and compacted again, the collection is the same."""
    jsonld = pytest.importorskip("pyld.jsonld", reason="needs pip install pyld")
    collection = full_collection(tmp_path / "a.jsonld")
    options = {"documentLoader": load}
    back = jsonld.compact(jsonld.expand(collection, options), collection["@context"], options)
    assert bare(back) == bare(collection)


def bare(value: Any) -> Any:
    """Without lists of one, which JSON-LD holds to be the same as what is in them."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return bare(value[0]) if len(value) == 1 else [bare(inner) for inner in value]
    return value


def test_no_findings_are_an_empty_collection(tmp_path: Path) -> None:
    assert written(tmp_path / "a.jsonld", [], [REPORT])["first"]["items"] == []


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_web_annotations([finding_record(REPORT, 2, 21)], tmp_path / name, reports=[REPORT])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_findings_are_another_collection(tmp_path: Path) -> None:
    spans = ((2, 21), (23, 51))
    ids = {written(tmp_path / "a", [finding_record(REPORT, *span)], [REPORT])["id"] for span in spans}
    assert len(ids) == 2


def test_a_quote_that_is_not_the_text_s_is_refused_and_nothing_written(tmp_path: Path) -> None:
    finding = {**finding_record(REPORT, 2, 21), "quote": "The crew came soon."}
    with pytest.raises(OffsetError, match="is not what its text reads there"):
        write_web_annotations([finding], tmp_path / "a", reports=[REPORT])
    assert not list(tmp_path.iterdir())


def test_findings_of_a_report_that_is_gone_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="findings of r1 without its text"):
        write_web_annotations([finding_record(REPORT, 2, 21)], tmp_path / "a", reports=[])


@given(st.text(st.sampled_from("ab \r\n\u0301é🚑"), min_size=1, max_size=120), st.data())
def test_quote_and_positions_say_the_same(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    row = json.loads(json.dumps(annotation(finding_record(report_record("r", text), start, end), text, {})))
    quote, position = row["target"]["selector"]
    assert text[position["start"] : position["end"]] == quote["exact"]
    assert text[: position["start"]].endswith(quote["prefix"])
    assert text[position["end"] :].startswith(quote["suffix"])
    assert (len(quote["prefix"]), len(quote["suffix"])) == (min(AROUND, start), min(AROUND, len(text) - end))
