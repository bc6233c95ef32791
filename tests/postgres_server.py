"""A PostgreSQL server of our own for the tests: a new cluster in a temporary folder, on a socket there, gone when they end."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from pipeline.store.connect import open_engine

# quick to start and to fill, and careless about power cuts
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "full_page_writes": "off", "shared_buffers": "32MB", "max_connections": "40",
    "autovacuum": "off", "max_wal_senders": "0", "wal_level": "minimal",
}  # fmt: skip
EMPTY = "DELETE FROM failures; DELETE FROM runs; DELETE FROM reports; ALTER SEQUENCE runs_run_id_seq RESTART"
ACCESS = "local all locked scram-sha-256\nlocal all all trust\n"


def server_binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, the newest where there are several."""
    on_path = shutil.which("pg_ctl")
    found = [
        Path(on_path).resolve().parent if on_path else None,
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
    ]
    return next((folder for folder in found if folder and (folder / "initdb").exists()), None)


class Server:
    """A running cluster. `store` lends a database with the schema in it, `new_database` makes one without."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._numbers = count()
        self._template: str | None = None
        self._free: list[str] = []

    def url(self, database: str, user: str = "owner") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def command(self, name: str, *args: str) -> None:
        """Run one of the server's programs, as `postgres` where we are root, whom it refuses."""
        told = subprocess.run(
            [str(self._binaries / name), *args], cwd=self.folder, user=owner(), capture_output=True, text=True, check=False
        )  # fmt: skip
        assert told.returncode == 0, told.stdout + told.stderr

    def start(self) -> None:
        self._control("start", "-l", str(self.folder / "log"), "-o", f"-k {self.folder}")

    def stop(self) -> None:
        """As a power cut would."""
        self._control("stop", "-m", "immediate")

    def restart(self) -> None:
        self.stop()
        self.start()

    def _control(self, action: str, *args: str) -> None:
        self.command("pg_ctl", action, "-D", str(self.folder / "data"), "-w", "-s", *args)

    def say(self, statement: str, database: str = "postgres") -> None:
        """Carry out a statement as the owner of everything."""
        with psycopg.connect(f"host={self.folder} user=owner dbname={database}", autocommit=True) as connection:
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]

    def ask(self, query: str, database: str) -> int:
        """The one number that a query gives."""
        with psycopg.connect(f"host={self.folder} user=owner dbname={database}") as connection:
            row = connection.execute(sql.SQL(query)).fetchone()  # type: ignore[arg-type]
            return int(row[0]) if row else 0

    def new_database(self, template: str | None = None) -> str:
        """The URL of a database with nothing in it, or with what the template holds."""
        name = f"d{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return self.url(name)

    @contextmanager
    def store(self) -> Iterator[str]:
        """The URL of an empty store. One that was used before is emptied, which is quicker than a new one."""
        url = self._free.pop() if self._free else self.new_database(self._made())
        yield url
        self.say(EMPTY, name_of(url))
        self._free.append(url)

    def _made(self) -> str:
        """A database with the schema and nothing else, to copy."""
        if self._template is None:
            url = self.new_database()
            open_engine(url, create=True).dispose()
            self._template = name_of(url)
        return self._template


def name_of(url: str) -> str:
    """The database of a URL that `Server.url` made."""
    return url.partition("@/")[2].partition("?")[0]


def owner() -> str | None:
    return "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None


@contextmanager
def running(binaries: Path) -> Iterator[Server]:
    """Start a server; stop it and delete its files in the end. Its folder has a short name, as a socket's path must."""
    folder = Path(tempfile.mkdtemp(prefix="failings-pg-"))
    if owner():
        shutil.chown(folder, owner())
    folder.chmod(0o755)
    server = Server(folder, binaries)
    try:
        server.command(
            "initdb", "-D", str(folder / "data"), "-U", "owner", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust", "-N"
        )
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        (folder / "data" / "pg_hba.conf").write_text(ACCESS)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
