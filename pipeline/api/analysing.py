"""The findings of one report, without a store."""

from functools import lru_cache
from pathlib import Path

from pipeline.analyser import Analyser, load_analyser
from pipeline.classify.model_folder import named_folder
from pipeline.report import Analysed, Report, sha256
from pipeline.taxonomy import load_taxonomy

KEPT = 2


def analyse(report: Report | str, *, model: str | Path | None = None, taxonomy: str | Path | None = None) -> Analysed:
    """Find what went wrong in a report, or in a text.

    `model` is minilm (the default), large, or a model folder; `taxonomy` a file of the categories to find. A model is loaded
    when it is first used, and stays.
    """
    return loaded(model, taxonomy).analyse(report if isinstance(report, Report) else report_of(report))


def report_of(text: str) -> Report:
    """A report that is nothing but a text."""
    return Report(text, "text", sha256(text.encode("utf-8", "surrogatepass")))


def loaded(model: str | Path | None, taxonomy: str | Path | None) -> Analyser:
    """The analyser for a model and a taxonomy, loaded once."""
    return _load(Path(model) if model else None, Path(taxonomy) if taxonomy else None)


@lru_cache(KEPT)
def _load(model: Path | None, taxonomy: Path | None) -> Analyser:
    return load_analyser(named_folder(model), load_taxonomy(taxonomy).ids)
