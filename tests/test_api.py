"""The Python interface: what a script or a notebook gets."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from installed import write_entry_points
from small_store import FIRST, SECOND, THIRD, first, make_store, second, third

import pipeline
from pipeline.errors import InputError, StoreError, UsageError
from pipeline.report import Analysed, Report

ROOT = Path(__file__).parent.parent
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def python(program: str, folder: Path, *beside: Path) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(program, encoding="utf-8")
    env = {**ENV, "PYTHONPATH": os.pathsep.join([ENV["PYTHONPATH"], *map(str, beside)])}
    return subprocess.run([sys.executable, script], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path / "small.db")


def test_importing_loads_nothing_and_has_every_name(tmp_path: Path) -> None:
    program = """
import sys, time
begun = time.perf_counter()
import pipeline
assert time.perf_counter() - begun < 0.5
heavy = {"spacy", "numpy", "sqlalchemy", "openvino", "pandas", "lxml", "alembic"} & set(sys.modules)
assert not heavy, heavy
assert {*pipeline.__all__} <= {*dir(pipeline)}
for name in pipeline.__all__:
    assert callable(getattr(pipeline, name)), name
import pipeline.batch, pipeline.analyser, pipeline.commands.run
assert pipeline.run.__module__ == "pipeline.api.running"
assert pipeline.analyse.__module__ == "pipeline.api.analysing"
assert "pandas" not in sys.modules
"""
    done = python(program, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'pipeline' has no attribute 'analyze'"):
        _ = pipeline.analyze


def test_reports_are_read_in_order_with_their_text_and_source(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("No bed was free.", encoding="utf-8")
    (tmp_path / "a.csv").write_text("ref,body\n7,Nobody told the crew 😀.\n", encoding="utf-8")
    found = list(pipeline.read(tmp_path / "b.txt", str(tmp_path / "a.csv"), columns={"id": "ref", "text": "body"}))
    assert [(report.text, Path(report.source).name) for report in found] == [
        ("No bed was free.", "b.txt"),
        ("Nobody told the crew 😀.", "a.csv#7"),
    ]


def test_what_cannot_be_read_is_told_or_raised(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 torn off")
    (tmp_path / "b.txt").write_text("No bed was free.", encoding="utf-8")
    failed: list[tuple[str, str]] = []
    found = list(pipeline.read(tmp_path, failed=lambda source, reason: failed.append((source, reason))))
    assert [report.text for report in found] == ["No bed was free."]
    assert [Path(source).name for source, _ in failed] == ["a.pdf"]
    with pytest.raises(InputError, match=r"a\.pdf: .+"):
        list(pipeline.read(tmp_path))
    with pytest.raises(InputError, match="none"):
        list(pipeline.read(tmp_path / "none"))


def test_a_text_and_a_report_of_it_have_the_same_findings() -> None:
    text = "😀 Nobody told the crew about the risk.\r\nNo bed could be found for her that night."
    analysed = pipeline.analyse(text)
    assert [(f.start, f.end, [c.id for c in f.categories]) for f in analysed.findings] == [
        (0, 38, ["communication_gap"]),
        (40, 81, ["bed_shortage"]),
    ]
    assert all(text[f.start : f.end] == f.quote for f in analysed.findings)
    report = Report(text, "elsewhere.txt", "0" * 64)
    assert pipeline.analyse(report).findings == analysed.findings
    assert pipeline.analyse(report).report is report


def test_only_the_categories_of_a_taxonomy_are_found(tmp_path: Path) -> None:
    taxonomy = tmp_path / "own.toml"
    taxonomy.write_text('[bed_shortage]\nname = "Bed shortage"\ndefinition = "No bed."\n', encoding="utf-8")
    found = pipeline.analyse(
        "Nobody told the crew. No bed could be found for her that night.", taxonomy=taxonomy
    ).findings
    assert [[c.id for c in f.categories] for f in found] == [["bed_shortage"]]


def test_a_run_keeps_findings_and_a_second_one_has_nothing_to_do(tmp_path: Path) -> None:
    program = """
import pipeline
if __name__ == "__main__":
    for _ in range(2):
        summary = pipeline.run("in", store="out.db", workers=1)
        print(sorted(summary.counts.items()), summary.findings, [source for source, _ in summary.failures])
    with pipeline.open_store("out.db") as store:
        print([found.finding.quote for found in store.findings()])
"""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("No bed could be found for her that night.", encoding="utf-8")
    (tmp_path / "in" / "b.pdf").write_bytes(b"%PDF-1.7 torn off")
    done = python(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[('failed', 1), ('new', 1)] 1 ['in/b.pdf']",
        "[('failed', 1), ('unchanged', 1)] 0 ['in/b.pdf']",
        "['No bed could be found for her that night.']",
    ]


def test_reports_come_back_from_a_store_as_they_went_in(store: Path) -> None:
    with pipeline.open_store(store) as opened:
        back = {report.sources[0]: report.analysed for report in opened.reports()}
    assert back == {made.report.source: stored(made) for made in (first(), second(), third())}
    assert {source: analysed.report.text for source, analysed in back.items()} == {
        "one.txt": FIRST, "two.txt": SECOND, "three.txt": THIRD,
    }  # fmt: skip
    for analysed in back.values():
        analysed.check()


def stored(analysed: Analysed) -> Analysed:
    """As it went in, with the two orders that a store has: categories by score, and those of one score by name."""
    found = tuple(
        replace(f, categories=tuple(sorted(f.categories, key=lambda c: (-c.score, c.id)))) for f in analysed.findings
    )
    return replace(analysed, findings=found)


def test_findings_are_filtered_as_in_a_search(store: Path) -> None:
    with pipeline.open_store(store) as opened:
        assert len(list(opened.findings())) == 6
        [bed] = opened.findings(words="bed")
        assert [f.finding.quote for f in opened.findings(category="restraint", assertion="failing")] == [
            "The police held him face down."
        ]
        assert len(list(opened.findings(agency="exampleshire trust"))) == 3
        assert len(list(opened.findings(report=bed.report_id))) == 3
    assert (bed.title, bed.date, bed.area, bed.url, bed.source) == (
        "One & <i>only</i>", "2023-05-12", "North", "javascript:alert(1)", "one.txt",
    )  # fmt: skip
    assert (bed.model, bed.taxonomy, bed.pipeline) == ("m-1", "t-1", "0.1.0")
    assert bed.finding == first().findings[1]


def test_recommendations_have_the_ids_of_the_store(store: Path) -> None:
    with pipeline.open_store(store) as opened:
        calls = {call.recommendation_id: call.recommendation for call in opened.recommendations()}
        listed = dict(
            zip(*(opened.to_pandas("v_recommendations")[c] for c in ("recommendation_id", "quote")), strict=True)
        )
    assert {key: call.quote for key, call in calls.items()} == listed
    assert sorted(calls.values(), key=lambda c: c.quote) == [*first().recommendations, *second().recommendations]


def test_a_report_is_opened_by_any_of_its_names(store: Path) -> None:
    with pipeline.open_store(store) as opened:
        one = opened.report("one.txt")
        assert opened.report(one.report_id) == one
        with pytest.raises(UsageError, match="no report 'four'"):
            opened.report("four")


def test_views_are_tables_with_types(store: Path) -> None:
    with pipeline.open_store(store) as opened:
        findings = opened.to_pandas()
        counts = opened.to_pandas("v_findings_by_year_category")
        reports = opened.to_pandas("v_reports")
        with pytest.raises(UsageError, match="no view 'findings'; there are v_reports, v_findings"):
            opened.to_pandas("findings")
    assert len(findings) == 6
    assert findings.dtypes[["needs_review", "year", "page", "category_score"]].astype(str).to_list() == [
        "bool", "Int64", "Int64", "float64",
    ]  # fmt: skip
    assert findings.loc[findings.needs_review, "category"].to_list() == ["record_keeping"]
    assert counts.groupby("year").mentions.sum().to_dict() == {2023: 4, 2024: 4}
    assert sorted(reports.year.dropna()) == [2023, 2024]


def test_without_pandas_it_says_what_to_install(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with (
        pipeline.open_store(store) as opened,
        pytest.raises(UsageError, match=re.escape('pip install "failings[pandas]"')),
    ):
        opened.to_pandas()


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        pipeline.open_store(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_the_examples_of_the_documentation_run(tmp_path: Path, samples: Path) -> None:
    """Each example is a script; they run in their order in one folder."""
    (tmp_path / "reports").symlink_to(samples)
    installed = write_entry_points(tmp_path / "installed")
    examples = re.findall(
        r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", (ROOT / "docs" / "python.md").read_text("utf-8"), re.S
    )
    assert len(examples) == 5
    for program, expected in examples:
        done = python(program, tmp_path, installed)
        assert done.returncode == 0, f"{program}\n{done.stderr}"
        if expected:
            assert done.stdout == expected
