import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stores import Stores

if TYPE_CHECKING:
    from postgres_server import Server

ROOT = Path(__file__).parent.parent
LONGEST = (
    "test_faults.py",
    "test_ray.py",
    "test_quality_gate.py",
    "test_corpus.py",
    "test_label_studio.py",
    "test_wheel.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that none of them is left for the end when others are done beside."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture
def samples() -> Path:
    """The reports that we wrote for demo and tests."""
    return ROOT / "samples" / "reports"


@pytest.fixture
def failings(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own, in an empty folder."""

    def call(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *map(str, args)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Server]":
    """A PostgreSQL server of our own."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'failings[postgres]'")
    from postgres_server import running, server_binaries

    binaries = server_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server here: install one (Debian: apt-get install postgresql)")
    with running(binaries) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """Lends empty stores; every test that asks for it is done with both kinds."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    return Stores(tmp_path_factory.mktemp("stores"), server)


@pytest.fixture
def new_store(stores: Stores) -> Iterator[Callable[[], str]]:
    """Makes the URL of an empty store each time it is called."""
    with ExitStack() as lent:
        yield lambda: lent.enter_context(stores.one())
