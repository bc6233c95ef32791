"""Bring readings home: gold with and without its text, what could not be read, and the reviews for the store."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.annotate.gold_rows import Known, gold_rows
from pipeline.annotate.readings import Problem, Project, whole_texts
from pipeline.annotate.records import Reading
from pipeline.corpus.standoff import standoff_of, to_json
from pipeline.errors import OffsetError
from pipeline.export.whole_file import whole_file
from pipeline.report import Passage, check_interval

GOLD, STANDOFF, PROBLEMS = "gold.jsonl", "standoff.jsonl", "problems.jsonl"
Lookup = Callable[[str], Known | None]


@dataclass(frozen=True, slots=True)
class Pulled:
    """Readings whose every offset fits their report, the gold made of them, and what was left out and why."""

    readings: tuple[Reading, ...]
    rows: tuple[dict[str, Any], ...]
    problems: tuple[Problem, ...]
    known: Mapping[str, Known]

    def passages_of(self, text_sha256: str) -> tuple[Passage, ...]:
        """The passages of a report that was read, by its text's hash."""
        return self.known[text_sha256].passages

    def text_of(self, text_sha256: str) -> str:
        """The text of a report that was read, by its hash."""
        return self.known[text_sha256].text


def pull(project: Project, lookup: Lookup, segmented: Callable[[str], tuple[Passage, ...]]) -> Pulled:
    """Check each reading against its report's text and make gold.

    `lookup` gives a report by its text's hash, as from a store, None when it has none; then the text is put together from the project's
    tasks and cut by `segmented`. A reading whose text is in neither is a problem.
    """
    joined = whole_texts(project.tasks)
    shown = {task.id: task.text for task in project.tasks}
    known: dict[str, Known] = {}
    readings: list[Reading] = []
    problems = list(project.problems)
    for reading in project.readings:
        digest = reading.part.text_sha256
        if digest not in known:
            found = lookup(digest)
            if found is None and digest in joined:
                found = Known(joined[digest], segmented(joined[digest]))
            if found is None:
                reason = (
                    "its report's text is neither in the store nor whole in the project: name the store with --store"
                )
                problems.append(Problem(reading.task, reading.annotation, "", reason))
                continue
            known[digest] = found
        fault = _fault(reading, known[digest].text, shown[reading.task])
        if fault:
            problems.append(Problem(reading.task, reading.annotation, "", fault))
        else:
            readings.append(reading)
    rows = tuple(gold_rows(readings, lambda _, digest: known[digest]))
    return Pulled(tuple(readings), rows, (*problems, *_strays(rows)), known)


def _fault(reading: Reading, text: str, shown: str) -> str | None:
    part = reading.part
    try:
        check_interval(part.start, part.end, within=len(text), what="part")
        if text[part.start : part.end] != shown:
            return f"the task shows other words than [{part.start}, {part.end}) of the report: push again"
        for marked in reading.marked:
            marked.check(part)
    except OffsetError as error:
        return str(error)
    return None


def _strays(rows: Iterable[Mapping[str, Any]]) -> Iterable[Problem]:
    """Marks on no sentence: they are in the gold's `readings`, but no sentence can carry their label."""
    for row in rows:
        for reading in row["readings"]:
            for start, end in (
                (m["start"], m["end"]) for m in reading["marked"] if [m["start"], m["end"]] in row["strays"]
            ):
                words = row["text"][start:end]
                reason = f"[{start}, {end}) {words[:60]!r} falls on no sentence: its label is in `readings` only"
                yield Problem(reading["task"], reading["annotation"], "", reason)


def write_gold(folder: Path, pulled: Pulled) -> None:
    """Write gold.jsonl (with the text), standoff.jsonl (without a word of it) and problems.jsonl into `folder`, anew each time."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / GOLD) as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in pulled.rows)
    with whole_file(folder / STANDOFF) as out:
        out.writelines(to_json(standoff_of(_dated(row))) + "\n" for row in pulled.rows)
    with whole_file(folder / PROBLEMS) as out:
        out.writelines(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in pulled.problems)


def _dated(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "url": row["url"] or "", "date": row["date"] or ""}


def comments(readings: Sequence[Reading]) -> list[tuple[str, str, str]]:
    """What annotators wrote: report, annotator, comment."""
    return [(r.part.report_id, r.annotator, r.comment) for r in readings if r.comment.strip()]
