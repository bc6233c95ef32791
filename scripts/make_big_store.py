"""Fill a store with made-up reports and findings, the same each time: `python scripts/make_big_store.py big.db 200000`.

The words come from a dozen sentences of our own and mean nothing; what matters is that the rows look like real ones in number, length and
links. Reports are written table by table, without reading any.
"""

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from pipeline.report import sha256
from pipeline.store.connect import open_engine
from pipeline.store.schema import (
    actors,
    addressees,
    answers,
    facts,
    finding_categories,
    findings,
    recommendations,
    reports,
    sources,
)

SENTENCES = (
    "Nobody told the crew that the gate was locked.", "The ward had no bed for her that night. 🛏️",
    "The risk assessment was copied from an earlier one;\nno one read it.", "=SUM of all that was missed, as the nurse put it.",
    "Staff didn’t know the policy, “as there was none”.", "The care plan, dated 2019, was never reviewed.",
    "Calls were answered after 41 minutes; the target was 7.", "- the family was not asked what they had seen,",
    "The trust should review how notes are handed over.", "It was said that the alarm had been off for weeks.",
    "Since then every cell has been fitted with a new bell.", "No interpreter was booked, though one had been asked for.",
)  # fmt: skip
CATEGORIES = (
    "communication_gap",
    "restraint",
    "locked_door",
    "bed_shortage",
    "risk_assessment",
    "training",
    "staffing",
    "policy",
)
BODIES = (("Fellside Ambulance Service", "ambulance"), ("Lode Valley Hospitals NHS Trust", "acute_trust"),
          ("Tarnshire Police", "police"), ("the surgery", "primary_care"), ("HMP Marl", "prison_probation"))  # fmt: skip
KINDS = ("coroners_report", "coroners_report", "case_review", "inquiry")
AREAS = ("Northshire", "Tarnwick and the Fells", "Lodeland")
ASSERTIONS = ("failing", "failing", "failing", "alleged", "recommendation", "remedied")
VERSIONS = {"model": "made-up", "taxonomy": "made-up", "pipeline": "made-up"}
REPORTS_AT_ONCE = 200

Rows = list[tuple[sa.Table, dict[str, Any]]]


def fill(engine: Engine, *, findings_wanted: int, each: int = 40, seed: int = 7) -> int:
    """Put reports with `each` findings into an empty store; return how many reports."""
    count = -(-findings_wanted // each)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "PRAGMA cache_size = -200000"
            )  # keys come in no order: without it every row is a page read
        for first in range(0, count, REPORTS_AT_ONCE):
            held: dict[sa.Table, list[dict[str, Any]]] = {}
            for number in range(first, min(first + REPORTS_AT_ONCE, count)):
                here = min(each, findings_wanted - number * each)
                for table, row in report_rows(number, here, random.Random(f"{seed}-{number}")):  # noqa: S311
                    held.setdefault(table, []).append(row)
            for table, rows in held.items():
                connection.execute(sa.insert(table), rows)
        connection.commit()
    return count


def report_rows(number: int, each: int, draw: random.Random) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    """The rows of one report; every tenth has no date."""
    quotes = [f"{draw.choice(SENTENCES)} {draw.choice(SENTENCES)} ({number}.{at})" for at in range(each)]
    filler = " ".join(draw.choices(SENTENCES, k=5))
    text = "".join(f"{quote}\n{filler}\n" for quote in quotes)
    report_id, digest = f"made-up-{number:06}", sha256(text.encode())
    date, area = _date(number, draw), draw.choice(AREAS)
    yield reports, {"report_id": report_id, "source": f"made_up/{number}.txt", "source_sha256": digest, "text": text,
                    "text_sha256": digest, "words": len(text.split()), "title": f"Made-up report {number}", "date": date,
                    "area": area, "url": f"https://made-up.example.org/{number}", **VERSIONS}  # fmt: skip
    yield (
        sources,
        {"source": f"made_up/{number}.txt", "source_sha256": digest, "report_id": report_id, "duplicate": None},
    )
    said = {"date": date, "area": area, "document_type": draw.choice(KINDS)}
    for at, (name, value) in enumerate((name, value) for name, value in said.items() if value):
        yield facts, {"report_id": report_id, "number": at, "field": name, "value": value}
    start, keys = 0, []
    for quote in quotes:
        keys.append(key := sha256(f"{digest}:{start}".encode())[:16])
        yield from _finding(key, report_id, start, quote, draw)
        start += len(quote) + len(filler) + 2
    yield from _call(keys, report_id, quotes[0], draw)


def _date(number: int, draw: random.Random) -> str | None:
    return (
        None if number % 10 == 9 else f"{2014 + draw.randrange(12)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
    )


def _finding(key: str, report_id: str, start: int, quote: str, draw: random.Random) -> Rows:
    linked = f"https://made-up.example.org/#:~:text={start}"
    row = {"id": int(key, 16) >> 1, "finding_id": key, "report_id": report_id, "start_char": start, "end_char": start + len(quote),
           "quote": quote, "section": "concerns", "page": 1 + start // 3000, "concern": str(1 + start // 5000),
           "boxes": [[1, 72.0, 90.5 + line, 520.25, 102.5 + line] for line in (0, 14)], "assertion": draw.choice(ASSERTIONS),
           "assertion_score": round(draw.uniform(0.5, 1), 4), "needs_review": draw.random() < 0.3, "link": linked,
           "reviewed_by": "a@example.org" if draw.random() < 0.1 else None}  # fmt: skip
    chosen = draw.sample(CATEGORIES, k=draw.randint(1, 3))
    named = draw.sample(BODIES, k=draw.randint(0, 2))
    return [
        (findings, row),
        *((finding_categories, {"finding_id": key, "category": c, "score": round(draw.uniform(0.3, 1), 4)}) for c in chosen),
        *((actors, {"finding_id": key, "start_char": start + at, "end_char": start + at + 4, "text": quote[at : at + 4],
                    "agency": body, "agency_type": kind, "role": draw.choice(("responsible", "mentioned")), "resolved": False})
          for at, (body, kind) in enumerate(named)),
    ]  # fmt: skip


def _call(keys: list[str], report_id: str, quote: str, draw: random.Random) -> Rows:
    body, kind = draw.choice(BODIES)
    row = {"recommendation_id": keys[0], "report_id": report_id, "start_char": 0, "end_char": len(quote), "quote": quote,
           "concern": "1", "deadline": "56 days", "deadline_start_char": 0, "deadline_end_char": 4}  # fmt: skip
    to = {"recommendation_id": keys[0], "start_char": 0, "end_char": 4, "text": quote[:4], "agency": body, "agency_type": kind,
          "resolved": False}  # fmt: skip
    return [(recommendations, row), (addressees, to), (answers, {"recommendation_id": keys[0], "finding_id": keys[-1]})]


def main() -> None:
    """Make a store at the path given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("findings", type=int, nargs="?", default=200_000)
    parser.add_argument("--each", type=int, default=40, help="findings a report (default: 40)")
    args = parser.parse_args()
    engine = open_engine(f"sqlite:///{args.store}", create=True)
    count = fill(engine, findings_wanted=args.findings, each=args.each)
    print(json.dumps({"reports": count, "findings": args.findings}))


if __name__ == "__main__":
    main()
