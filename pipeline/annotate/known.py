"""Reports of a store as annotators were shown them, found by the hash of their text."""

from collections.abc import Callable

from sqlalchemy.engine import Engine

from pipeline.annotate.gold_rows import Known
from pipeline.store.reports import read_passages, read_report_of_text


def lookup_in(engine: Engine | None) -> Callable[[str], Known | None]:
    """What finds a report in a store by its text's hash; without a store it finds nothing."""

    def lookup(text_sha256: str) -> Known | None:
        report = read_report_of_text(engine, text_sha256) if engine is not None else None
        if report is None or engine is None:
            return None
        facts = {fact["field"]: fact["value"] for fact in report["facts"]}
        kind = facts.get("document_type", "other")
        passages = read_passages(engine, report["report_id"])
        return Known(report["text"], passages, kind, report["url"], report["date"])

    return lookup
