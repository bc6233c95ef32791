import gzip
import hashlib
import io
import json
import os
import pickle
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError, LimitExceeded, Unreadable, UsageError
from pipeline.ingest import archive
from pipeline.ingest.document import Limits
from pipeline.ingest.formats import detect, unsupported
from pipeline.ingest.sources import Rejected, Source, digest, discover, read

LIMITS = Limits()
WORDS = b"The ward was full."


def word_file() -> bytes:
    document = docx.Document()
    document.add_paragraph("The ward was full.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def parquet_file() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["p"], "text": ["The ward was full."]}), buffer)
    return buffer.getvalue()


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def found(*paths: str, limits: Limits = LIMITS) -> list[str]:
    """Name what is found; what is rejected as 'name: reason'."""
    shown = discover(paths, limits=limits)
    return [f"{s.name}: {s.reason}" if isinstance(s, Rejected) else s.name for s in shown]


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"\r\n\x00junk%PDF-1.4", "a", "pdf"),
        (b"It begins %PDF-1.4, they say", "a.txt", "text"),
        (word_file(), "a.zip", "docx"),
        (word_file(), "a", "docx"),
        (zipped({"a.txt": WORDS}), "a.docx", "docx"),
        (zipped({"a.docx": word_file()}, zipfile.ZIP_STORED), "a.zip", "zip"),
        (zipped({"a.txt": WORDS}), "a", "zip"),
        (zipped({"word/a.pdf": WORDS}), "a.zip", "zip"),
        (zipped({}), "a.zip", "zip"),
        (parquet_file(), "a.bin", "parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "a.doc", "docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "a.xls", None),
        (b"<!DOCTYPE html><p>x", "a.txt", "html"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?>\n<!-- c --><HTML lang=en>", "a", "html"),
        (b"<p>fragment</p>", "a.html", "html"),
        (b"<p>fragment</p>", "a.md", "markdown"),
        (b"words only", "a.htm", "html"),
        ("<html>".encode("utf-16"), "a.txt", "html"),
        (b"<!-- a -->" * 500, "a.txt", "text"),
        (b"<xml/>", "a.xml", None),
        (b'{"text": "a"}\n{"text": "b"}', "a.txt", "jsonl"),
        (b'{"text": "a"}', "a.json", "jsonl"),
        (b'{\n "text": 1}', "a.json", None),
        (b'{"text": "' + b"a" * 70_000, "a.txt", "jsonl"),
        (b"{broken", "a.jsonl", "jsonl"),
        (b"{curly} text", "a.txt", "text"),
        (b"id,text\n1,a", "a.txt", "csv"),
        (b"id,text\n1,a", "a.md", "markdown"),
        (b"x;y\n", "a.csv", "csv"),
        (b"a\tb", "a.tsv", "csv"),
        (gzip.compress(b"id,text\n1,a", mtime=0), "a.csv.gz", "csv"),
        (gzip.compress(b'{"text": "a"}', mtime=0), "a.jsonl.gz", "jsonl"),
        (gzip.compress(WORDS, mtime=0), "a.txt.gz", None),
        (gzip.compress(parquet_file(), mtime=0), "a.parquet.gz", None),
        (b"\x1f\x8b\x08", "a.csv.gz", None),
        (WORDS, "a.TXT", "text"),
        (WORDS, "README", "text"),
        (WORDS, "Report no. 5", "text"),
        (WORDS, "v1.2", "text"),
        (WORDS, "a.py", None),
        (WORDS, "a.pdf", None),
        (WORDS, "a.docx", None),
        (b"", "a.txt", None),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.txt", None),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.csv", None),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a.jpg", None),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "a.xlsx", None),
        (zipped({"mimetype": b"x"}), "a.odt", None),
    ],
)
def test_content_decides_the_format_and_the_name_only_between_texts(
    data: bytes, name: str, expected: str | None
) -> None:
    result = detect(data[: 1 << 16], name)
    assert (result.name if result else None) == expected


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.pdf", "empty file"),
        (b"\x1f\x8b\x08", "a.csv.gz", "damaged, or no table in a gzip file"),
        (b"\0\1\2", "a.txt", "binary data, not text"),
        (b"\0\1\2", "a.csv", "binary data, not text"),
        (WORDS, "a.pdf", "damaged, or not what its name says (.pdf)"),
        (b"\0\1\2", "a.pdf", "damaged, or not what its name says (.pdf)"),
        (b"x", "a.xlsx", "not a supported type: .xlsx; save it as .csv"),
        (
            b"\xff\xd8\0",
            "a.jpg",
            "not a supported type: .jpg (supported: .pdf, .docx, .parquet, .zip, .html, .htm, .xhtml, .jsonl, "
            ".ndjson, .csv, .tsv, .md, .markdown, .txt, .text)",
        ),
    ],
)
def test_what_is_unsupported_is_told_why(data: bytes, name: str, reason: str) -> None:
    assert unsupported(data, name) == reason


def test_formats_are_imported_only_when_used() -> None:
    heavy = "{'docx', 'lxml', 'trafilatura', 'pyarrow', 'pypdfium2'}"
    code = f"import sys, pipeline.ingest.sources; sys.exit(len({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_is_walked_in_order_without_hidden_and_lock_files(here: Path) -> None:
    put(
        {
            f"dir/{name}": WORDS
            for name in (
                "b.txt",
                "a.md",
                "sub/c.txt",
                "sub/.git/x.txt",
                ".hidden.txt",
                "~$a.docx",
                ".DS_Store",
                "__MACOSX/b.txt",
                "Thumbs.db",
                "z.py",
            )
        }
    )
    assert found("dir") == ["dir/a.md", "dir/b.txt", "dir/sub/c.txt", f"dir/z.py: {unsupported(WORDS, 'z.py')}"]
    assert found(".")[0] == "dir/a.md"
    assert found(str(here / "dir"))[0] == f"{here.as_posix()}/dir/a.md"
    assert found("dir/.hidden.txt") == ["dir/.hidden.txt"]


def test_a_path_listed_twice_is_found_once(here: Path) -> None:
    put({"dir/a.txt": WORDS})
    assert found("dir/a.txt", "dir", "./dir/a.txt", str(here), "dir/*.txt", "none", "none") == [
        "dir/a.txt",
        "none: no such file or folder",
    ]


def test_links_may_run_in_circles_or_nowhere(here: Path) -> None:
    put({"dir/a.txt": WORDS})
    (here / "dir/back").symlink_to(here / "dir")
    (here / "dir/up").symlink_to(here)
    (here / "dir/lost.txt").symlink_to(here / "nowhere.txt")
    (here / "dir/self").symlink_to(here / "dir/self")
    expected = ["dir/a.txt", "dir/lost.txt: no such file or folder", "dir/self: "]
    assert [name[: len(e)] for name, e in zip(found("dir"), expected, strict=True)] == expected
    assert found("**/*.md") == ["**/*.md: no file matches this pattern"]
    assert found("**/a.txt") == ["dir/a.txt"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt"]),
        ("**/*.txt", ["a.txt", "x/b.txt", "x/y/c.txt"]),
        ("x/**", ["x/b.txt", "x/d.md", "x/y/c.txt"]),
        ("x/*", ["x/b.txt", "x/d.md", "x/y/c.txt"]),
        ("**/y", ["x/y/c.txt"]),
        ("[ab].txt", ["a.txt"]),
        ("x/**/c.*", ["x/y/c.txt"]),
        ("*.pdf", ["*.pdf: no file matches this pattern"]),
        ("none/**/*.txt", ["none/**/*.txt: no file matches this pattern"]),
    ],
)
def test_patterns(here: Path, pattern: str, expected: list[str]) -> None:
    put({"a.txt": WORDS, "x/b.txt": WORDS, "x/d.md": WORDS, "x/y/c.txt": WORDS, "x/.h/e.txt": WORDS})
    assert found(pattern) == expected


def test_a_name_with_pattern_characters_is_itself(here: Path) -> None:
    put({"report [1].txt": WORDS, "report 1.txt": WORDS})
    assert found("report [1].txt") == ["report [1].txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes")
def test_undecodable_names_do_not_stop_the_batch(here: Path) -> None:
    Path(os.fsdecode(b"caf\xe9.txt")).write_bytes(WORDS)
    assert found(".") == ["caf\\xe9.txt"]
    source = next(discover(["."], limits=LIMITS))
    assert isinstance(source, Source)
    assert read(source, limits=LIMITS).source == "caf\\xe9.txt"


def test_what_is_no_readable_file_is_rejected(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put({"shut.txt": WORDS, "empty.txt": b"", "ok.txt": WORDS})
    os.mkfifo(here / "pipe.txt")
    real = Path.open

    def opened(self: Path, *args: str) -> object:
        if self.name == "shut.txt":
            raise PermissionError(13, "Permission denied")
        return real(self, *args)

    monkeypatch.setattr(Path, "open", opened)
    assert found(".", "", "nul\0.txt") == [
        "empty.txt: empty file",
        "ok.txt",
        "pipe.txt: not a regular file",
        "shut.txt: permission denied",
        ": no such file or folder",
        "nul\0.txt: no such file or folder",
    ]


def test_a_file_is_read_into_a_report(here: Path) -> None:
    put({"a.md": b"# Inquest into A\r\n\r\nThe ward was full."})
    source = next(discover(["a.md"], limits=LIMITS))
    assert source == Source("a.md", Path("a.md"))
    report = read(pickle.loads(pickle.dumps(source)), limits=LIMITS)  # noqa: S301
    assert (report.text, report.source) == ("# Inquest into A\r\n\r\nThe ward was full.", "a.md")
    assert report.metadata == {"title": "Inquest into A"}
    assert report.source_sha256 == digest(source) == hashlib.sha256(Path("a.md").read_bytes()).hexdigest()


def test_limits_and_later_changes_are_met_at_reading(here: Path) -> None:
    put({"a.txt": WORDS, "gone.txt": WORDS})
    with pytest.raises(LimitExceeded, match="18 bytes, over the limit of 10"):
        read(Source("a.txt", Path("a.txt")), limits=Limits(max_bytes=10))
    Path("gone.txt").unlink()
    for use in (lambda s: read(s, limits=LIMITS), digest):
        with pytest.raises(Unreadable, match="no such file or folder"):
            use(Source("gone.txt", Path("gone.txt")))
    put({"a.txt": b"\0\1\2"})
    with pytest.raises(Unreadable, match="binary data, not text"):
        read(Source("a.txt", Path("a.txt")), limits=LIMITS)
    put({"a.txt": zipped({"b.txt": WORDS})})
    with pytest.raises(Unreadable, match="a zip holds reports, it is not one"):
        read(Source("a.txt", Path("a.txt")), limits=LIMITS)


def test_an_archive_is_a_folder(here: Path) -> None:
    table = gzip.compress(b"id,text\n7,words\n,\n")
    put(
        {
            "x.zip": zipped(
                {
                    "inner/b.docx": word_file(),
                    "a.txt": WORDS,
                    "inner/": b"",
                    "__MACOSX/._a.txt": WORDS,
                    ".DS_Store": b"x",
                    "t.csv.gz": table,
                    "p.parquet": parquet_file(),
                    "deep.zip": zipped({"c.txt": WORDS}),
                    "pic.png": b"\x89PNG\0",
                }
            )
        }
    )
    assert found("x.zip") == [
        "x.zip/a.txt",
        "x.zip/deep.zip: an archive in an archive; unpack it first",
        "x.zip/inner/b.docx",
        "x.zip/p.parquet#p",
        f"x.zip/pic.png: {unsupported(b'x', 'pic.png')}",
        "x.zip/t.csv.gz#7",
        "x.zip/t.csv.gz#row-2: no text in row",
    ]
    sources = [s for s in discover(["x.zip"], limits=LIMITS) if isinstance(s, Source)]
    assert [read(s, limits=LIMITS).text for s in sources] == ["The ward was full."] * 3 + ["words"]
    assert digest(sources[0]) == read(sources[0], limits=LIMITS).source_sha256 == hashlib.sha256(WORDS).hexdigest()
    assert sources[1].member == "inner/b.docx"


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "C:/evil.txt", "..\\evil.txt"])
def test_unsafe_paths_in_archives_are_rejected(here: Path, name: str) -> None:
    put({"x.zip": zipped({name: WORDS, "ok.txt": WORDS})})
    assert sorted(found("x.zip")) == sorted([f"x.zip/{name}: unsafe path in archive", "x.zip/ok.txt"])


def test_bombs_links_and_locked_members_are_rejected(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile("x.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("bomb.txt", b"a" * (11 << 20))
        package.writestr("fine.txt", WORDS)
        package.writestr(link, b"/etc/passwd")
        package.writestr("zlarge.txt", os.urandom(5000).hex())
    assert found("x.zip") == [
        "x.zip/bomb.txt: expands over 200 times, as a zip bomb does",
        "x.zip/fine.txt",
        "x.zip/link.txt: a link in an archive",
        "x.zip/zlarge.txt",
    ]
    assert (
        found("x.zip", limits=Limits(max_bytes=6000))[-1] == "x.zip/zlarge.txt: 10,000 bytes, over the limit of 6,000"
    )
    data = bytearray(zipped({"a.txt": WORDS}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    put({"locked.zip": bytes(data)})
    assert found("locked.zip") == ["locked.zip/a.txt: encrypted in the archive; unpack it first"]
    monkeypatch.setattr(archive, "MAX_TOTAL", 1000)
    assert found("x.zip")[0].startswith("x.zip: the archive holds 4 files of 11,54")
    assert len(found("x.zip")) == 1


def test_a_member_larger_than_it_claims_is_never_read_further(here: Path) -> None:
    data = bytearray(zipped({"a.txt": b"a" * 100_000}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (50).to_bytes(4, "little")
    put({"x.zip": bytes(data)})
    assert found("x.zip")[0].startswith("x.zip/a.txt: damaged archive: Bad CRC-32")


def test_two_members_of_one_name_and_damage(here: Path) -> None:
    with zipfile.ZipFile("x.zip", "w") as package:
        package.writestr("a.txt", WORDS)
        with pytest.warns(UserWarning, match="Duplicate name"):
            package.writestr("a.txt", WORDS)
    assert found("x.zip") == ["x.zip/a.txt", "x.zip/a.txt: a second file of this name in the archive"]
    whole = zipped({"a.txt": WORDS, "b.txt": os.urandom(400).hex().encode()})
    put({"cut.zip": whole[:-30], "bad.zip": whole.replace(whole[40:44], b"\xff\xff\xff\xff", 1)})
    assert found("cut.zip") == ["cut.zip: damaged archive: File is not a zip file"]
    assert found("bad.zip")[0].startswith("bad.zip/a.txt: damaged archive")
    assert found("bad.zip")[1] == "bad.zip/b.txt"


def test_rows_are_named_by_id_and_hashed_by_value(here: Path) -> None:
    put({"t.csv": b"id,text,area\n2023-0489,a,Leeds\n2023-0489,b,\n,c,\n a  b ,d,\n,,\n"})
    assert found("t.csv") == [
        "t.csv#2023-0489",
        "t.csv#2023-0489~2",
        "t.csv#row-3",
        "t.csv#a b",
        "t.csv#row-5: no text in row",
    ]
    first = next(discover(["t.csv"], limits=LIMITS))
    assert isinstance(first, Source)
    report = read(first, limits=LIMITS)
    assert (report.text, report.source, dict(report.metadata)) == ("a", "t.csv#2023-0489", {"area": "Leeds"})
    values = json.dumps({"area": "Leeds", "id": "2023-0489", "text": "a"}, separators=(",", ":"))
    assert report.source_sha256 == hashlib.sha256(values.encode()).hexdigest()


def test_a_table_may_be_larger_than_a_report(here: Path) -> None:
    put({"t.csv": b"text\n" + b"short text\n" * 50})
    assert len(found("t.csv", limits=Limits(max_bytes=100))) == 50


def test_tables_that_cannot_be_read_are_rejected_and_columns_checked(here: Path) -> None:
    put({"t.csv": b"ref,body\n1,a\n", "u.jsonl": b'{"text": "a"}\n{oops\n{"text": "b"}'})
    assert found("t.csv", "u.jsonl")[0].startswith("t.csv: no column for text: found ref, body; wanted text,")
    assert [name.split(":")[0] for name in found("u.jsonl")] == ["u.jsonl#row-1", "u.jsonl#row-2", "u.jsonl#row-3"]
    mapped = list(discover(["t.csv"], limits=LIMITS, columns={"text": "Body", "id": "ref"}))
    assert [s.name for s in mapped] == ["t.csv#1"]
    with pytest.raises(UsageError, match="unknown columns body; ours are id, title"):
        list(discover(["t.csv"], limits=LIMITS, columns={"body": "x"}))


@pytest.mark.parametrize(
    "seed",
    [
        word_file(),
        zipped({"a.txt": WORDS, "b.csv": b"id,text\n1,a\n"}),
        parquet_file(),
        gzip.compress(b"id,text\n1,words\n", mtime=0),
    ],
)
def test_no_damage_stops_the_batch(here: Path, seed: bytes) -> None:
    for at in range(0, len(seed), max(1, len(seed) // 60)):
        put({"x.csv.gz": seed[:at] + bytes([seed[at] ^ 0xFF]) + seed[at + 1 :]})
        for source in discover(["x.csv.gz"], limits=LIMITS):
            try:
                assert isinstance(source, Rejected) or read(source, limits=LIMITS).text
            except InputError:
                continue
