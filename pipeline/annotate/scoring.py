"""Read the reports of a store with a model, for the choice of those that people should read first."""

import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import Engine

from pipeline.analyse import load_analyser
from pipeline.annotate.selection import Candidate, candidate
from pipeline.classify.model_folder import load_config
from pipeline.store.reports import read_reports


def candidates(engine: Engine, report_ids: Sequence[str], model: Path) -> list[Candidate]:
    """Score every passage of each report, about 0.3 s a report."""
    analyser = load_analyser(model, load_config(model).categories, threads=os.cpu_count() or 1)
    found = []
    for report_id in report_ids:
        report = next(read_reports(engine, report_id=report_id))
        scored = analyser.score(report["text"])
        found.append(
            candidate(report_id, report["text_sha256"], report["text"], scored.classified, scored.scores.categories)
        )
    return found
