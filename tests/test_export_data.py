"""Exports of data: what is read back is what was found, whatever the words; filters, counts, partitions, descriptors."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from stores import Stores

from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.export import FORMATS, writer_of
from pipeline.export.counts import count_rows
from pipeline.export.csv_rows import safe, unguarded
from pipeline.export.fields import CSV_ROW, FINDING, FORMAT_VERSION
from pipeline.export.tables import TABLES
from pipeline.export.wide_csv import wide_fields
from pipeline.report import Actor, Analysed, CategoryScore, Fact, Finding, Recommendation, Report
from pipeline.store.connect import open_engine
from pipeline.store.reader import Filter, read_findings
from pipeline.store.reports import read_reports
from pipeline.store.writer import Versions, Writer

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from document_exports import DOCS, documented  # noqa: E402
from make_big_store import fill  # noqa: E402

Record = dict[str, Any]
CATEGORIES = {"communication_gap": "Not passed on.", "bed_shortage": "No bed.", "restraint": "Force."}
PIECES = ["=", "+", "-", "@", "\t", "\r", "\r\n", '"', "'", ";", ",", "\n", "🛏️", "e\u0301", "\u2028", "\ufeff", "said"]
AWKWARD = st.lists(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(PIECES), min_size=1, max_size=20
).map("".join)


# four reports: what each says of itself, and its findings as (words, assertion, categories with scores, actors with role)
Said = tuple[str, str, dict[str, float], list[tuple[str, str, str]]]
TRUST, POLICE = ("Lode Trust", "acute_trust", "responsible"), ("Marl Police", "police", "responsible")
NAMED = ("Marl Police", "police", "mentioned")
REPORTS: dict[str, tuple[dict[str, str], list[Said]]] = {
    "a": ({"date": "2023-12-31", "area": "North Lode", "document_type": "coroners_report"}, [
        ("No bed was free.", "failing", {"bed_shortage": 0.9, "communication_gap": 0.4}, [TRUST]),
        ("There was none the next day.", "alleged", {"bed_shortage": 0.6}, [TRUST, NAMED]),
    ]),
    "b": ({"date": "2024-01-01", "area": "Tarn 100% Fells", "document_type": "case_review"}, [
        ("Nobody rang back.", "failing", {"communication_gap": 0.8}, [POLICE, TRUST]),
    ]),
    "c": ({"date": "2024-12-31", "area": "South Lode", "document_type": "coroners_report"}, [
        ("He was held face down.", "failing", {"restraint": 0.7, "communication_gap": 0.5}, []),
    ]),
    "d": ({"document_type": "other"}, [("They should talk.", "recommendation", {"communication_gap": 0.95}, [POLICE])]),
}  # fmt: skip


def analysed(name: str, facts: dict[str, str], said: Sequence[Said]) -> Analysed:
    text = "\n".join(words for words, *_ in said)
    found = []
    for words, assertion, categories, actors in said:
        start = text.index(words)
        who = [
            Actor(start + at, start + at + 2, words[at : at + 2], agency, kind, role)  # type: ignore[arg-type]
            for at, (agency, kind, role) in enumerate(actors)
        ]
        scores = tuple(CategoryScore(*scored) for scored in categories.items())
        found.append(
            Finding(start, start + len(words), words, "concerns", assertion, 0.9, scores,  # type: ignore[arg-type]
                    tuple(a for a in who if a.role != "mentioned"), mentioned=tuple(a for a in who if a.role == "mentioned"))
        )  # fmt: skip
    calls = [Recommendation(f.start, f.end, f.quote) for f in found if f.assertion == "recommendation"]
    report = Report(text, f"{name}.txt", sha256(text.encode()).hexdigest())
    return Analysed(report, (), tuple(found), tuple(Fact(*fact) for fact in facts.items()), tuple(calls))


def put_reports(engine: Engine) -> None:
    """Fill a store with REPORTS; people reviewed the only finding of b."""
    for name, (facts, said) in REPORTS.items():
        made = analysed(name, facts, said)
        reviewed = (
            tuple(replace(f, reviewed_by="ann@example.org") for f in made.findings) if name == "b" else made.findings
        )
        Writer(engine, Versions("m-1", "t-1", "0.1.0"), {}).add(replace(made, findings=reviewed))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of REPORTS."""
    folder = tmp_path_factory.mktemp("four")
    engine = open_engine(f"sqlite:///{folder / 'findings.db'}", create=True)
    put_reports(engine)
    engine.dispose()
    return folder


@pytest.fixture(scope="module")
def engine(stores: Stores) -> Iterator[Engine]:
    """A store of REPORTS of each kind."""
    with stores.one() as url:
        engine = open_engine(url, create=True)
        put_reports(engine)
        yield engine
        engine.dispose()


def export(folder: Path, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", "export", *map(str, args)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), "aabcd"),
        (Filter(category="communication_gap"), "abcd"),
        (Filter(category="communication_gap", score=0.5), "bcd"),
        (Filter(score=0.9), "ad"),
        (Filter(score=0.0), "aabcd"),
        (Filter(agency_type="police"), "abd"),
        (Filter(agency="marl"), "abd"),
        (Filter(reviewed=True), "b"),
        (Filter(reviewed=False), "aacd"),
        (Filter(date_from="2024-01-01"), "bc"),
        (Filter(date_to="2023-12-31"), "aa"),
        (Filter(date_from="2024-01-01", date_to="2024-12-30"), "b"),
        (Filter(area="lode"), "aac"),
        (Filter(area="0%"), "b"),
        (Filter(area="%"), "b"),
        (Filter(source_kind="coroners_report"), "aac"),
        (Filter(source_kind="coroners_report", assertion="failing", date_from="2024-01-01"), "c"),
        (Filter(words="face down", source_kind="case_review"), ""),
    ],
)
def test_filters_let_through_what_they_say(engine: Engine, wanted: Filter, found: str) -> None:
    assert "".join(record["source"][0] for record in read_findings(engine, wanted)) == found


def test_reports_are_filtered_by_what_a_filter_asks_of_reports(engine: Engine) -> None:
    wanted = Filter(area="lode", category="restraint")
    assert [report["source"] for report in read_reports(engine, wanted=wanted)] == ["a.txt", "c.txt"]


def test_date_and_area_are_those_of_the_text_where_no_column_has_them(engine: Engine) -> None:
    *_, south, undated = read_findings(engine)
    assert (south["date"], south["area"]) == ("2024-12-31", "South Lode")
    assert (undated["date"], undated["area"]) == (None, None)


@pytest.mark.parametrize(
    ("args", "count"),
    [
        (("--date-from", "2024"), 2),
        (("--date-to", "2023-12"), 2),
        (("--date-from", "2024-02", "--date-to", "2024-12-31"), 1),
        (("--report", "b.txt", "--reviewed", "yes"), 1),
        (("--min-score", "0.7", "--category", "restraint"), 1),
        (("--agency-type", "acute_trust", "--source-kind", "case_review"), 1),
    ],
)
def test_options_of_the_command_line_filter(folder: Path, tmp_path: Path, args: tuple[str, ...], count: int) -> None:
    done = export(folder, "--format", "jsonl", "-o", tmp_path / "out.jsonl", *args)
    assert done.stderr == f"{count} findings in {tmp_path / 'out.jsonl'}\n"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--date-from", "2024-02-30"), "not a date as 2024-01-31"),
        (("--date-to", "31/1/2024"), "not a date as 2024-01-31"),
        (("--min-score", "1.5"), "not a number from 0 to 1"),
        (("--agency-type", "polise"), "no kind of agency 'polise'; there are police"),
        (("--source-kind", "novel"), "no kind of report 'novel'; there are coroners_report"),
        (("--partition-by", "year"), "--partition-by goes with --format parquet"),
        (("--report", "z"), "no report 'z'"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(folder: Path, tmp_path: Path, args: tuple[str, ...], says: str) -> None:
    done = export(folder, "--format", "jsonl", "-o", tmp_path / "out.jsonl", *args)
    assert done.returncode == 2
    assert says in done.stderr
    assert not list(tmp_path.iterdir())


def record(words: str, number: int = 0, date: str | None = "2024-05-01") -> Record:
    """An export record in which `words` stand wherever a report's words can."""
    named = {"start": 0, "end": len(words), "text": words, "agency": words, "agency_type": "other", "resolved": False}
    return {
        "finding_id": f"{number:016x}", "report_id": "r-1", "source": words, "source_url": None, "source_sha256": "00",
        "title": words, "date": date, "area": words, "section": None, "concern": "4(b)", "page": 1,
        "boxes": [[1.0, 2.5, 3.0, 4.0]], "box_pages": [1], "start": 0, "end": len(words), "quote": words, "link": None,
        "assertion": "failing", "assertion_score": 0.5,
        "categories": [{"id": "restraint", "score": 0.9}, {"id": "bed_shortage", "score": 0.25}],
        "actors": [{**named, "role": "responsible"}], "mentioned": [named],
        "speaker": {"start": 0, "end": 1, "text": words, "kind": "jury"} if number % 2 else None, "needs_review": True,
        "reviewed_by": None, "model": "m", "taxonomy": "t", "pipeline": "p",
    }  # fmt: skip


def read_csv(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return [{k: unguarded(v) for k, v in row.items()} for row in csv.DictReader(io.StringIO(text, newline=""))]


@settings(max_examples=40, deadline=None)
@given(st.lists(AWKWARD, min_size=1, max_size=3))
def test_any_words_come_back_from_every_file(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    folder = tmp_path_factory.mktemp("any")
    made = [record(each, number) for number, each in enumerate(words)]
    assert writer_of("jsonl")(made, folder / "a.jsonl") == len(made)
    lines = (folder / "a.jsonl").read_bytes().decode().split("\n")[:-1]
    assert [json.loads(line) for line in lines] == [{**each, "format_version": FORMAT_VERSION} for each in made]
    assert writer_of("parquet")(made, folder / "a.parquet") == len(made)
    assert pq.read_table(folder / "a.parquet").to_pylist() == made
    assert writer_of("csv")(made, folder / "a.csv") == len(made)
    names = ("quote", "title", "area", "source", "actors", "agencies", "mentioned")
    assert [[row[name] for name in (*names, "category")] for row in read_csv(folder / "a.csv")] == [
        [each["quote"]] * len(names) + [category["id"]] for each in made for category in each["categories"]
    ]
    assert writer_of("csv-wide")(made, folder / "w.csv", categories=CATEGORIES) == len(made)
    flags = ("category_communication_gap", "category_bed_shortage", "category_restraint")
    assert [(row["quote"], *(row[name] for name in flags)) for row in read_csv(folder / "w.csv")] == [
        (each["quote"], "0", "1", "1") for each in made
    ]


@settings(max_examples=5, deadline=None)
@given(st.lists(AWKWARD, min_size=1, max_size=3))
def test_any_words_come_back_from_duckdb(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    duckdb = pytest.importorskip("duckdb", reason='needs pip install "failings[duckdb]"')
    path = tmp_path_factory.mktemp("any") / "a.duckdb"
    made = [record(each, number) for number, each in enumerate(words)]
    assert writer_of("duckdb")(made, path, reports=[]) == len(made)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert rows(connection, "SELECT * FROM findings ORDER BY finding_id") == [
            {k: v for k, v in each.items() if k not in ("categories", "actors", "mentioned")} for each in made
        ]
        assert rows(connection, "SELECT * FROM actors ORDER BY finding_id, role DESC") == [
            {"finding_id": each["finding_id"], **actor}
            for each in made
            for actor in (*each["actors"], {**each["mentioned"][0], "role": "mentioned"})
        ]


def rows(connection: Any, query: str) -> list[Record]:
    table: list[Record] = connection.sql(query).to_arrow_table().to_pylist()
    return table


GUARDED = [
    ("=1+1", "'=1+1"), ("+44", "'+44"), ("-5", "'-5"), ("@A1", "'@A1"), ("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"),
    ("  =1", "'  =1"), ("＝1", "'＝1"), ("a =1", "a =1"), ("a;=1", "a;'=1"), ("a; =1", "a;' =1"), ("a\n-b", "a\n'-b"),
    ("a, -b", "a, -b"), ("'=1", "''=1"), ("'tis so", "'tis so"), ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("words", "cell"), GUARDED)
def test_what_a_spreadsheet_would_run_is_guarded(words: str, cell: str) -> None:
    assert safe(words) == cell
    assert unguarded(cell) == words


@settings(max_examples=500)
@given(st.text("=+-@\t\r\n ;'a＝", max_size=12) | AWKWARD)
def test_a_guard_is_taken_off_exactly(words: str) -> None:
    assert unguarded(safe(words)) == words
    cells = re.split(r"[;\t\r\n]", safe(words))
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "＝")) for cell in cells)


def test_numbers_are_left_as_they_are() -> None:
    assert [safe(value) for value in (-1, 0.5, None, True)] == [-1, 0.5, None, True]


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice (`soffice`), which is not installed")
def test_libreoffice_opens_it_with_the_same_columns_and_runs_nothing(tmp_path: Path) -> None:
    words = ["=1+1", "a;=2+3", "\t=4+4", "  =6+6", "two\r\nlines 🛏️ “so”", "e\u0301, +5", "@SUM(A1)"]
    writer_of("csv")([record(each, number) for number, each in enumerate(words)], tmp_path / "a.csv")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    for options in ("44,34,76,1", "59/44,34,76,1"):  # commas, and semicolons too, as in half of Europe; 76 is UTF-8
        command = [
            "soffice",
            profile,
            "--headless",
            f"--infilter=CSV:{options}",
            "--convert-to",
            "fods",
            "--outdir",
            tmp_path,
        ]
        subprocess.run([*command, tmp_path / "a.csv"], check=True, capture_output=True, timeout=120)
        sheet = (tmp_path / "a.fods").read_text(encoding="utf-8")
        assert "table:formula" not in sheet
        first = re.findall(r"<text:p>([^<]*)</text:p>", sheet)[: len(CSV_ROW)]
        assert first == [field.name for field in CSV_ROW]
        assert "🛏️ “so”" in sheet


def test_parquet_has_a_part_for_each_year(engine: Engine, tmp_path: Path) -> None:
    assert writer_of("parquet")(read_findings(engine), tmp_path / "parts", partition_by="year") == 5
    parts = {file.parent.name: pq.ParquetFile(file).read() for file in (tmp_path / "parts").rglob("*.parquet")}
    assert {name: part.num_rows for name, part in parts.items()} == {
        "year=2023": 2, "year=2024": 2, "year=__HIVE_DEFAULT_PARTITION__": 1,
    }  # fmt: skip
    by_id = {row["finding_id"]: row for part in parts.values() for row in part.to_pylist()}
    assert [by_id[each["finding_id"]] for each in read_findings(engine)] == list(read_findings(engine))
    whole = pq.read_table(tmp_path / "parts", partitioning="hive")
    assert sorted(whole["year"].to_pylist(), key=str) == [2023, 2023, 2024, 2024, None]
    with pytest.raises(UsageError, match="something in this folder"):
        writer_of("parquet")(read_findings(engine), tmp_path / "parts", partition_by="year")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["parts"]


def test_an_export_of_nothing_can_be_read(tmp_path: Path) -> None:
    for name, options in {"whole": {}, "parts": {"partition_by": "year"}}.items():
        assert writer_of("parquet")([], tmp_path / name, **options) == 0
    part = tmp_path / "parts" / "year=__HIVE_DEFAULT_PARTITION__" / "part-0.parquet"
    for path in (tmp_path / "whole", part):
        assert pq.ParquetFile(path).read().to_pylist() == []
    assert writer_of("csv")([], tmp_path / "a.csv") == 0
    assert read_csv(tmp_path / "a.csv") == []
    assert count_rows([]) == (0, [])


def test_parquet_says_what_each_column_holds(engine: Engine, tmp_path: Path) -> None:
    writer_of("parquet")(read_findings(engine), tmp_path / "a.parquet")
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert schema.metadata[b"format_version"] == b"1"
    assert {field.name: field.metadata[b"description"].decode() for field in schema} == {
        f.name: f.about for f in FINDING
    }


def test_views_of_duckdb_count_as_we_do_by_hand(engine: Engine, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason='needs pip install "failings[duckdb]"')
    assert writer_of("duckdb")(read_findings(engine), tmp_path / "a.duckdb", reports=read_reports(engine)) == 5
    with duckdb.connect(str(tmp_path / "a.duckdb"), read_only=True) as connection:
        counted = {
            name: connection.execute(f"SELECT * FROM category_counts{name}").fetchall()  # noqa: S608
            for name in ("", "_by_year", "_by_agency", "_by_agency_type")
        }
        said = connection.execute(
            "SELECT source, year, area, source_kind, text FROM reports ORDER BY source"
        ).fetchall()
        calls = connection.execute("SELECT quote, addressees, answers FROM recommendations").fetchall()
        comments = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    assert counted[""] == [("communication_gap", 4, 4, 4), ("bed_shortage", 1, 2, 4), ("restraint", 1, 1, 4)]
    assert counted["_by_year"] == [
        (2023, "bed_shortage", 1, 2, 1), (2023, "communication_gap", 1, 1, 1), (2024, "communication_gap", 2, 2, 2),
        (2024, "restraint", 1, 1, 2), (None, "communication_gap", 1, 1, 1),
    ]  # fmt: skip
    assert counted["_by_agency"] == [
        ("Lode Trust", "acute_trust", "communication_gap", 2, 2), ("Marl Police", "police", "communication_gap", 2, 2),
        ("Lode Trust", "acute_trust", "bed_shortage", 1, 2),
    ]  # fmt: skip
    assert counted["_by_agency_type"] == [row[1:] for row in counted["_by_agency"]]
    assert said[1] == ("b.txt", 2024, "Tarn 100% Fells", "case_review", None)
    assert calls == [("They should talk.", [], [])]
    about = {(table, column): comment for table, column, comment in comments}
    assert all(about[table, field.name] == field.about for table, fields in TABLES.items() for field in fields)


def test_counts_are_those_made_by_hand(engine: Engine, tmp_path: Path) -> None:
    assert writer_of("counts")(read_findings(engine), tmp_path / "c.json") == 5
    made = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    assert made["format_version"] == 1
    table = [tuple(row.values()) for row in made["counts"]]
    assert table == [
        ("all", None, None, None, 4, 5), ("all", "bed_shortage", None, None, 1, 2), ("all", "communication_gap", None, None, 4, 4),
        ("all", "restraint", None, None, 1, 1), ("year", None, 2023, None, 1, 2), ("year", "bed_shortage", 2023, None, 1, 2),
        ("year", "communication_gap", 2023, None, 1, 1), ("year", None, 2024, None, 2, 2),
        ("year", "communication_gap", 2024, None, 2, 2), ("year", "restraint", 2024, None, 1, 1), ("year", None, None, None, 1, 1),
        ("year", "communication_gap", None, None, 1, 1), ("agency_type", None, None, "acute_trust", 2, 3),
        ("agency_type", "bed_shortage", None, "acute_trust", 1, 2), ("agency_type", "communication_gap", None, "acute_trust", 2, 2),
        ("agency_type", None, None, "police", 2, 2), ("agency_type", "communication_gap", None, "police", 2, 2),
        ("agency_type", None, None, None, 1, 1), ("agency_type", "communication_gap", None, None, 1, 1),
        ("agency_type", "restraint", None, None, 1, 1),
    ]  # fmt: skip
    writer_of("counts")(read_findings(engine), tmp_path / "c.csv")
    cells = [tuple(row.values())[:-1] for row in read_csv(tmp_path / "c.csv")]
    assert cells == [tuple("" if value is None else str(value) for value in row) for row in table]


@pytest.mark.parametrize("name", sorted(name for name, form in FORMATS.items() if form.takes != ("reports",)))
def test_an_export_that_breaks_off_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    if name == "duckdb":
        pytest.importorskip("duckdb", reason='needs pip install "failings[duckdb]"')
    path = tmp_path / "out"
    path.write_text("from before")

    def broken() -> Iterator[Record]:
        yield from (record("said", number) for number in range(6000))
        raise KeyboardInterrupt

    options = {"categories": CATEGORIES, "reports": [], "with_text": False, "partition_by": None}
    with pytest.raises(KeyboardInterrupt):
        writer_of(name)(broken(), path, **{option: options[option] for option in FORMATS[name].takes})
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
    assert path.read_text() == "from before"
    with pytest.raises(UsageError, match="cannot write"):
        writer_of(name)([], tmp_path / "no" / "out", **{option: options[option] for option in FORMATS[name].takes})


def test_a_missing_extra_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError, match=re.escape('pip install "failings[duckdb]"')):
        writer_of("duckdb")([], tmp_path / "a.duckdb", reports=[])


def test_a_data_package_tells_of_every_file(folder: Path, tmp_path: Path) -> None:
    args = ("--with-text", "--data-package", "--date-from", "2024")
    done = export(folder, "--format", "csv-wide", "-o", tmp_path / "wide.csv", *args)
    assert done.returncode == 0, done.stderr
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["format_version"] == 1
    assert package["filters"] == {"date_from": "2024-01-01"}
    assert [(r["name"], r["path"], r["format"]) for r in package["resources"]] == [
        ("findings", "wide.csv", "csv"), ("reports", "reports.jsonl", "jsonl"),
    ]  # fmt: skip
    for resource in package["resources"]:
        data = (tmp_path / resource["path"]).read_bytes()
        assert (resource["bytes"], resource["hash"]) == (len(data), f"sha256:{sha256(data).hexdigest()}")
    fields = package["resources"][0]["schema"]["fields"]
    header = next(csv.reader([(tmp_path / "wide.csv").read_text(encoding="utf-8-sig").splitlines()[0]]))
    assert [field["name"] for field in fields] == header
    assert fields[: len(wide_fields({}))][0]["description"] == FINDING[0].about
    line = json.loads((tmp_path / "reports.jsonl").read_text(encoding="utf-8").split("\n")[0])
    assert [field["name"] for field in package["resources"][1]["schema"]["fields"]] == list(line)
    kinds = {"string", "integer", "number", "boolean", "array", "object"}
    assert {field["type"] for resource in package["resources"] for field in resource["schema"]["fields"]} <= kinds


def test_a_data_package_of_a_folder_names_every_part(folder: Path, tmp_path: Path) -> None:
    done = export(folder, "--format", "parquet", "--partition-by", "year", "--data-package", "-o", tmp_path / "parts")
    assert done.returncode == 0, done.stderr
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert {r["name"]: r["path"] for r in package["resources"]} == {
        "findings-2023": "parts/year=2023/part-0.parquet", "findings-2024": "parts/year=2024/part-0.parquet",
        "findings-undated": "parts/year=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (("--format", "csv"), "a.csv"),
        (("--format", "csv-wide", "--with-text"), "a.csv"),
        (("--format", "counts"), "a.csv"),
        (("--format", "counts"), "a.json"),
        (("--format", "jsonl", "--with-text"), "a.jsonl"),
        (("--format", "parquet", "--partition-by", "year"), "parts"),
    ],
)
def test_frictionless_finds_the_package_valid(folder: Path, tmp_path: Path, args: tuple[str, ...], name: str) -> None:
    """Every row of a text format against its schema.

    Parquet it reads through pandas, where a missing integer is a float, and without counting bytes.
    """
    packed(folder, tmp_path / name, *args)
    assert faults_of(tmp_path, skip_errors=["type-error", "byte-count"] if "parquet" in args else []) == []


def test_frictionless_sees_what_was_changed(folder: Path, tmp_path: Path) -> None:
    packed(folder, tmp_path / "a.csv", "--format", "csv")
    cells = (tmp_path / "a.csv").read_text(encoding="utf-8")
    (tmp_path / "a.csv").write_text(cells.replace(",True,", ",maybe,").replace(",False,", ",maybe,"), encoding="utf-8")
    assert {"hash-count", "type-error"} <= set(faults_of(tmp_path))


def packed(folder: Path, path: Path, *args: str) -> None:
    """Export with a data package, in this process."""
    assert main(["export", *args, "--data-package", "-o", str(path), "--store", str(folder / "findings.db")]) == 0


def faults_of(folder: Path, **options: Any) -> list[str]:
    """The kinds of error that frictionless finds in a folder's data package."""
    frictionless = pytest.importorskip("frictionless", reason='needs pip install "frictionless[json]"')
    pytest.importorskip("jsonlines", reason='needs pip install "frictionless[json]"')
    checked = frictionless.validate(str(folder / "datapackage.json"), **options)
    assert len(checked.tasks) == len(json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["resources"])
    return [kind for [kind] in checked.flatten(["type"])]


def test_fields_in_the_docs_are_those_of_the_code() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text.count("<!-- fields: ") == 11
    assert documented(text) == text


MEASURE = """
import resource, sys
from pipeline.cli import main
formats = sys.argv[1:]
for store in ("small.db", "big.db"):
    for name in formats:
        assert main(["export", "--format", name, "--store", store, "-o", f"{store}.{name}"]) == 0
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_findings(tmp_path: Path) -> None:
    for name, count in (("small.db", 2_000), ("big.db", 20_000)):
        engine = open_engine(f"sqlite:///{tmp_path / name}", create=True)
        assert fill(engine, findings_wanted=count) == count // 40
        engine.dispose()
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", MEASURE, "counts", "csv", "csv-wide", "jsonl", "parquet"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    small, big = (int(line) / 1024 for line in done.stdout.split())
    assert big - small < 60, f"{small:.0f} MB with 2,000 findings, {big:.0f} MB with 20,000"


def test_the_generator_makes_the_same_store_each_time(tmp_path: Path) -> None:
    found: list[list[Record]] = []
    for name in ("one.db", "two.db"):
        engine = open_engine(f"sqlite:///{tmp_path / name}", create=True)
        fill(engine, findings_wanted=90)
        found.append(list(read_findings(engine)))
        texts = {report["report_id"]: report["text"] for report in read_reports(engine)}
        assert all(texts[f["report_id"]][f["start"] : f["end"]] == f["quote"] for f in found[-1])
        engine.dispose()
    assert found[0] == found[1]
    assert len(found[0]) == 90
