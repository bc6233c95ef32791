"""Words of a document or of a query are words: never SQL, a query's syntax, a path, a formula, markup or an order to a terminal."""

import csv
import io
import json
import re
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from small_store import VERSIONS, analysed, finding, make_store
from sqlalchemy.engine import Engine

from pipeline.cli import main
from pipeline.errors import Unreadable
from pipeline.export import FORMATS
from pipeline.printable import one_line, visible
from pipeline.report import Actor
from pipeline.store.connect import open_engine
from pipeline.store.reader import Filter, read_findings
from pipeline.store.reports import find_report, read_reports
from pipeline.store.verify import verify
from pipeline.store.writer import Writer

SQL = "x'; DROP TABLE findings; --"
ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp"
HOSTILE = (
    SQL, "' OR '1'='1", '" OR 1=1 --', "%", "_", "\\", 'a" OR "b', 'NEAR("a" "b")', "quote: x", "{quote} : x", "a*", "^a", "-a", "a AND",
    "OR",     '"', '""',    "(", ")", "+", "a -- b", ".", "\u0301", "😀", "a\x00b", ESCAPE, "../" * 300,
    "x" * 5000, "=1+1", "<script>alert(1)</script>",
    "]]>", "${x}", "{0}", "%s",
)  # fmt: skip
FIELDS = (
    "words",
    "category",
    "agency",
    "assertion",
    "report",
    "agency_type",
    "date_from",
    "date_to",
    "area",
    "source_kind",
)
NAMES = (
    "../../../escape.txt",
    "/etc/passwd#../x",
    "C:\\x\\..\\y.txt",
    "a\u202etxt.exe",
    f"{'x' * 5000}.txt",
    SQL,
    "con.txt",
    ESCAPE,
    "=cmd|' /C calc'!A0.txt",
)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    return open_engine(f"sqlite:///{make_store(tmp_path / 'findings.db')}")


@pytest.fixture
def hostile(store: Engine) -> Engine:
    """Besides the three reports, one for each hostile name, with hostile words in every field."""
    writer = Writer(store, VERSIONS, {})
    for number, name in enumerate(NAMES):
        text = f"{number}. =1+1 {ESCAPE} {SQL} <script>alert(1)</script> ]]> nobody knew."
        who = Actor(0, len(text), text, SQL, "police", "responsible")
        found = finding(text, text, ("policy", 0.9), actors=(who,))
        fields = ("title", "date", "area", "receiver", "url", "coroner", "category")
        writer.add(analysed(text, name, (found,), dict.fromkeys(fields, f"{name[:50]} {SQL}")))
    return store


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", HOSTILE)
def test_no_filter_is_sql(store: Engine, field: str, value: str) -> None:
    found = list(read_findings(store, Filter(**{field: value})))
    assert len(found) < 6 or field in ("date_from", "date_to")  # which only compare
    assert len(list(read_findings(store))) == 6


@settings(max_examples=150, deadline=None)
@given(words=st.text("\"*^:(){}-+ aNEARORT\x00'%", max_size=20))
def test_any_words_are_a_query(words: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "query.db"
    engine = open_engine(f"sqlite:///{path if path.is_file() else make_store(path)}")
    list(read_findings(engine, Filter(words=words)))
    engine.dispose()


def test_words_come_back_as_they_were(hostile: Engine) -> None:
    rows = {row["source"]: row for row in read_reports(hostile)}
    assert set(NAMES) <= set(rows)
    for name in NAMES:
        assert rows[name]["area"] == f"{name[:50]} {SQL}"
        assert find_report(hostile, name)["source"] == name
        assert re.fullmatch(r"[a-z0-9-]{1,60}", rows[name]["report_id"])
    assert list(verify(hostile)) == []
    assert len(list(read_findings(hostile, Filter(area=SQL)))) == 0  # facts decide, and there are none
    assert len(list(read_findings(hostile, Filter(agency=SQL)))) == len(NAMES)


@pytest.mark.parametrize("kind", sorted(FORMATS))
@pytest.mark.parametrize("redact", [False, True])
def test_exports_stay_in_their_folder_and_are_well_formed(
    hostile: Engine, tmp_path: Path, kind: str, redact: bool
) -> None:
    out = tmp_path / "exports"
    out.mkdir()
    before = {path for path in tmp_path.iterdir() if not path.name.startswith("findings.db")}
    target = out / "out"
    call = ["export", "--format", kind, "-o", str(target), "--store", str(tmp_path / "findings.db")]
    assert main([*call, "--redact"] if redact else call) == 0
    after = {path for path in tmp_path.iterdir() if not path.name.startswith("findings.db")}
    assert after == before
    assert {path.name for path in out.iterdir()} == {"out"}
    for path in target.rglob("*") if target.is_dir() else ():
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,140}", path.name), path.name
    if zipfile.is_zipfile(target) and kind == "refi-qda":
        with zipfile.ZipFile(target) as package:
            assert all(
                re.fullmatch(r"[A-Za-z0-9_./-]{1,200}", name) and ".." not in name for name in package.namelist()
            )
            etree.fromstring(package.read("project.qde"))
    if kind == "csv":
        cells = [
            cell for row in csv.reader(io.StringIO(target.read_bytes().decode("utf-8-sig"), newline="")) for cell in row
        ]
        assert not [cell for cell in cells if cell[:1] in "=+@\t\r" and cell]
    if kind in ("jsonl", "webanno"):
        for line in (
            target.read_text(encoding="utf-8").splitlines() if kind == "jsonl" else [target.read_text(encoding="utf-8")]
        ):
            json.loads(line)


def test_nothing_reaches_the_terminal_but_print(
    hostile: Engine, failings: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    bad = tmp_path / f"bad{ESCAPE[:9]}.txt"
    bad.write_bytes(b"")
    (tmp_path / "columns.csv").write_text(f"{ESCAPE},b\n1,2\n")
    (tmp_path / "given.jsonl").write_text(json.dumps({"id": ESCAPE, "text": 5}) + "\n")
    runs = (
        failings("search", "nobody"), failings("search", "nobody", "--json"), failings("show", NAMES[0]), failings("show", ESCAPE),
        failings("run", tmp_path), failings("run", tmp_path, "--json"), failings("show", f"none{ESCAPE}"),
        failings("delete", ESCAPE, "--yes"),
    )  # fmt: skip
    for run in runs:
        assert run.stdout + run.stderr
        assert CONTROL.findall(run.stdout + run.stderr) == [], run.args
    assert next(json.loads(line)["quote"] for line in runs[1].stdout.split("\n") if line).count("\x1b") == 2


@given(st.text())
def test_what_is_printed_has_no_control_characters_and_json_stays_the_same(text: str) -> None:
    assert CONTROL.findall(visible(text)) == []
    assert "\n" not in one_line(text)
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text
    assert all(unicodedata.category(c) != "Cc" or c in "\n\t" for c in visible(text))


def test_an_error_is_one_line_that_a_terminal_prints() -> None:
    assert str(Unreadable("a\r\n  b\x1b[2J")) == "a b\\u001b[2J"
