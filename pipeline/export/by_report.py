"""Findings beside the reports that they are in."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from pipeline.errors import OffsetError, StoreError
from pipeline.report import check_interval

Record = Mapping[str, Any]


def by_report(records: Iterable[Record], reports: Iterable[Record]) -> Iterator[tuple[Record, list[Record]]]:
    """Yield every report with its findings; both come in the same order of reports, and one report at a time is held.

    Raises:
        StoreError: findings of a report that is not among `reports`, or in another order.
        OffsetError: a quote that is not the words at its offsets.
    """
    groups = groupby(records, key=lambda r: str(r["report_id"]))
    waiting = next(groups, None)
    for report in reports:
        mine: list[Record] = []
        if waiting and waiting[0] == report["report_id"]:
            mine = list(waiting[1])
            waiting = next(groups, None)
        for record in mine:
            _check(record, report)
        yield report, mine
    if waiting:
        raise StoreError(f"findings of {waiting[0]} without its text: the store changed meanwhile; export again")


def _check(record: Record, report: Record) -> None:
    start, end, text = record["start"], record["end"], report["text"]
    check_interval(start, end, within=len(text), what=f"finding {record['finding_id']}")
    if text[start:end] != record["quote"]:
        raise OffsetError(f"finding {record['finding_id']} of {record['report_id']} is not what its text reads there")
