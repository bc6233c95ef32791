"""Made-up reports and findings, as export records, for the tests of the HTML report."""

from collections.abc import Sequence
from typing import Any

HOSTILE = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \" ' & \u2028 &amp; {{ 7 * 7 }}"


def report(report_id: str, text: str, **given: Any) -> dict[str, Any]:
    """A report as `read_reports` gives it."""
    return {
        "report_id": report_id, "source": f"reports/{report_id}.txt", "source_sha256": "0" * 64, "text": text,
        "text_sha256": "0" * 64, "words": len(text.split()), "title": None, "date": None, "area": None, "receiver": None,
        "url": None, "coroner": None, "category": None, "model": "m-1", "taxonomy": "t-1", "pipeline": "0.1.0", "sources": [],
        "facts": [], "recommendations": [], **given,
    }  # fmt: skip


def finding(
    finding_id: str, start: int, end: int, text: str, *, report_id: str = "one", assertion: str = "failing", score: float = 0.91,
    categories: Sequence[str] = ("communication_gap", "bed_shortage"), agency_types: Sequence[str] = (), needs_review: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A finding as `read_findings` gives it; its first category has `score`, the others 0.4."""
    actors = [{"start": start, "end": end, "text": text[start:end], "agency": None, "agency_type": kind, "resolved": False,
               "role": "responsible"} for kind in agency_types]  # fmt: skip
    return {
        "finding_id": finding_id, "report_id": report_id, "source": "reports/x.txt", "source_url": None, "source_sha256": "0" * 64,
        "title": None, "date": None, "area": None, "section": "concerns", "concern": None, "page": 1, "boxes": [], "box_pages": [],
        "start": start, "end": end, "quote": text[start:end], "link": "https://example.org/r#:~:text=words", "assertion": assertion,
        "assertion_score": 0.9, "categories": [{"id": c, "score": 0.4 if n else score} for n, c in enumerate(categories)],
        "actors": actors, "mentioned": [], "speaker": None, "needs_review": needs_review, "reviewed_by": None, "model": "m-1",
        "taxonomy": "t-1", "pipeline": "0.1.0",
    }  # fmt: skip
