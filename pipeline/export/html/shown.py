"""What the pages show: reports and findings from export records, with names where the records have ids."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from pipeline.errors import UsageError
from pipeline.taxonomy import load_taxonomy

Record = Mapping[str, Any]
ASSERTION_NAMES = {
    "failing": "Failing",
    "alleged": "Alleged",
    "recommendation": "Recommendation",
    "remedied": "Remedied or denied",
}
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}")
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding on a page; `number` counts from 1 in its report, `categories` are ids with scores, most probable first."""

    number: int
    finding_id: str
    start: int
    end: int
    quote: str
    assertion: str
    assertion_score: float
    categories: tuple[tuple[str, float], ...]
    agency_types: tuple[str, ...]
    who: tuple[tuple[str, str], ...]  # what they have to do with it, and their name
    place: str
    link: str | None
    needs_review: bool
    reviewed_by: str | None

    @property
    def score(self) -> float:
        """Score of the most probable category, 0 without any."""
        return self.categories[0][1] if self.categories else 0.0

    @property
    def label(self) -> str:
        """Assertion and categories with their scores, in words."""
        named = ", ".join(f"{category_name(key)} {score:.2f}" for key, score in self.categories)
        review = ", needs review" if self.needs_review else ""
        return f"{assertion_name(self.assertion)}: {named or 'no category'}{review}"


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report on a page, without its text; `page` is the name of its file, `facts` are pairs of name and value."""

    report_id: str
    title: str
    date: str
    area: str
    words: int
    url: str | None
    facts: tuple[tuple[str, str], ...]
    findings: int
    to_review: int

    @property
    def year(self) -> str:
        """The year of its date, or empty."""
        return self.date[:4]

    @property
    def page(self) -> str:
        """A file name, safe on every file system."""
        safe = _FILE_NAME.fullmatch(self.report_id)
        return f"{self.report_id if safe else sha256(self.report_id.encode()).hexdigest()[:16]}.html"


def in_step(reports: Iterable[Record], records: Iterable[Record]) -> Iterator[tuple[Record, list[Record]]]:
    """Each report with its findings; both come in the same order of reports.

    Raises:
        UsageError: findings of a report that `reports` does not give.
    """
    groups = groupby(records, key=lambda record: str(record["report_id"]))
    group = next(groups, None)
    for report in reports:
        if group and group[0] == report["report_id"]:
            yield report, list(group[1])
            group = next(groups, None)
        else:
            yield report, []
    if group:
        raise UsageError(f"findings of report {group[0]}, but no such report; was the store changed meanwhile?")


def shown_report(report: Record, findings: Iterable[ShownFinding]) -> ShownReport:
    """A report as a page shows it."""
    findings = tuple(findings)
    named = (("Date", "date"), ("Area", "area"), ("Coroner", "coroner"), ("Sent to", "receiver"), ("Source", "source"))
    facts = tuple((name, str(report[key])) for name, key in named if report[key])
    return ShownReport(
        report["report_id"], _title(report), report["date"] or "", report["area"] or "", report["words"],
        web_address(report["url"]), facts, len(findings), sum(f.needs_review for f in findings),
    )  # fmt: skip


def shown_finding(number: int, record: Record) -> ShownFinding:
    """A finding as a page shows it."""
    return ShownFinding(
        number, record["finding_id"], record["start"], record["end"], record["quote"], record["assertion"],
        record["assertion_score"], tuple((c["id"], c["score"]) for c in record["categories"]),
        tuple(dict.fromkeys(a["agency_type"] for a in record["actors"])), tuple(_who(record)), _place(record),
        web_address(record["link"]), record["needs_review"], record["reviewed_by"],
    )  # fmt: skip


def _title(report: Record) -> str:
    return report["title"] or PurePosixPath(report["source"]).name or report["report_id"]


def _who(record: Record) -> Iterator[tuple[str, str]]:
    """By whom the lapse, to whom the call, and who says so."""
    for role, word in (("responsible", "by"), ("addressee", "to")):
        for name in dict.fromkeys(_name(actor) for actor in record["actors"] if actor["role"] == role):
            yield word, name
    if record["speaker"]:
        yield "said by", _name(record["speaker"])


def _name(named: Record) -> str:
    return named.get("agency") or " ".join(named["text"].split())


def _place(record: Record) -> str:
    parts = (("page", record["page"]), ("concern", record["concern"]), ("section", record["section"]))
    return ", ".join(f"{name} {str(value).replace('_', ' ')}" for name, value in parts if value)


def web_address(address: str | None) -> str | None:
    """The address where it is one of the web; any other scheme could run something."""
    return address if address and _WEB.match(address) else None


def assertion_name(assertion: str) -> str:
    """How a page calls an assertion."""
    return ASSERTION_NAMES.get(assertion, assertion)


def category_name(category: str) -> str:
    """How a page calls a category: its name in the taxonomy, or the id."""
    return _category_names().get(category, category)


def agency_type_name(agency_type: str) -> str:
    """How a page calls a kind of agency."""
    return _agency_type_names().get(agency_type, agency_type)


@cache
def _category_names() -> dict[str, str]:
    return {category.id: category.name for category in load_taxonomy().categories}


@cache
def _agency_type_names() -> dict[str, str]:
    names: dict[str, str] = tomllib.loads(files("pipeline.extract").joinpath("agencies.toml").read_text("utf-8"))[
        "types"
    ]
    return names


def category_order(category: str) -> tuple[int, str]:
    """Sorts categories as the taxonomy has them, others behind it by id."""
    known = list(_category_names())
    return (known.index(category) if category in known else len(known), category)
