"""Finding reports in tables and archives in a process that may hang or die alone, under the limits on time and memory."""

import signal
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.ingest.document import Limits
from pipeline.ingest.folders import printable
from pipeline.ingest.formats import HEAD_BYTES, detect
from pipeline.ingest.memory import limit_memory
from pipeline.ingest.remote import Remote
from pipeline.ingest.sources import OWN_NAMES, Rejected, Source, checked_columns, contents, files, name_of

AHEAD = 20
START_SECONDS = 60.0

Found = Source | Rejected


def discover(paths: Sequence[str], *, limits: Limits, columns: Mapping[str, str] = OWN_NAMES) -> Iterator[Found]:
    """As `sources.discover`; a table or an archive that takes its process down is Rejected, and the rest goes on."""
    checked_columns(columns)
    looker: _Looker | None = None
    try:
        for found in files(paths):
            if isinstance(found, Rejected):
                yield found
            elif (direct := _plain(found, limits)) is not None:
                yield direct
            else:
                looker = looker or _Looker(limits, columns)
                yield from looker.look(found)
                looker = looker if looker.alive else None
    finally:
        if looker:
            looker.end()


def _plain(path: Path | Remote, limits: Limits) -> Found | None:
    """The report that a file is, or why it is none; None where it has to be looked into."""
    if isinstance(path, Remote):
        return None
    name = printable(path.as_posix())
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None
        with path.open("rb") as stream:
            found = detect(stream.read(HEAD_BYTES), name)
    except OSError:
        return None
    if found is None or not found.read:
        return None
    if status.st_size > limits.max_bytes:
        return Rejected(name, f"{status.st_size:,} bytes, over the limit of {limits.max_bytes:,}")
    return Source(name, path)


class _Looker:
    """One process that looks into files, one at a time."""

    def __init__(self, limits: Limits, columns: Mapping[str, str]) -> None:
        context = get_context("spawn")
        self._seconds = limits.seconds
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, limits, dict(columns)), daemon=True)
        self._process.start()
        theirs.close()
        self.alive = True

    def look(self, path: Path | Remote) -> Iterator[Found]:
        """What a file holds, as it comes."""
        name, count = name_of(path), 0
        with suppress(ConnectionError):
            self._connection.send(path)
        while True:
            reason = None
            try:
                if not self._connection.poll(self._seconds + START_SECONDS * (not count)):
                    reason = f"nothing came out of it for {self._seconds:g} seconds (--max-seconds)"
                else:
                    batch = self._connection.recv()
            except (EOFError, ConnectionError):
                self._process.join()
                reason = f"the process that looked into it died (exit code {self._process.exitcode})"
            if reason is not None:
                self.end()
                yield Rejected(name, f"{reason}; {count} reports before that were found" if count else reason)
                return
            count += len(batch)
            yield from batch
            if not batch:
                return

    def end(self) -> None:
        self.alive = False
        self._process.kill()
        self._process.join()
        self._connection.close()


def _serve(connection: Connection, limits: Limits, columns: Mapping[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, ConnectionError):
        while True:
            path: Path | Remote = connection.recv()
            limit_memory(limits.max_memory)
            batch: list[Found] = []
            try:
                for found in contents(path, limits, columns):
                    batch.append(found)
                    if len(batch) == AHEAD:
                        connection.send(batch)
                        batch = []
            except MemoryError:
                reason = f"needs more than {limits.max_memory:,} MiB of memory (--max-memory)"
                batch.append(Rejected(name_of(path), reason))
            if batch:
                connection.send(batch)
            connection.send([])
