"""The dashboard as a person and a browser meet it, on a store that is being written to."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from small_store import FIRST, VERSIONS, first, make_store, second

from pipeline.dashboard.charts import Cell, bars, heat
from pipeline.dashboard.highlight import pieces
from pipeline.store.connect import open_engine
from pipeline.store.views import VIEWS
from pipeline.store.writer import Writer

CHROMIUM = "/usr/bin/chromium"
ROOT = Path(__file__).parent.parent
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


@dataclass(frozen=True)
class Served:
    """A running dashboard and its store."""

    url: str
    store: Path

    def get(self, path: str, **options: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30, **options)

    def rows(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        answer = self.get(f"/findings/{path}.json", params={"_shape": "array", **parameters})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found


def dashboard(*args: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pipeline", "dashboard", *map(str, args)]
    return subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def started(store: Path) -> tuple["subprocess.Popen[str]", Served]:
    process = dashboard("--store", store, "--port", 0)
    assert process.stderr
    line = process.stderr.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert address, line + process.stderr.read()
    return process, Served(address[0], store)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A dashboard on the small store, in a file of an awkward name."""
    process, running = started(make_store(tmp_path_factory.mktemp("store with spaces") / "50% of it #1.db"))
    yield running
    status, errors = ended(process)
    assert (status, errors) == (0, "")


def report_id(served: Served, source: str) -> str:
    [row] = served.rows("v_reports", source=source)
    return str(row["report_id"])


def test_the_front_page_counts_findings_by_category_agency_and_year(served: Served) -> None:
    page = html.fromstring(served.get("/").text)
    assert [" ".join(tile.text_content().split()) for tile in page.xpath("//*[@class='tiles']/li")][:3] == [
        "3 reports", "6 findings", "1 to review",
    ]  # fmt: skip
    by_category, by_agency = (chart.xpath(".//*[local-name()='title']/text()") for chart in page.xpath("//section/svg"))
    assert by_category[:3] == [
        "communication_gap: 2 findings in 2 reports", "restraint: 2 findings in 1 reports", "bed_shortage: 1 findings in 1 reports",
    ]  # fmt: skip
    assert by_agency == ["Exampleshire Trust: 3 findings in 1 reports", "Exampleshire Police: 2 findings in 1 reports"]
    assert [row.text_content().split()[0] for row in page.xpath("//*[@class='heat']/tbody/tr")] == ["2024", "2023"]


def test_quotes_are_searched_and_faceted(served: Served) -> None:
    assert [row["category"] for row in served.rows("v_findings", _search="bed")] == ["bed_shortage"]
    answer = served.get("/findings/v_findings.json").json()
    facets = {name: {v["value"]: v["count"] for v in f["results"]} for name, f in answer["facet_results"].items()}
    assert facets["category"] == {"communication_gap": 2, "restraint": 2, "bed_shortage": 1, "record_keeping": 1}
    assert facets["year"] == {2023: 3, 2024: 3}
    assert facets["area"] == {"North": 3, "South": 3}
    assert facets["needs_review"] == {0: 5, 1: 1}
    assert facets["assertion"] == {"failing": 3, "recommendation": 2, "alleged": 1}


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_with_its_facets(served: Served, view: str) -> None:
    page = served.get(f"/findings/{view}")
    assert page.status_code == 200
    assert "Error" not in page.text
    assert "timed out" not in page.text


QUERIES = {
    "most_common_by_year": [
        (2024, 1, "restraint"), (2024, 2, "communication_gap"), (2024, 2, "training"), (2023, 1, "bed_shortage"),
        (2023, 1, "buck_passing"), (2023, 1, "communication_gap"), (2023, 1, "record_keeping"),
    ],
    "agencies_of_category?category=restraint": [("Exampleshire Police", "police", 2, 1)],
    "agencies_of_category?category=": [("Exampleshire Trust", "acute_trust", 3, 1), ("Exampleshire Police", "police", 2, 1)],
    "together": [("buck_passing", "communication_gap", 1, 1), ("restraint", "training", 1, 1)],
    "who_says_so": [
        ("bed_shortage", None, 1), ("buck_passing", None, 1), ("communication_gap", None, 1), ("communication_gap", "family", 1),
        ("record_keeping", None, 1), ("restraint", None, 2), ("training", None, 1),
    ],
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_ready_made_queries_answer(served: Served, query: str) -> None:
    name, _, parameters = query.partition("?")
    found = served.rows(name, **dict([parameters.split("=")] if parameters else []))
    expected = QUERIES[query]
    assert sorted((tuple(row.values())[: len(expected[0])] for row in found), key=str) == sorted(expected, key=str)


def test_what_is_still_to_do_is_listed(served: Served) -> None:
    [call] = served.rows("recommendations_without_deadline")
    [unsure] = served.rows("findings_to_review")
    assert call["quote"] == unsure["quote"] == "The Trust should keep a list & check it <b>daily</b>."
    assert (call["addressees"], unsure["category_score"]) == ("Exampleshire Trust", 0.55)


def test_every_ready_made_query_is_tested(served: Served) -> None:
    listed = {q["name"] for q in served.get("/findings.json").json()["queries"]}
    assert listed == {*(q.partition("?")[0] for q in QUERIES), "recommendations_without_deadline", "findings_to_review"}


def test_a_report_is_shown_as_it_is_with_its_findings_marked(served: Served) -> None:
    page = html.fromstring(served.get(f"/-/report/{report_id(served, 'one.txt')}").text)
    [words] = page.xpath("//*[@class='words']")
    marks = {mark.get("id"): mark.text_content() for mark in words.xpath(".//mark")}
    found = served.rows("v_findings", source="one.txt")
    assert marks == {row["finding_id"]: row["quote"] for row in found}
    first_label = next(small.text for small in words.xpath(".//small"))
    assert first_label == " [failing: communication_gap 0.90, buck_passing 0.60]"
    for small in words.xpath(".//small"):
        small.drop_tree()
    assert words.text_content() == FIRST.replace("\r\n", "\n")
    assert page.xpath("//h1")[0].text == "One & <i>only</i>"


def test_nothing_in_a_report_becomes_markup_or_a_script(served: Served) -> None:
    raw = served.get(f"/-/report/{report_id(served, 'one.txt')}").text
    assert "alert(" not in raw.replace("&lt;script&gt;alert(", "")
    assert "<b>daily" not in raw
    assert "javascript:" not in raw
    listed = html.fromstring(served.get("/findings/v_findings").text)
    assert not [a for a in listed.xpath("//a") if (a.get("href") or "").startswith("javascript:")]
    assert not listed.xpath("//td//b | //td//i | //td//script")


def test_a_finding_leads_to_its_words(served: Served) -> None:
    [row] = served.rows("v_findings", category="bed_shortage")
    answer = served.get(f"/-/finding/{row['finding_id']}")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/-/report/{row['report_id']}#{row['finding_id']}"
    cells = html.fromstring(served.get("/findings/v_findings?category=bed_shortage").text).xpath(
        "//td[contains(@class, 'col-finding_id')]/a"
    )
    assert [a.get("href") for a in cells] == [f"/-/finding/{row['finding_id']}"]


@pytest.mark.parametrize("path", ["/-/report/none", "/-/report/%3Cscript%3E", "/-/finding/none", "/findings/nothing"])
def test_what_is_not_there_is_not_found(served: Served, path: str) -> None:
    answer = served.get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert "<script>none" not in answer.text
    assert "<script></" not in answer.text


def test_requests_under_another_name_are_refused(served: Served) -> None:
    assert served.get("/findings/v_findings.json", headers={"Host": "evil.example"}).status_code == 400
    assert served.get("/", headers={"Host": "127.0.0.1.evil.example:80"}).status_code == 400
    port = served.url.rpartition(":")[2]
    assert served.get("/", headers={"Host": f"localhost:{port}"}).status_code == 200
    assert "default-src 'self'" in served.get("/").headers["content-security-policy"]


@pytest.mark.parametrize(
    "sql", ["delete from findings", "insert into runs(run_id) values (9)", "attach 'other.db' as o"]
)
def test_sql_that_writes_is_refused(served: Served, sql: str) -> None:
    assert served.get("/findings.json", params={"sql": sql}).status_code == 400
    assert len(served.rows("v_findings")) == 6


def test_looking_changes_no_byte_of_the_store(tmp_path: Path) -> None:
    store = make_store(tmp_path / "findings.db")
    before = sha256(store.read_bytes()).hexdigest()
    process, running = started(store)
    for path in ("/", "/findings", "/findings/v_findings?_search=bed", f"/-/report/{report_id(running, 'one.txt')}"):
        assert running.get(path).status_code == 200
    assert ended(process)[0] == 0
    assert sha256(store.read_bytes()).hexdigest() == before


def test_a_store_that_is_being_written_to_stays_readable_and_shows_what_is_added(tmp_path: Path) -> None:
    store = tmp_path / "findings.db"
    engine = open_engine(f"sqlite:///{store}", create=True)
    writer = Writer(engine, VERSIONS, {})
    writer.add(first())
    process, running = started(store)
    assert len(running.rows("v_findings")) == 3
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE findings SET needs_review = 1")
    assert len(running.rows("findings_to_review")) == 1
    other.execute("ROLLBACK")
    other.close()
    writer.add(second())
    assert len(running.rows("v_findings")) == 6
    assert "6</strong> findings" in running.get("/").text
    assert running.get(f"/-/report/{report_id(running, 'two.txt')}").status_code == 200
    assert ended(process)[0] == 0
    engine.dispose()


def test_an_empty_store_is_shown(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path / 'empty.db'}", create=True).dispose()
    process, running = started(tmp_path / "empty.db")
    assert "0</strong> findings" in running.get("/").text
    assert ended(process)[0] == 0


def test_a_port_that_is_taken_and_a_store_that_is_not_there_are_named(served: Served, tmp_path: Path) -> None:
    port = served.url.rpartition(":")[2]
    taken = dashboard("--store", served.store, "--port", port)
    assert f"cannot listen on 127.0.0.1:{port}" in taken.communicate(timeout=30)[1]
    assert taken.returncode == 2
    missing = dashboard("--store", tmp_path / "none.db")
    assert "no store at" in missing.communicate(timeout=30)[1]
    assert missing.returncode == 1


@given(st.text(min_size=1), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=6))
def test_pieces_are_the_whole_text_and_each_finding_its_words(text: str, places: list[tuple[int, int]]) -> None:
    spans = [(start, start + length) for start, length in places if start + length <= len(text)]
    records = [
        {"finding_id": str(at), "start": s, "end": e, "categories": [], "assertion": "failing", "needs_review": False}
        for at, (s, e) in enumerate(spans)
    ]
    made = list(pieces(text, records))
    assert "".join(piece.text for piece in made) == text
    whole = {s: piece for piece, s in zip(made, offsets([p.text for p in made]), strict=True)}
    free = [
        (s, e)
        for s, e in spans
        if all(e <= a or s >= b for a, b in spans if (a, b) != (s, e)) and spans.count((s, e)) == 1
    ]
    for s, e in free:
        assert whole[s].text == text[s:e]
        assert whole[s].finding_id == str(spans.index((s, e)))


def offsets(parts: list[str]) -> list[int]:
    return [sum(map(len, parts[:at])) for at in range(len(parts))]


def test_bars_are_as_long_as_their_counts_and_years_newest_first() -> None:
    assert [(b.width, b.y) for b in bars([("restraint", 4, 2), ("training", 1, 1)])] == [(260.0, 0), (65.0, 22)]
    assert bars([]) == []
    made = heat([(2023, "a", 2), (None, "a", 1), (2024, "b", 4)], ["a", "b"])
    assert list(made) == ["2024", "2023", "no year"]
    assert made["2024"] == [Cell(0, 0.0), Cell(4, 1.0)]
    assert made["no year"] == [Cell(1, 0.25), Cell(0, 0.0)]


@pytest.fixture(scope="module")
def page(served: Served) -> Iterator[Any]:
    """A page of a real browser, and what it asked for and complained of."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1280, "height": 900})
        yield opened
        browser.close()


def test_a_browser_goes_from_a_facet_to_the_words_of_a_finding(served: Served, page: Any) -> None:
    from playwright.sync_api import expect

    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(served.url)
    page.get_by_label("Words").fill("trust")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator(".facet-info a", has_text="bed_shortage").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("td.col-finding_id a").click()
    mark = page.locator("mark:target")
    expect(mark).to_have_text("No bed was free at the Trust.")
    assert mark.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(133, 196, 255)"
    assert mark.is_visible()
    page.goto(served.url + "/findings")
    assert complaints == []
    assert len(requests) > 5
    assert {url.split("/")[2] for url in requests if not url.startswith("data:")} == {served.url.split("/")[2]}
