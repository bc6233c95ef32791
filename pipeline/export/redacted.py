"""Export records without the names of private persons; offsets are those of the redacted text."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from pipeline.redact import Redaction, redaction
from pipeline.report import Fact

Record = dict[str, Any]
NAMING = ("deceased",)


def redacted_findings(
    records: Iterable[Mapping[str, Any]], report_of: Callable[[str], Mapping[str, Any]]
) -> Iterator[Record]:
    """Findings as exported, report by report, redacted; `report_of` gives the export record of a report by its id."""
    for report_id, mine in groupby(records, key=lambda r: str(r["report_id"])):
        report = report_of(report_id)
        mask = _mask(report)
        for record in mine:
            yield _finding(record, mask, report)


def redacted_report(report: Mapping[str, Any]) -> Record:
    """A report as exported by `--with-text`."""
    mask = _mask(report)
    return {
        **report,
        "report_id": _anonymous_id(report), "source": _source(report), "url": None, "text": mask.text,
        "sources": [_source(report)],
        **{name: report[name] and mask.words(report[name]) for name in ("title", "receiver")},
        "facts": [_spanned(f, mask) | {"value": mask.words(f["value"])} for f in report["facts"] if f["field"] not in NAMING],
        "recommendations": [_recommendation(r, mask) for r in report["recommendations"]],
    }  # fmt: skip


def _mask(report: Mapping[str, Any]) -> Redaction:
    facts = [Fact(f["field"], f["value"], f["start"], f["end"]) for f in report["facts"]]
    return redaction(report["text"], facts, url=report["url"], title=report["title"], source=report["source"])


def _anonymous_id(report: Mapping[str, Any]) -> str:
    """An id for a report without the name of its source."""
    return f"report-{report['text_sha256'][:12]}"


def _source(report: Mapping[str, Any]) -> str:
    """A file name without names: the id, and what kind of file it was."""
    return _anonymous_id(report) + PurePosixPath(report["source"].partition("#")[0]).suffix


def _finding(record: Mapping[str, Any], mask: Redaction, report: Mapping[str, Any]) -> Record:
    return {
        **record, **_quoted(record, mask), "report_id": _anonymous_id(report), "source": _source(report),
        "source_url": None, "link": None, "title": record["title"] and mask.words(record["title"]),
        "reviewed_by": record["reviewed_by"] and "reviewer",
        "actors": [_named(a, mask) for a in record["actors"]],
        "mentioned": [_named(a, mask) for a in record["mentioned"]],
        "speaker": record["speaker"] and _named(record["speaker"], mask),
    }  # fmt: skip


def _recommendation(record: Mapping[str, Any], mask: Redaction) -> Record:
    return {
        **record, **_quoted(record, mask), "deadline": record["deadline"] and _spanned(record["deadline"], mask),
        "addressees": [_named(a, mask) for a in record["addressees"]],
    }  # fmt: skip


def _quoted(record: Mapping[str, Any], mask: Redaction) -> Record:
    start, end = mask.span(record["start"], record["end"])
    return {"start": start, "end": end, "quote": mask.text[start:end]}


def _named(record: Mapping[str, Any], mask: Redaction) -> Record:
    spanned = _spanned(record, mask)
    return {**spanned, "text": mask.text[spanned["start"] : spanned["end"]]}


def _spanned(record: Mapping[str, Any], mask: Redaction) -> Record:
    if record["start"] is None:
        return dict(record)
    start, end = mask.span(record["start"], record["end"])
    return {**record, "start": start, "end": end}
