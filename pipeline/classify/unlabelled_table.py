"""Read the corpus's table of reports that nobody labelled."""

from collections.abc import Iterator, Set
from pathlib import Path

from pipeline.errors import GoldError
from pipeline.extract.sections import classified
from pipeline.extract.segment import load_segmenter
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, discover, read
from pipeline.report import Passage

TABLES = ("reports.csv.gz", "reports.csv")
END_LETTERS = 150


def table_reports(corpus: Path, *, leave_out: Set[str]) -> Iterator[tuple[str, tuple[Passage, ...]]]:
    """Yield each report's text and the passages in which there may be something to find.

    Reports whose URL is in `leave_out`, and those with the same words, are never read.
    """
    segmenter = load_segmenter()
    for row in _rows(corpus, leave_out):
        text = read(row, limits=Limits()).text
        passages = classified(segmenter.passages(text))
        if passages:
            yield text, passages


def _rows(corpus: Path, leave_out: Set[str]) -> list[Source]:
    tables = [str(corpus / name) for name in TABLES if (corpus / name).is_file()]
    if not tables:
        raise GoldError(f"{corpus} has no unlabelled reports to learn from: no {' or '.join(TABLES)}")
    rows = [row for row in discover(tables[:1], limits=Limits()) if isinstance(row, Source) and row.row]
    ends = {_end(row) for row in rows if row.row and row.row.get("url") in leave_out}
    return [row for row in rows if row.row and row.row.get("url") not in leave_out and _end(row) not in ends]


def _end(row: Source) -> str:
    """The last letters of a report, by which it is known under another URL too."""
    return "".join(filter(str.isalnum, (row.row or {}).get("concerns", "")))[-END_LETTERS:].lower()
