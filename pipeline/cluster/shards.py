"""Finished work as Parquet files, each written whole or not at all: what a run that was cut off need not do again."""

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from pipeline.cluster.typed import arrow_type, from_arrow, to_arrow
from pipeline.errors import StoreError, Unreadable
from pipeline.ingest.remote import client_errors, filesystem
from pipeline.ingest.sources import Source
from pipeline.pool import Failed
from pipeline.report import Analysed, sha256

FORMAT = b"1"
PUT_WHOLE = {"s3", "gs", "gcs", "az", "abfs", "abfss"}  # an object is there when all of it is
AT_ONCE = 16
SCHEMA = pa.schema(
    [("key", pa.string()), ("source", pa.string()), ("reason", pa.string()), ("analysed", arrow_type(Analysed))],
    {"failings_shard": FORMAT},
)


@dataclass(frozen=True, slots=True)
class Shards:
    """The folder of the shards of one set of versions; `job` names what decides an answer besides the report."""

    url: str
    job: str

    @property
    def folder(self) -> str:
        """Where this job's shards are."""
        return f"{self.url.rstrip('/')}/{sha256(self.job.encode())[:16]}"

    def key(self, name: str, digest: str) -> str:
        """What a finished report is found by: it follows from its name, its bytes, and what decides an answer."""
        return sha256("\n".join((self.job, name, digest)).encode("utf-8", "backslashreplace"))

    def name(self, keys: Sequence[str]) -> str:
        """The file name of a batch: the same reports under the same versions have the same one."""
        return f"{sha256(''.join(keys).encode())[:32]}.parquet"

    def write(self, name: str, outcomes: Sequence[Analysed | Failed]) -> None:
        """Write a batch; who writes it twice leaves one file. Raise StoreError when it cannot be written."""
        table = pa.Table.from_pylist([self._row(outcome) for outcome in outcomes], SCHEMA)
        data = io.BytesIO()
        pq.write_table(table, data, compression="zstd")
        try:
            with client_errors():
                self._put(name, data.getvalue())
        except (OSError, Unreadable) as error:
            raise StoreError(f"cannot write shards to {self.url}: {error}") from error

    def _row(self, outcome: Analysed | Failed) -> dict[str, Any]:
        if isinstance(outcome, Failed):
            source, digest = outcome.source.name, outcome.source.sha256 or ""
            return {"key": self.key(source, digest), "source": source, "reason": outcome.reason}
        report = outcome.report
        key = self.key(report.source, report.source_sha256)
        return {"key": key, "source": report.source, "analysed": to_arrow(outcome)}

    def _put(self, name: str, data: bytes) -> None:
        files, folder = filesystem(self.folder)
        files.makedirs(folder, exist_ok=True)
        if url_scheme(self.url) in PUT_WHOLE:
            files.pipe_file(f"{folder}/{name}", data)
            return
        unfinished = f"{folder}/.{name}.{uuid4().hex}"
        files.pipe_file(unfinished, data)
        files.mv(unfinished, f"{folder}/{name}")

    def read(self, name: str, numbers: Sequence[int], sources: Sequence[Source]) -> list[Analysed | Failed]:
        """The outcomes in some places of a shard, which are those of these sources."""
        rows = self._table(name).take(list(numbers)).to_pylist()
        if [row["source"] for row in rows] != [source.name for source in sources]:
            raise StoreError(f"{self.folder}/{name} holds other reports than its name says: delete it and run again")
        return [_outcome(row, source) for row, source in zip(rows, sources, strict=True)]

    def _table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        try:
            files, folder = filesystem(self.folder)
            with client_errors():
                data = files.cat_file(f"{folder}/{name}")
            table = pq.ParquetFile(io.BytesIO(data)).read(columns=columns)
        except (OSError, Unreadable, pa.ArrowException) as error:
            raise StoreError(f"cannot read the shard {self.folder}/{name}: {error}") from error
        if (table.schema.metadata or {}).get(b"failings_shard") != FORMAT:
            raise StoreError(f"{self.folder}/{name} is no shard of this failings: delete it and run again")
        return table

    def finished(self) -> dict[str, tuple[str, int]]:
        """Reports that were read and analysed, by their key: the shard and the place in it. Damaged shards count for nothing."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return {key: place for found in threads.map(self._finished, self.names()) for key, place in found}

    def _finished(self, name: str) -> list[tuple[str, tuple[str, int]]]:
        try:
            rows = self._table(name, ["key", "reason"]).to_pylist()
        except StoreError:
            return []
        return [(row["key"], (name, number)) for number, row in enumerate(rows) if row["reason"] is None]

    def names(self) -> list[str]:
        """The files of all shards, sorted; raise StoreError when the folder cannot be read."""
        try:
            files, folder = filesystem(self.folder)
            with client_errors():
                found = files.ls(folder, detail=False)
        except FileNotFoundError:
            return []
        except (OSError, Unreadable) as error:
            raise StoreError(f"cannot read shards in {self.url}: {error}") from error
        return sorted(
            name for path in found if (name := path.rpartition("/")[2]).endswith(".parquet") and name[0] != "."
        )

    def remove(self, names: Iterable[str]) -> None:
        """Delete shards; one that is gone is no fault."""
        files, folder = filesystem(self.folder)
        for name in names:
            with suppress(FileNotFoundError), client_errors():
                files.rm_file(f"{folder}/{name}")

    def remove_folder(self) -> None:
        """Delete a local folder of shards and the folder that it lies in, where they are empty."""
        files, folder = filesystem(self.folder)
        with suppress(OSError):
            for each in (folder, folder.rpartition("/")[0]):
                files.rmdir(each)


def url_scheme(url: str) -> str:
    """The scheme of a URL; "file" for a path."""
    return url.partition("://")[0].casefold() if "://" in url else "file"


def _outcome(row: dict[str, Any], source: Source) -> Analysed | Failed:
    if row["reason"] is not None:
        return Failed(source, row["reason"])
    try:
        analysed: Analysed = from_arrow(Analysed, row["analysed"])
    except (TypeError, KeyError, ValueError) as error:
        raise StoreError(f"the shard of {source.name} cannot be read: {error}; delete it and run again") from error
    return analysed
