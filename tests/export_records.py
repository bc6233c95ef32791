"""Export records of findings and reports, made by hand, for the tests of writers."""

from collections.abc import Sequence
from typing import Any

from pipeline.report import sha256

Record = dict[str, Any]


def report_record(report_id: str, text: str, **more: Any) -> Record:
    plain = dict.fromkeys(("url", "title", "date", "area", "receiver", "coroner"))
    return {
        "report_id": report_id, "source": f"{report_id}.txt", "text": text, "text_sha256": sha256(text.encode()), **plain,
        "model": "minilm", "taxonomy": "t1", "pipeline": "0.1", **more,
    }  # fmt: skip


def finding_record(
    report: Record, start: int, end: int, categories: Sequence[str] = ("restraint",), assertion: str = "failing", **more: Any
) -> Record:  # fmt: skip
    return {
        "finding_id": sha256(f"{report['text_sha256']}:{start}:{end}".encode())[:16], "report_id": report["report_id"],
        "source": report["source"], "source_url": report["url"], "source_sha256": "ab" * 32, "title": report["title"],
        "date": None, "area": None, "section": None, "concern": None, "page": None, "boxes": [], "box_pages": [],
        "start": start, "end": end, "quote": report["text"][start:end], "link": None,
        "assertion": assertion, "assertion_score": 0.97, "categories": [{"id": c, "score": 0.9} for c in categories],
        "actors": [], "mentioned": [], "speaker": None, "needs_review": False, "reviewed_by": None,
        "model": "minilm", "taxonomy": "t1", "pipeline": "0.1", **more,
    }  # fmt: skip
