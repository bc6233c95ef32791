"""Reports from files, without a model or a store."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeline.errors import InputError
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import OWN_NAMES, Source, discover
from pipeline.ingest.sources import read as read_source
from pipeline.report import Report

Failed = Callable[[str, str], None]


def read(
    *paths: str | Path,
    columns: Mapping[str, str] = OWN_NAMES,
    limits: Limits | None = None,
    failed: Failed | None = None,
) -> Iterator[Report]:
    """Yield every report in files, folders, patterns, zip archives and tables, each once, in sorted order.

    `columns` maps our names of table columns to those of the input. What cannot be read goes to `failed`, as its source and
    the reason, and the rest follows; without `failed` it raises InputError.
    """
    within = limits or Limits()
    for item in discover([str(path) for path in paths], limits=within, columns=columns):
        if not isinstance(item, Source):
            _tell(item.name, item.reason, failed)
            continue
        try:
            report = read_source(item, limits=within)
        except InputError as error:
            _tell(item.name, str(error), failed)
            continue
        yield report


def _tell(source: str, reason: str, failed: Failed | None) -> None:
    if failed is None:
        raise InputError(f"{source}: {reason}")
    failed(source, reason)
