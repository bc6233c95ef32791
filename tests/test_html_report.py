"""The HTML report: what is in its files. `test_html_in_browser.py` opens them."""

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from html_reports import HOSTILE, finding, report
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import FailingsError, UsageError
from pipeline.export.colours import colour_of
from pipeline.export.html import vendored, write_html
from pipeline.export.html.charts import charts_of
from pipeline.export.html.colouring import contrast, dark_colour
from pipeline.export.html.counting import Count, counts_of
from pipeline.export.html.index import entry, index_of, island
from pipeline.export.html.marking import marked_text
from pipeline.export.html.shown import ShownFinding, in_step, shown_finding, shown_report
from pipeline.report import sha256
from pipeline.taxonomy import load_taxonomy

TEXT = "Nobody told the crew. The ward was full. All staff were trained."


class Read(HTMLParser):
    """Text of a marked text, and of each finding, without numbers and hidden notes."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.findings, self._open = "", dict[str, str](), list[tuple[str, dict[str, str | None]]]()
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, attrs = self._open[-1] if self._open else ("", {})
        if tag in ("", "mark"):
            self.text += data
        for key in (attrs["data-f"] or "").split() if tag == "mark" else ():
            self.findings[key] = self.findings.get(key, "") + data


def shown(*intervals: tuple[int, int], text: str = TEXT) -> list[ShownFinding]:
    return [
        shown_finding(n, finding(f"{n:016x}", start, end, text)) for n, (start, end) in enumerate(sorted(intervals), 1)
    ]


def test_a_finding_is_marked_numbered_and_described() -> None:
    assert marked_text("A. The ward was full. B.", shown((3, 21), text="A. The ward was full. B.")) == (
        'A. <a class="at" id="f-0000000000000001" href="#f-0000000000000001" '
        'aria-label="Finding 1. Failing: Communication gap 0.91, Bed shortage 0.40">1</a>'
        '<mark class="k-communication_gap a-failing" data-f="0000000000000001">The ward was full.</mark>'
        '<span class="hidden end"> (end of finding 1) </span> B.'
    )


def test_words_that_findings_share_name_them_all() -> None:
    markup = marked_text(TEXT, shown((0, 40), (22, 64)))
    assert re.findall(r'<mark class="([^"]*)" data-f="0*([^"]*)">([^<]*)', markup) == [
        ("k-communication_gap a-failing", "1", "Nobody told the crew. "),
        ("k-communication_gap a-failing shared", "1 0000000000000002", "The ward was full."),
        ("k-communication_gap a-failing", "2", " All staff were trained."),
    ]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60), st.data())
def test_text_and_quotes_survive_whatever_the_findings_are(text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    pairs = data.draw(st.lists(st.tuples(place, place).filter(lambda pair: pair[0] < pair[1]), max_size=5))
    findings = shown(*pairs, text=text)
    read = Read(marked_text(text, findings))
    assert read.text == text
    assert read.findings == {f.finding_id: text[f.start : f.end] for f in findings}


@given(st.text())
def test_an_island_is_ascii_json_that_can_neither_end_nor_open_a_tag(text: str) -> None:
    made = island({"a": text})
    assert json.loads(made) == {"a": text}
    assert made.isascii()
    assert not set("<>&") & set(made)


def counted() -> Any:
    """Two reports: one of 2021 with two findings, one without a date with one and a recommendation."""
    records = [
        [finding("a", 0, 21, TEXT, categories=["communication_gap", "staffing"], agency_types=["police"]),
         finding("b", 22, 40, TEXT, categories=["bed_shortage"], needs_review=True, score=0.42)],
        [finding("c", 0, 21, TEXT, categories=["bed_shortage"], assertion="alleged", score=1.0),
         finding("d", 41, 64, TEXT, categories=["training"], assertion="recommendation")],
    ]  # fmt: skip
    findings = [[shown_finding(n, r) for n, r in enumerate(mine, 1)] for mine in records]
    reports = [
        shown_report(report("one", TEXT, date="2021-05-04", area="Exampleshire"), findings[0]),
        shown_report(report("two", TEXT), findings[1]),
    ]
    return reports, [entry(at, f) for at, mine in enumerate(findings) for f in mine]


def test_counts_are_by_report_and_by_mention() -> None:
    counts = counts_of(*counted())
    assert (counts.reports, counts.findings, counts.to_review, counts.went_wrong) == (2, 4, 1, Count(2, 3))
    assert counts.assertions == {"failing": Count(1, 2), "alleged": Count(1, 1), "recommendation": Count(1, 1)}
    assert counts.categories == {"communication_gap": Count(1, 1), "bed_shortage": Count(2, 2), "staffing": Count(1, 1)}
    assert counts.by_year["bed_shortage", "no date"] == Count(1, 1)
    assert counts.by_agency["staffing", "police"] == Count(1, 1)
    assert counts.areas == {"Exampleshire": Count(1, 2), "no area": Count(1, 1)}
    assert counts.together == {
        ("communication_gap", "staffing"): Count(1, 1),
        ("bed_shortage", "staffing"): Count(1, 0),
        ("communication_gap", "bed_shortage"): Count(1, 0),
    }
    assert counts.scores == {(8, True): Count(1, 1), (18, False): Count(2, 2), (19, False): Count(1, 1)}


def test_every_chart_says_what_it_shows() -> None:
    assert {chart.id: chart.sentence for chart in charts_of(counts_of(*counted()))} == {
        "categories": "Bed shortage has the most reports: 2 of 2, with 2 mentions.",
        "assertions": "Of 4 findings: failing 50%, alleged 25%, recommendation 25%.",
        "years": "1 report with a date, 1 without. The fullest cell is Bed shortage in 2021 (2 more are as full): 1 of that "
        "year’s 1 report. A year with more reports has more of everything.",
        "agencies": "2 findings of 3 name nobody. Otherwise most frequent: Communication gap with Police and 1 other pair, "
        "1 report. A finding with two kinds of agency counts for both.",
        "together": "By report: both are somewhere in the same report. By mention: the same finding has both; a cell leads to "
        "these. Most often together in a report: Communication gap with Staffing and 2 other pairs (1); in a finding: "
        "Communication gap with Staffing (1).",
        "areas": "Exampleshire has the most reports: 1 of 2, with 2 mentions. 1 report with 1 mention name no area.",
        "scores": "1 finding of 4 (25%) need review. The score is that of a finding’s most probable category, 1.00 where "
        "people decided.",
    }


def test_a_cell_leads_to_what_it_counts() -> None:
    charts = {chart.id: chart.spec["data"]["values"] for chart in charts_of(counts_of(*counted()))}
    assert charts["categories"][0]["filter"] == {"category": "bed_shortage", "assertion": "wrong"}
    assert charts["scores"][0]["filter"] == {"score": "0.40", "to": "0.44"}
    assert charts["assertions"][0]["filter"] == {"assertion": "failing"}


def test_without_findings_there_are_no_charts() -> None:
    assert charts_of(counts_of([], [])) == ()


def test_the_index_points_into_lists_of_names() -> None:
    index = index_of(*counted())
    assert index["categorySets"] == [[0, 2], [1], [3]]
    assert [index[key] for key in ("report", "assertion", "category", "agency", "score", "review")] == [
        [0, 0, 1, 1], [0, 0, 1, 2], [0, 1, 1, 2], [0, 1, 1, 1], [91, 42, 100, 91], [0, 1, 0, 0],
    ]  # fmt: skip


@pytest.mark.parametrize("category", [*load_taxonomy().ids, "one_of_another_taxonomy"])
def test_print_on_every_colour_is_easy_to_read(category: str) -> None:
    colour = colour_of(category)
    assert contrast(colour, (20, 24, 28)) >= 7
    assert contrast(dark_colour(colour), (244, 246, 248)) >= 4.5


def test_findings_of_a_report_that_is_not_given_are_refused() -> None:
    with pytest.raises(UsageError, match="findings of report two, but no such report"):
        list(in_step([report("one", TEXT)], [finding("a", 0, 21, TEXT, report_id="two")]))


def written(path: Path, *, text: str = TEXT) -> Path:
    records = [finding("a", 0, 21, text), finding("b", 0, 21, text, report_id="two")]
    assert write_html(records, path, reports=[report("one", text), report("two", text)]) == 2
    return path


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = written(tmp_path / "one.html"), written(tmp_path / "two.html")
    assert one.read_bytes() == two.read_bytes()
    folders = [written(tmp_path / name) for name in ("first", "second")]
    contents = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders]
    assert contents[0] == contents[1]
    assert sorted(map(str, contents[0])) == [
        "assets/report.css", "assets/report.js", "assets/vega.js", "data/findings-0000.js", "data/index.js", "index.html",
        "reports/one.html", "reports/two.html",
    ]  # fmt: skip


def test_hostile_text_is_nowhere_markup(tmp_path: Path) -> None:
    text = f"Nobody told the crew {HOSTILE}"
    page = written(tmp_path / "one.html", text=text).read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert "alert(1)<" not in page.replace("alert(1)&lt;", "")
    folder = written(tmp_path / "folder", text=text)
    for path in (*folder.rglob("*.html"), folder / "data" / "index.js", folder / "data" / "findings-0000.js"):
        assert "<script>alert" not in path.read_text(encoding="utf-8")


def test_only_web_addresses_become_links(tmp_path: Path) -> None:
    record = finding("a", 0, 21, TEXT) | {"link": "javascript:alert(1)"}
    write_html([record], tmp_path / "r.html", reports=[report("one", TEXT) | {"url": "data:text/html,x"}])
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.search(r'href="(?!#|https?://)', page)


def test_a_report_id_cannot_lead_out_of_the_folder() -> None:
    page = shown_report(report("../../etc/x", TEXT), []).page
    assert re.fullmatch(r"[0-9a-f]{16}\.html", page)


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(UsageError, match="holds something else"):
        written(tmp_path / "mine")
    assert [p.name for p in tmp_path.rglob("*")] == ["mine", "notes.txt"]


def test_a_new_report_takes_the_place_of_an_old_one(tmp_path: Path) -> None:
    folder = written(tmp_path / "out")
    write_html([], folder, reports=[report("three", TEXT)])
    assert [p.name for p in (folder / "reports").iterdir()] == ["three.html"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_report_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such report"):
        write_html([finding("a", 0, 21, TEXT)], tmp_path / "out", reports=[])
    assert not list(tmp_path.iterdir())


def test_vendored_scripts_are_those_that_were_published() -> None:
    folder = files("pipeline.export.html").joinpath("vendor")
    rows = tomllib.loads(folder.joinpath("vendor.toml").read_text("utf-8"))
    names = {row["path"].rpartition("/")[2]: row["sha256"] for row in rows.values()}
    assert {p.name for p in folder.iterdir()} == {*names, "vendor.toml", "LICENCES.txt"}
    for name, digest in names.items():
        assert sha256(folder.joinpath(name).read_bytes()) == digest
    runtime = vendored.chart_runtime()
    assert "Redistribution and use in source and binary forms" in runtime
    assert "</script" not in runtime
    assert not re.search(r"^(import|export) ", runtime, re.MULTILINE)


def test_a_vendored_script_that_was_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendored, "sha256", lambda _: "0" * 64)
    with pytest.raises(FailingsError, match=r"vega\.min\.js is not that of vega 6"):
        vendored.chart_runtime.__wrapped__()


def test_scripts_and_styles_of_one_file_are_named_by_their_hash(tmp_path: Path) -> None:
    page = written(tmp_path / "r.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "unsafe" not in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;; script-src &#39;sha256-")
    assert not re.search(r"\s(style|on\w+)=", re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL))


def test_headings_go_down_one_at_a_time(tmp_path: Path) -> None:
    for path in (written(tmp_path / "r.html"), written(tmp_path / "f") / "reports" / "one.html"):
        page = re.sub(r"<(script|style)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        levels = [int(level) for level in re.findall(r"<h(\d)", page)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_redacted_report_names_nobody(
    failings: Callable[..., subprocess.CompletedProcess[str]], samples: Path, tmp_path: Path
) -> None:
    assert failings("run", samples / "reg28_prison_night.pdf").returncode == 0
    for out in ("report.html", "folder/"):
        done = failings("export", "--format", "html", "-o", out, "--redact")
        assert done.returncode == 0, done.stderr
    for path in (tmp_path / "report.html", *(p for p in (tmp_path / "folder").rglob("*") if p.is_file())):
        page = path.name + path.read_text(encoding="utf-8")
        for name in ("Brightwell", "Leon", "Mattias", "prison_night", "prison-night"):
            assert name not in page, path
    assert "[person 1]" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert any("[person 1]" in path.read_text(encoding="utf-8") for path in (tmp_path / "folder" / "reports").iterdir())
