"""The sample reports: built from their sources byte for byte, and hand-written expectations that fit them."""

import csv
import html
import importlib.metadata
import importlib.util
import json
import re
import sys
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Entry = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "samples" / "reports"
ASSERTIONS = {"failing", "alleged", "recommendation", "remedied"}
CORE = {"communication_gap", "restraint", "bed_shortage", "buck_passing"}
CATEGORIES = CORE | {
    "coordination",
    "emergency_response",
    "risk_assessment",
    "monitoring",
    "care_delay",
    "care_quality",
    "staffing",
    "training",
    "policy",
    "record_keeping",
    "medication",
    "environment",
    "learning",
}
TRAPS = {
    "bed_rails",
    "boilerplate",
    "crash_barrier",
    "denied_restraint",
    "described",
    "emoji",
    "family_allegation",
    "fixed_problem",
    "footnote",
    "garden_bed",
    "list_with_lead_in",
    "neutral_event",
    "no_concerns",
    "page_furniture",
    "quoted_speech",
    "restraining_order",
    "seat_belt",
}


def load_builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_samples", ROOT / "scripts" / "build_samples.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


builder = load_builder()
SOURCES = {s.meta["file"]: s for s in map(builder.read_source, sorted((ROOT / "samples" / "source").glob("*.txt")))}
GOLD = [json.loads(line) for line in (ROOT / "tests/data/samples_gold.jsonl").read_text(encoding="utf-8").splitlines()]
MUST = [(g["file"], e) for g in GOLD for e in g["must_find"]]
MUST_NOT = [(g["file"], e) for g in GOLD for e in g["must_not_find"]]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def logical_text(name: str) -> str:
    """A sample as its author wrote it: paragraphs without line breaks, emphasis marks or tags."""
    path = REPORTS / name
    if path.suffix in (".pdf", ".docx"):
        return "\n".join(one_line(block.plain) for block in SOURCES[name].blocks)
    if name in SOURCES:
        return one_line(SOURCES[name].body)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return one_line("\n".join(cell for row in csv.reader(text.splitlines(keepends=True)) for cell in row))
    if path.suffix == ".html":
        text = html.unescape(re.sub(r"<[^>]+>", "", text))
    if path.suffix == ".md":
        text = text.replace("**", "")
    return one_line(text)


TEXTS = {g["file"]: logical_text(g["file"]) for g in GOLD}


def skip_unless_built_with_same_versions() -> None:
    for package, version in builder.BUILT_WITH.items():
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{package} is not installed; pip install {package}=={version} to rebuild the samples")
        if found != version:
            pytest.skip(f"samples were built with {package} {version}; {found} may write other bytes")


def test_rebuilding_gives_identical_bytes(tmp_path: Path) -> None:
    skip_unless_built_with_same_versions()
    first = {path.name: path.read_bytes() for path in builder.build_all(tmp_path / "first")}
    second = {path.name: path.read_bytes() for path in builder.build_all(tmp_path / "second")}
    assert first == second
    assert first == {name: (REPORTS / name).read_bytes() for name in first}


def test_every_report_is_described_and_every_described_report_exists() -> None:
    assert sorted(g["file"] for g in GOLD) == sorted(path.name for path in REPORTS.iterdir())
    assert set(SOURCES) <= {g["file"] for g in GOLD}


def test_samples_come_in_every_format() -> None:
    formats = Counter(Path(g["file"]).suffix for g in GOLD)
    assert formats == {".pdf": 4, ".docx": 3, ".html": 2, ".txt": 3, ".md": 1, ".csv": 1}


@pytest.mark.parametrize(("name", "entry"), MUST + MUST_NOT)
def test_quote_stands_once_in_its_report(name: str, entry: Entry) -> None:
    assert TEXTS[name].count(entry["quote"]) == 1


@pytest.mark.parametrize(("name", "entry"), MUST)
def test_expected_finding_uses_the_guidelines_values(name: str, entry: Entry) -> None:
    assert set(entry) <= {"quote", "assertion", "categories", "actors", "trap"}, name
    assert entry["assertion"] in ASSERTIONS
    assert entry["categories"]
    assert set(entry["categories"]) <= CATEGORIES
    assert all(actor in entry["quote"] for actor in entry["actors"])


@pytest.mark.parametrize(("name", "entry"), MUST_NOT)
def test_trap_uses_the_guidelines_values(name: str, entry: Entry) -> None:
    assert set(entry) <= {"quote", "category", "assertion", "trap"}, name
    assert entry["category"] is None or entry["category"] in CATEGORIES
    assert entry.get("assertion", "failing") in ASSERTIONS


def test_no_trap_forbids_what_is_expected() -> None:
    forbidden = [(f, t["quote"], c, t.get("assertion")) for f, t in MUST_NOT for c in [t["category"]]]
    for name, entry in MUST:
        for file, quote, category, assertion in forbidden:
            clash = (
                (file, quote) == (name, entry["quote"])
                and (category is None or category in entry["categories"])
                and assertion in (None, entry["assertion"])
            )
            assert not clash, quote


def test_expectations_cover_every_category_assertion_and_trap() -> None:
    categories = Counter(c for _, e in MUST for c in e["categories"])
    assert set(categories) == CATEGORIES
    assert min(categories[c] for c in CORE) >= 10
    assert {e["assertion"] for _, e in MUST} == ASSERTIONS
    assert {e["trap"] for _, e in MUST + MUST_NOT if "trap" in e} >= TRAPS


def test_every_report_has_findings_and_traps() -> None:
    assert all(len(g["must_find"]) >= 6 and g["must_not_find"] for g in GOLD)


def test_text_files_carry_the_awkward_characters_they_are_there_for() -> None:
    crlf = (REPORTS / "custody_inspection.txt").read_bytes()
    assert crlf.count(b"\r\n") == crlf.count(b"\n") > 0
    windows = (REPORTS / "probation_review.txt").read_bytes()
    assert set("£\u201c\u2019\u2014") <= set(windows.decode("cp1252"))
    with pytest.raises(UnicodeDecodeError):
        windows.decode("utf-8")
    emoji = (REPORTS / "crisis_text_review.txt").read_text(encoding="utf-8")
    assert any(ord(c) > 0xFFFF for c in emoji)
    assert any(unicodedata.combining(c) for c in emoji)


def test_word_files_are_dated_by_their_source_alone() -> None:
    for path in REPORTS.glob("*.docx"):
        with zipfile.ZipFile(path) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert SOURCES[path.name].meta["date"] in archive.read("docProps/core.xml").decode()


def test_urls_and_paths_are_fictional() -> None:
    for path in [*REPORTS.glob("*.html"), *REPORTS.glob("*.csv"), *REPORTS.glob("*.md")]:
        hosts = re.findall(r"https?://([^/\"]+)", path.read_text(encoding="utf-8"))
        assert all(host.endswith("example.org") for host in hosts), path.name
