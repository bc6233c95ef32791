"""The model that answers annotators: predictions for tasks, made from the text of the task alone."""

import logging
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pipeline.analyser import Analyser, load_analyser
from pipeline.annotate.model_shelf import ModelShelf
from pipeline.annotate.records import Part
from pipeline.annotate.regions import Row, as_result
from pipeline.annotate.suggestions import suggested
from pipeline.classify.load import load_classifier
from pipeline.errors import AnnotateError, FailingsError, ModelError
from pipeline.report import Finding, Report
from pipeline.taxonomy import Taxonomy

REMEMBERED = 2000
_log = logging.getLogger(__name__)


class RunningModel:
    """The model in use on a shelf, loaded; safe to ask from several threads.

    Texts are read by one thread in the order in which they were asked for, so that no asker waits for another's whole batch.
    """

    def __init__(self, shelf: ModelShelf, taxonomy: Taxonomy, *, threads: int = 1) -> None:
        self._shelf = shelf
        self._taxonomy = taxonomy
        self._threads = threads
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="predictions")
        self._use(load_analyser(shelf.current, taxonomy.ids, threads=threads))

    @property
    def version(self) -> str:
        """The version of the model that answers."""
        return self._analyser.model.version

    def prediction(self, task: Any) -> Future[Row]:
        """Label Studio's prediction for a task as it sends it; one that `annotate push` did not make gets an empty one."""
        return self._reader.submit(self._predict, task)

    def promote(self, version: str) -> None:
        """Put another model of the shelf into use; when it cannot be loaded, raise ModelError and go on with the old one."""
        folder = self._shelf.folder_of(version)
        try:
            classifier = load_classifier(folder, threads=self._threads)
        except RuntimeError as error:  # OpenVINO's only kind
            raise ModelError(f"{folder} cannot be loaded: {error}") from error
        self._shelf.promote(version)
        self._use(replace(self._analyser, classifier=classifier))

    def _use(self, analyser: Analyser) -> None:
        """Findings are remembered by text: when Label Studio gives up on a long batch and asks again, it goes on from there."""

        @lru_cache(maxsize=REMEMBERED)
        def found(text: str) -> tuple[Finding, ...]:
            return analyser.analyse(Report(text, "task", "")).findings

        self._running = (analyser, found)

    @property
    def _analyser(self) -> Analyser:
        return self._running[0]

    def _predict(self, task: Any) -> Row:
        analyser, found = self._running
        result: list[Row] = []
        try:
            part, text = part_of(task)
            result = as_result([suggested(f, at=part.start) for f in found(text)], part, self._taxonomy)
        except FailingsError as error:
            _log.warning("no prediction for task %s: %s", task.get("id") if isinstance(task, Mapping) else "?", error)
        score = max((row["score"] for row in result if row["type"] == "labels" and "score" in row), default=0.0)
        return {"result": result, "score": score, "model_version": analyser.model.version}


def part_of(task: Any) -> tuple[Part, str]:
    """The part of a report that a task shows, and its text; raise AnnotateError when it is none that `annotate push` made."""
    data = task.get("data") if isinstance(task, Mapping) else None
    if not isinstance(data, Mapping):
        raise AnnotateError("it has no data")
    wrong = [name for name in ("text", "report_id", "text_sha256") if not isinstance(data.get(name), str)]
    wrong += [name for name in ("start", "end") if type(data.get(name)) is not int]
    if wrong:
        raise AnnotateError(f"its data lack {', '.join(wrong)}: `failings annotate push` did not make it")
    part, text = Part(data["report_id"], data["text_sha256"], data["start"], data["end"]), data["text"]
    if not 0 <= part.start < part.end or part.end - part.start != len(text):
        raise AnnotateError(f"its text of {len(text)} characters is not [{part.start}, {part.end}) of a report")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise AnnotateError("its text is not Unicode: it holds half a character")
    return part, text
