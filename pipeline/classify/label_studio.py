"""Read a Label Studio export (JSON, not JSON_MIN): which passages of each task the annotators put under which categories.

Spans count where their control is a `Labels`; whole tasks where it is a `Choices` named category or categories. Offsets
are code points of the task's text; `value.text` is not looked at, since the browser writes line ends into it otherwise.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.classify.sentences import LabelledText
from pipeline.errors import GoldError, OffsetError
from pipeline.extract.sections import classified
from pipeline.extract.segment import load_segmenter
from pipeline.report import Passage, check_interval

WHOLE = ("category", "categories")
Span = tuple[int, int, str]


def read_export(path: Path, content: str) -> list[LabelledText]:
    """Read all annotated tasks; raise GoldError that names the task that does not fit.

    A passage is labelled by a span that covers half of it, or lies in it by half. A passage that no span covers is about
    none of the categories: the annotator has seen it. Where several have annotated a task, more than half must agree,
    unless one annotation is marked as the ground truth.
    """
    try:
        tasks = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise GoldError(f"{path}: not JSON ({error})") from error
    if not isinstance(tasks, list):
        raise GoldError(f"{path}: not a list of tasks; export the project as JSON")
    segmented = load_segmenter().passages
    found = []
    for number, task in enumerate(tasks, 1):
        place = f"{path}, task {task.get('id', number) if isinstance(task, dict) else number}"
        try:
            found += _task(task, place, segmented)
        except (KeyError, TypeError, ValueError, AttributeError, OffsetError) as error:
            raise GoldError(f"{place}: not an exported task ({type(error).__name__}: {error})") from error
    return found


def _task(task: Mapping[str, Any], place: str, segmented: Callable[[str], tuple[Passage, ...]]) -> list[LabelledText]:
    text, data = task["data"]["text"], task["data"]
    annotations = [a for a in task["annotations"] if not a.get("was_cancelled")]
    annotations = [a for a in annotations if a.get("ground_truth")] or annotations
    if not annotations:
        return []
    wholes = [_choices(a["result"]) for a in annotations]
    if any(wholes):
        passages: tuple[Passage, ...] = (Passage(0, len(text)),)
        votes = [[whole] for whole in wholes]
    else:
        passages = classified(segmented(text))
        votes = [_on_passages(_spans(a["result"], len(text)), passages) for a in annotations]
    report = str(data.get("report_id") or data.get("report") or data.get("title") or place * (len(passages) > 1))
    return [LabelledText(report, text, passages, _agreed(votes, len(passages)), place)]


def _choices(result: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(
        name
        for row in result
        if row.get("type") == "choices" and row["from_name"] in WHOLE and "start" not in row["value"]
        for name in row["value"]["choices"]
    )


def _spans(result: Sequence[Mapping[str, Any]], length: int) -> list[Span]:
    spans = []
    for row in result:
        if row.get("type") == "labels":
            start, end = row["value"]["start"], row["value"]["end"]
            check_interval(start, end, within=length, what="span")
            spans += [(start, end, name) for name in row["value"]["labels"]]
    return spans


def _on_passages(spans: Sequence[Span], passages: Sequence[Passage]) -> list[frozenset[str]]:
    return [frozenset(name for start, end, name in spans if _covers(start, end, p)) for p in passages]


def _covers(start: int, end: int, passage: Passage) -> bool:
    shared = min(end, passage.end) - max(start, passage.start)
    return shared > 0 and shared * 2 >= min(end - start, passage.end - passage.start)


def _agreed(votes: Sequence[Sequence[frozenset[str]]], passages: int) -> tuple[frozenset[str], ...]:
    agreed = []
    for passage in range(passages):
        count = Counter(name for vote in votes for name in vote[passage])
        agreed.append(frozenset(name for name, n in count.items() if n * 2 > len(votes)))
    return tuple(agreed)
