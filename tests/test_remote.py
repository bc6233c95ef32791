"""Inputs by URL: what local paths give, under the URL's name."""

import io
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.ingest.document import Limits
from pipeline.ingest.remote import Remote
from pipeline.ingest.sources import Rejected, Source, digested, discover, read
from pipeline.report import sha256

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install fsspec")
LIMITS = Limits()
WORDS = b"The ward was full."


@pytest.fixture
def bucket() -> Iterator[None]:
    """Files at memory://b."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("in/q.txt", WORDS)
    files = fsspec.filesystem("memory")
    for name, data in {
        "a.txt": WORDS,
        "x/empty.txt": b"",
        "x/.hidden.txt": WORDS,
        "x/rows.csv": b"id,text\n1,The ward\n,,\n",
        "x/odd [1].txt": WORDS,
        "z.zip": archive.getvalue(),
        "z/cut.csv.gz": b"\x1f\x8b\x08",
    }.items():
        files.pipe_file(f"/b/{name}", data)
    yield
    files.rm("/b", recursive=True)


def found(*urls: str, limits: Limits = LIMITS) -> list[str]:
    return [f"{s.name}: {s.reason}" if isinstance(s, Rejected) else s.name for s in discover(urls, limits=limits)]


ALL = [
    "memory://b/a.txt",
    "memory://b/x/empty.txt: empty file",
    "memory://b/x/odd [1].txt",
    "memory://b/x/rows.csv#1",
    "memory://b/x/rows.csv#row-2: no text in row",
    "memory://b/z.zip/in/q.txt",
    "memory://b/z/cut.csv.gz: damaged, or no table in a gzip file",
]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://b", ALL),
        ("memory://b/", ALL),
        ("memory://b/*", ALL),
        ("memory://b/a.txt", ALL[:1]),
        ("memory://b/x/odd [1].txt", ALL[2:3]),
        ("memory://b/**/*.txt", ALL[:3]),
        ("memory://b/none", ["memory://b/none: no such file or folder"]),
        ("memory://b/*.pdf", ["memory://b/*.pdf: no file matches this pattern"]),
    ],
)
def test_a_file_a_folder_or_a_pattern_is_found(bucket: None, url: str, expected: list[str]) -> None:
    assert found(url) == expected


def test_a_file_found_twice_is_one(bucket: None) -> None:
    assert found("memory://b/a.txt", "memory://b", "memory://b/*.txt")[:2] == ALL[:2]
    assert len(found("memory://b/a.txt", "memory://b")) == len(ALL)


def test_what_is_found_is_read_and_hashed(bucket: None) -> None:
    sources = [s for s in digested(discover(["memory://b"], limits=LIMITS)) if isinstance(s, Source)]
    reports = [read(source, limits=LIMITS) for source in sources]
    assert [report.text for report in reports] == ["The ward was full."] * 2 + ["The ward", "The ward was full."]
    assert [report.source for report in reports] == [source.name for source in sources]
    assert [report.source_sha256 for report in reports] == [source.sha256 for source in sources]
    assert reports[0].source_sha256 == sha256(WORDS)


def test_limits_hold_and_what_goes_away_meanwhile_is_named(bucket: None) -> None:
    assert "memory://b/z.zip/in/q.txt: 18 bytes, over the limit of 10" in found(
        "memory://b", limits=Limits(max_bytes=10)
    )
    gone = Source("memory://b/gone.txt", Remote("memory://b/gone.txt", 18))
    assert list(digested([gone])) == [Rejected("memory://b/gone.txt", "no such file or folder")]


@pytest.mark.parametrize(
    ("url", "says"), [("foo://x/y", "cannot read foo://"), ("gs://bucket/x", "pip install fsspec gcsfs")]
)
def test_a_url_that_cannot_be_read_here_says_what_to_do(url: str, says: str) -> None:
    if url.startswith("gs:"):
        try:
            import gcsfs  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("gcsfs is installed")
    with pytest.raises(UsageError, match=says):
        found(url)


def test_the_command_takes_urls(failings: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_text("Nobody told the crew.")
    done = failings("run", f"file://{tmp_path}/*.txt")
    assert done.returncode == 0, done.stderr
    shown = failings("show", f"file://{tmp_path}/a b.txt")
    assert "Nobody told the crew." in shown.stdout
