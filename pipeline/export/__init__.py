"""Write findings in the formats of other tools: one writer a format, named in FORMATS and imported when it is used."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

Write = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: where its writer is, and which keywords it takes besides export records and a path.

    `categories`: definitions by id; `reports`: those of the findings, as read from a store; `with_text`; `partition_by`.
    """

    module: str
    function: str
    takes: tuple[str, ...] = ()


FORMATS = {
    "counts": Format("pipeline.export.counts", "write_counts"),
    "csv": Format("pipeline.export.csv_rows", "write_csv"),
    "csv-wide": Format("pipeline.export.wide_csv", "write_wide_csv", ("categories",)),
    "duckdb": Format("pipeline.export.duckdb_file", "write_duckdb", ("reports", "with_text")),
    "html": Format("pipeline.export.html", "write_html", ("reports",)),
    "jsonl": Format("pipeline.export.jsonl", "write_jsonl"),
    "parquet": Format("pipeline.export.parquet", "write_parquet", ("partition_by",)),
    "refi-qda": Format("pipeline.export.refi_qda", "write_refi_qda", ("reports",)),
    "refi-qda-codebook": Format("pipeline.export.refi_qda_codes", "write_codebook"),
    "webanno": Format("pipeline.export.web_annotation", "write_web_annotations", ("reports",)),
}


def writer_of(name: str) -> Write:
    """The writer of a format in FORMATS: takes export records and a path, returns how many findings it wrote."""
    chosen = FORMATS[name]
    writer: Write = getattr(import_module(chosen.module), chosen.function)
    return writer
