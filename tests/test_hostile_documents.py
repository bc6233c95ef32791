"""Documents made to do harm: each is refused with a reason, alone, and the rest of the batch is read."""

import gzip
import io
import json
import re
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import psutil
import pytest

from pipeline.classify.model_folder import default_folder
from pipeline.errors import InputError
from pipeline.ingest import apart
from pipeline.ingest.document import Limits
from pipeline.ingest.html import read_html
from pipeline.ingest.sources import Rejected, Source
from pipeline.pool import Failed, Settings, process

LINUX = pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="only Linux bounds what a process may take")
GOOD = "Nobody told the crew that the gate was locked."
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "haha">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)  # fmt: skip


def pdf(*objects: bytes) -> bytes:
    body = b"".join(b"%d 0 obj%s endobj\n" % (n, o) for n, o in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 9>>\nstartxref\n0\n%%EOF\n"


def stream(content: bytes, entries: bytes = b"", *, times: int = 1) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    filters = b"/FlateDecode" * times
    return b"<<%s/Length %d/Filter[%s]>>stream\n%s\nendstream" % (entries, len(content), filters, content)


def page(contents: bytes, form: bytes = b"<<>>") -> bytes:
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>",
        contents, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", form,
    )  # fmt: skip


def drawing_itself() -> bytes:
    """A form that draws itself twice, and so 2, 4, 8, 16 ... times."""
    twice = b"/X Do " * 12
    form = stream(twice, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>")
    return page(stream(twice), form)


def word_file(change: Callable[[dict[str, bytes]], None]) -> bytes:
    document, saved, changed = docx.Document(), io.BytesIO(), io.BytesIO()
    document.add_paragraph(GOOD)
    document.save(saved)
    with zipfile.ZipFile(saved) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return changed.getvalue()


def laughing(parts: dict[str, bytes]) -> None:
    head, body = parts["word/document.xml"].split(b"?>", 1)
    parts["word/document.xml"] = head + b"?>" + LAUGHS.encode() + body.replace(GOOD.encode(), b"&j;")


def nested(parts: dict[str, bytes]) -> None:
    deep = b"<w:sdt><w:sdtContent>" * 60_000 + b"</w:sdtContent></w:sdt>" * 60_000
    parts["word/document.xml"] = parts["word/document.xml"].replace(b"<w:body>", b"<w:body>" + deep)


def picture(parts: dict[str, bytes]) -> None:
    parts["word/media/image1.png"] = bytes(100 << 20)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "drawing-itself.pdf": (drawing_itself, "died|longer|memory"),
    "stream.pdf": (lambda: page(stream(b"(a) Tj " * (60 << 20), times=2)), "died|longer|memory|no text|characters"),
    "pages.pdf": (lambda: pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R 2 0 R]/Count 2000000000>>"),
                  "pages|damaged|died"),
    "laughs.docx": (lambda: word_file(laughing), "document type|damaged|entity"),
    "nested.docx": (lambda: word_file(nested), "Excessive depth|damaged"),
    "picture.docx": (lambda: word_file(picture), "expands"),
    "deep.html": (lambda: b"<div>" * 100_000 + GOOD.encode(), "nested"),
    "laughs.xhtml": (f'<?xml version="1.0"?>{LAUGHS}<html><body>&j;</body></html>'.encode, ""),
    "field.csv": (lambda: b'id,text\n1,"' + b"a" * (100 << 20), "over the limit"),
    "lines.csv": (lambda: b'id,text\n1,"' + b"a b c d\n" * (3 << 20), "limit|cannot be read|no text in row"),
    "bomb.csv.gz": (lambda: gzip.compress(b"id,text\n" + b"1,\n" * (10 << 20)), "expands over"),
    "deep.jsonl": (lambda: b'{"text": ' + b"[" * 200_000, "not JSON"),
    "deep.zip": (lambda: zip_of(zip_of(zip_of(b"x"))), "archive in an archive"),
}  # fmt: skip


def zip_of(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("inside.zip", content)
    return packed.getvalue()


@LINUX
def test_bombs_fail_alone_with_a_reason(
    failings: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    for name, (make, _) in BOMBS.items():
        (folder / name).write_bytes(make())
    (folder / "a-good.txt").write_text(GOOD)
    (folder / "z-good.txt").write_text(f"{GOOD} Nobody was told.")
    run = failings(
        "run",
        "batch",
        "--json",
        "--no-ocr",
        "--workers",
        2,
        "--max-bytes",
        20 << 20,
        "--max-memory",
        600,
        "--max-seconds",
        8,
    )
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    summary = json.loads(run.stdout)
    reasons = {f["source"]: f["reason"] for f in summary["failures"]}
    for name, (_, wanted) in BOMBS.items():
        found = [reason for source, reason in reasons.items() if source.startswith(f"batch/{name}")]
        assert found or not wanted, (name, reasons)
        assert all(re.search(wanted, reason) for reason in found), (name, found)
    assert summary["counts"]["new"] >= 2
    assert len(reasons) < 1_100
    assert failings("show", "z-good.txt").returncode == 0
    assert failings("verify").returncode == 0


@LINUX
def test_a_document_that_eats_memory_fails_and_the_next_is_read(tmp_path: Path) -> None:
    hungry, good = tmp_path / "hungry.txt", tmp_path / "good.txt"
    hungry.write_text("a b. " * (3 << 20))
    good.write_text(GOOD)
    limits = Limits(max_memory=300, seconds=60)
    sources = [Source(p.name, p) for p in (hungry, good)]
    first, second = process(iter(sources), Settings(default_folder(), ("restraint",), limits), workers=1)
    assert isinstance(first, Failed)
    assert "--max-memory" in first.reason
    assert not isinstance(second, Failed)


@LINUX
def test_the_bound_is_above_what_the_process_holds() -> None:
    code = (
        "from pipeline.ingest.memory import limit_memory\nheld = bytearray(300 << 20)\nlimit_memory(100)\n"
        "bytearray(50 << 20)\nlimit_memory(100)\n"
        "try:\n    bytearray(200 << 20)\nexcept MemoryError:\n    print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"


def test_a_worker_that_the_system_kills_is_told_of_once_and_the_rest_goes_on(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(3)]
    paths[0].write_text(f"{GOOD} " * 40_000)
    for path in paths[1:]:
        path.write_text(f"{GOOD} {path.name}")
    given: list[float] = []
    killed: list[int] = []

    def sources() -> Iterator[Source]:
        for path in paths:
            given.append(time.monotonic())
            yield Source(path.name, path)

    def kill_once() -> bool:
        if given and not killed and time.monotonic() > given[0] + 1:
            [child] = [c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())]
            child.kill()
            killed.append(child.pid)
        return False

    settings = Settings(default_folder(), ("restraint",), Limits(seconds=120))
    outcomes = list(process(sources(), settings, workers=1, stopping=kill_once))
    assert [isinstance(o, Failed) for o in outcomes] == [True, False, False]
    assert isinstance(outcomes[0], Failed)
    assert "ran out of memory" in outcomes[0].reason


def test_a_table_that_takes_its_process_down_is_rejected_and_the_next_is_found(tmp_path: Path) -> None:
    names = ("a.csv", "b.csv", "c.csv")
    for name, rows in zip(names, (20_000, 200, 200), strict=True):
        (tmp_path / name).write_text("id,text\n" + "".join(f"{n},{GOOD} {n}\n" for n in range(rows)))
    found = apart.discover([str(tmp_path / name) for name in names], limits=Limits(seconds=20))
    seen = [next(found)]
    for child in psutil.Process().children():
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
    seen += list(found)
    rejected = [f for f in seen if isinstance(f, Rejected)]
    assert len(rejected) == 1
    assert "a.csv" in rejected[0].name
    assert "died" in rejected[0].reason
    assert sum(isinstance(f, Source) and "b.csv" in f.name for f in seen) == 200
    assert sum(isinstance(f, Source) and "c.csv" in f.name for f in seen) == 200
    assert not any("spawn_main" in " ".join(child.cmdline()) for child in psutil.Process().children())


def test_apart_finds_what_is_found_here(samples: Path) -> None:
    from pipeline.ingest.sources import discover

    assert list(apart.discover([str(samples)], limits=Limits())) == list(discover([str(samples)], limits=Limits()))


def test_a_file_over_the_limit_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.txt"
    with path.open("wb") as file:
        file.write(b"words\n" * 20_000)
        file.truncate(8 << 40)
    begun = time.monotonic()
    [found] = apart.discover([str(path)], limits=Limits())
    assert isinstance(found, Rejected)
    assert "bytes" in found.reason
    assert time.monotonic() - begun < 5


def test_a_huge_table_of_a_page_is_read_in_time() -> None:
    rows = "".join(f"<tr><td>{n}</td><td>{GOOD}</td></tr>" for n in range(5_000))
    begun = time.process_time()
    try:
        assert (
            read_html(f"<html><body><table>{rows}</table></body></html>".encode(), Limits()).text.count(GOOD) == 5_000
        )
    except InputError:
        pytest.fail("refused")
    assert time.process_time() - begun < 20
