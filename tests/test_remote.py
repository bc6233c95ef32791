"""Inputs and shards by URL: what local paths give, under the URL's name, from each kind of server that is there."""

import io
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from object_stores import SERVERS
from small_store import analysed

from pipeline.cluster.shards import Shards
from pipeline.errors import UsageError
from pipeline.ingest.document import Limits
from pipeline.ingest.remote import Remote, filesystem
from pipeline.ingest.sources import Rejected, Source, digested, discover, read
from pipeline.pool import Failed
from pipeline.report import sha256

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install fsspec")
LIMITS = Limits()
WORDS = b"The ward was full."


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an empty folder."""
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as url:
        yield url


@pytest.fixture(scope="module")
def bucket(server: str) -> str:
    """The URL of a folder with files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("in/q.txt", WORDS)
    files, folder = filesystem(f"{server}/b")
    for name, data in {
        "a.txt": WORDS,
        "x/empty.txt": b"",
        "x/.hidden.txt": WORDS,
        "x/rows.csv": b"id,text\n1,The ward\n,,\n",
        "x/odd [1].txt": WORDS,
        "z.zip": archive.getvalue(),
        "z/cut.csv.gz": b"\x1f\x8b\x08",
    }.items():
        files.makedirs(f"{folder}/{name}".rpartition("/")[0], exist_ok=True)
        files.pipe_file(f"{folder}/{name}", data)
    return f"{server}/b"


def found(*urls: str, limits: Limits = LIMITS) -> list[str]:
    return [f"{s.name}: {s.reason}" if isinstance(s, Rejected) else s.name for s in discover(urls, limits=limits)]


ALL = [
    "/a.txt",
    "/x/empty.txt: empty file",
    "/x/odd [1].txt",
    "/x/rows.csv#1",
    "/x/rows.csv#row-2: no text in row",
    "/z.zip/in/q.txt",
    "/z/cut.csv.gz: damaged, or no table in a gzip file",
]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ALL),
        ("/", ALL),
        ("/*", ALL),
        ("/a.txt", ALL[:1]),
        ("/x/odd [1].txt", ALL[2:3]),
        ("/**/*.txt", ALL[:3]),
        ("/none", ["/none: no such file or folder"]),
        ("/*.pdf", ["/*.pdf: no file matches this pattern"]),
    ],
)
def test_a_file_a_folder_or_a_pattern_is_found(bucket: str, path: str, expected: list[str]) -> None:
    assert found(bucket + path) == [bucket + each for each in expected]


def test_a_file_found_twice_is_one(bucket: str) -> None:
    assert found(f"{bucket}/a.txt", bucket, f"{bucket}/*.txt")[:2] == [bucket + each for each in ALL[:2]]
    assert len(found(f"{bucket}/a.txt", bucket)) == len(ALL)


def test_what_is_found_is_read_and_hashed(bucket: str) -> None:
    sources = [s for s in digested(discover([bucket], limits=LIMITS)) if isinstance(s, Source)]
    reports = [read(source, limits=LIMITS) for source in sources]
    assert [report.text for report in reports] == ["The ward was full."] * 2 + ["The ward", "The ward was full."]
    assert [report.source for report in reports] == [source.name for source in sources]
    assert [report.source_sha256 for report in reports] == [source.sha256 for source in sources]
    assert reports[0].source_sha256 == sha256(WORDS)


def test_limits_hold_and_what_goes_away_meanwhile_is_named(bucket: str) -> None:
    assert f"{bucket}/z.zip/in/q.txt: 18 bytes, over the limit of 10" in found(bucket, limits=Limits(max_bytes=10))
    gone = Source(f"{bucket}/gone.txt", Remote(f"{bucket}/gone.txt", 18))
    assert list(digested([gone])) == [Rejected(f"{bucket}/gone.txt", "no such file or folder")]


def test_shards_are_written_whole_found_read_and_removed(server: str) -> None:
    shards = Shards(f"{server}/shards", "job")
    assert shards.names() == []
    done = analysed("The ward was full.", "a.txt", (), {})
    failed = Failed(Source("b.txt", Path("b.txt"), sha256="0" * 64), "damaged")
    for _ in range(2):
        shards.write("one.parquet", [done, failed])
    assert shards.names() == ["one.parquet"]
    assert shards.finished() == {shards.key("a.txt", done.report.source_sha256): ("one.parquet", 0)}
    assert shards.read("one.parquet", [0, 1], [Source("a.txt", Path("a.txt")), failed.source]) == [done, failed]
    shards.remove(["one.parquet", "gone.parquet"])
    assert shards.names() == []


def test_a_host_that_ssh_does_not_know_is_refused(tmp_path: Path) -> None:
    with SERVERS["sftp"](tmp_path) as url:
        (tmp_path / ".ssh" / "known_hosts").unlink()
        [said] = found(url)
    assert said == f"{url}: cannot be read: HostKeyNotVerifiable: Host key is not trusted for host 127.0.0.1"
    assert found(url)[0].startswith(f"{url}: cannot be read: Connect call failed")


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
