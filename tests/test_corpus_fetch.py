"""Stand-off labels and `failings corpus fetch`, on reports that we wrote and sdists that are made here; no network."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.classify.gold import read_gold
from pipeline.cli import main
from pipeline.corpus import fetch, public
from pipeline.corpus.dataset import load_dataset
from pipeline.corpus.join import NO_REPORT, NO_SECTION, NO_WORDS, NOT_PFD, Joined, join
from pipeline.corpus.letters import anchor_of, letters_of
from pipeline.corpus.public import PublicReport, held_out_keys, read_public, without
from pipeline.corpus.standoff import StandoffReport, gold_folder, read_standoff, standoff_of, to_json
from pipeline.errors import CorpusError, GoldError
from pipeline.ingest.tables import SECTIONS
from pipeline.report import sha256

ROOT = Path(__file__).parent.parent
URL = "https://reports.example/made-up/jo-bloggs/"
CIRCUMSTANCES = "Jo Bloggs lived at Elm House. No one at Elm House rang the surgery (a GP practice)."
CONCERNS = "(1) The ward had no free bed.  (2) Night staff were not trained.\nThe Trust should review its rota."
LABELS = {
    "No one at Elm House rang the surgery (a GP practice).": ("failing", ["communication_gap"], ["Elm House"]),
    "(1) The ward had no free bed.": ("failing", ["bed_shortage"], ["The ward"]),
    "(2) Night staff were not trained.": ("failing", ["training"], ["Night staff"]),
    "The Trust should review its rota.": ("recommendation", ["staffing"], ["The Trust"]),
}
SENTENCES = ("Jo Bloggs lived at Elm House.", *LABELS)


def a_public(url: str = URL, number: str = "2019-0001", **sections: str) -> PublicReport:
    sections = sections or {"circumstances": CIRCUMSTANCES, "concerns": CONCERNS}
    return PublicReport(url, number, "2019-01-02", "A. Coroner", "Anywhere", "The Trust", sections)


def a_row(url: str = URL, **facts: str) -> dict[str, Any]:
    """A labelled report as the corpus has it."""
    text = "\n\n".join(f"{SECTIONS[name]}\n{words}" for name, words in a_public().sections.items())
    sections = [
        {"name": name, "start": text.index(words), "end": text.index(words) + len(words)}
        for name, words in a_public().sections.items()
    ]
    labels = []
    for words, (assertion, categories, names) in LABELS.items():
        start = text.index(words)
        actors = [{"start": (at := text.index(n, start)), "end": at + len(n), "text": n} for n in names]
        labels.append(
            {
                "start": start,
                "end": start + len(words),
                "assertion": assertion,
                "categories": categories,
                "actors": actors,
            }
        )
    known = {"id": "pfd-2019-0001", "kind": "pfd", "date": "2019-01-02", "area": "Anywhere", "receiver": "The Trust"}
    sentences = [[at := text.index(s), at + len(s)] for s in SENTENCES]
    return {**known, **facts, "url": url, "text": text, "sections": sections, "sentences": sentences, "labels": labels}


@pytest.fixture
def standoff() -> StandoffReport:
    return standoff_of(a_row())


def quotes(joined: Joined) -> list[str]:
    assert joined.row
    return [joined.row["text"][x["start"] : x["end"]] for x in joined.row["labels"]]


def actors(joined: Joined) -> list[str]:
    assert joined.row
    for label in joined.row["labels"]:
        for actor in label["actors"]:
            assert joined.row["text"][actor["start"] : actor["end"]] == actor["text"]
    return [a["text"] for x in joined.row["labels"] for a in x["actors"]]


def test_no_word_of_a_report_is_in_its_standoff_line(standoff: StandoffReport) -> None:
    line = to_json(standoff)
    words = set(re.findall(r"\w{4,}", CIRCUMSTANCES + CONCERNS))
    assert not words & set(re.findall(r"\w+", line))
    assert "text" not in json.loads(line)


def test_a_line_is_read_back_as_it_was(standoff: StandoffReport, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(to_json(standoff) + "\n", encoding="utf-8")
    assert list(read_standoff(tmp_path / "a.jsonl")) == [standoff]


def test_a_standoff_line_of_another_shape_is_named(standoff: StandoffReport, tmp_path: Path) -> None:
    wrong = replace(standoff, labels=(replace(standoff.labels[0], sentence=9),))
    (tmp_path / "a.jsonl").write_text(f"{to_json(standoff)}\n{to_json(wrong)}\n", encoding="utf-8")
    with pytest.raises(GoldError, match=r"a\.jsonl, line 2: not stand-off labels"):
        list(read_standoff(tmp_path / "a.jsonl"))


def test_the_same_text_gives_the_same_gold(standoff: StandoffReport) -> None:
    joined = join(standoff, a_public())
    assert (joined.row, joined.exact, joined.anchored, joined.unplaced) == (a_row(), 4, 0, ())


@pytest.mark.parametrize(
    ("concerns", "expected"),
    [
        (
            "1. THE WARD had no free bed; 2. Night  staff\nwere not trained. The Trust should review its rota",
            ["1. THE WARD had no free bed;", "2. Night  staff\nwere not trained.", "The Trust should review its rota"],
        ),
        (
            "The Trust should review its rota. New words. (2) Night staff were not trained. (1) The ward had no free bed.",
            ["The Trust should review its rota.", "(2) Night staff were not trained.", "(1) The ward had no free bed."],
        ),
        (
            "“(1) The ward had no free bed.” (2) Night staff were not trained (The Trust should review its rota).",
            [
                "“(1) The ward had no free bed.”",
                "(2) Night staff were not trained",
                "(The Trust should review its rota).",
            ],
        ),
    ],
    ids=["case, marks and spaces", "moved", "quoted"],
)
def test_changed_sections_are_joined_by_sentence(standoff: StandoffReport, concerns: str, expected: list[str]) -> None:
    joined = join(standoff, a_public(circumstances=CIRCUMSTANCES, concerns=concerns))
    assert quotes(joined)[1:] == expected
    assert sorted(" ".join(a.casefold().split()) for a in actors(joined)) == [
        "elm house",
        "night staff",
        "the trust",
        "the ward",
    ]
    assert (joined.exact, joined.anchored, joined.unplaced) == (1, 3, ())


def test_a_sentence_is_found_in_another_section(standoff: StandoffReport) -> None:
    moved = "No one at Elm House rang the surgery (a GP practice)."
    joined = join(standoff, a_public(circumstances="Jo Bloggs lived at Elm House.", concerns=f"{moved} {CONCERNS}"))
    assert moved in quotes(joined)
    assert joined.unplaced == ()


def test_part_of_a_word_is_no_place_for_a_sentence(standoff: StandoffReport) -> None:
    inside = "Unno one at Elm House rang the surgery (a GP practice)."
    joined = join(standoff, a_public(circumstances=inside, concerns=CONCERNS))
    assert [x.reason for x in joined.unplaced] == [NO_WORDS]


def test_one_place_is_not_given_to_two_sentences() -> None:
    row = a_row()
    row["text"] = row["text"].replace("The Trust should review its rota.", "(2) Night staff were not trained.")
    row["labels"][3]["actors"] = []
    joined = join(standoff_of(row), a_public(circumstances=CIRCUMSTANCES, concerns="(2) Night staff were not trained."))
    assert (joined.anchored, len(joined.unplaced)) == (1, 2)


def test_labels_without_words_are_reported(standoff: StandoffReport) -> None:
    joined = join(standoff, a_public(circumstances="Something else.", concerns=CONCERNS))
    [lost] = joined.unplaced
    assert (lost.report_id, lost.section, lost.reason) == ("pfd-2019-0001", "circumstances", NO_WORDS)
    assert (lost.assertion, lost.categories) == ("failing", ("communication_gap",))
    assert CIRCUMSTANCES[lost.start : lost.end] == "No one at Elm House rang the surgery (a GP practice)."


def test_sections_and_reports_that_lack_are_reported(standoff: StandoffReport) -> None:
    assert [x.reason for x in join(standoff, a_public(concerns=CONCERNS)).unplaced] == [NO_SECTION]
    assert {x.reason for x in join(standoff, None).unplaced} == {NO_REPORT}
    assert {x.reason for x in join(replace(standoff, kind="police_conduct"), None).unplaced} == {NOT_PFD}
    assert join(standoff, a_public(concerns="Nothing of it.")).row is None


def test_a_letter_that_folds_to_two_keeps_its_place() -> None:
    letters = letters_of("Groß, ist")
    assert letters.folded == "grossist"
    assert letters.interval(0, 5) == (0, 4)
    assert anchor_of(letters.folded[:5]) == anchor_of(letters_of("GROSS").folded)


@pytest.mark.parametrize(
    "found",
    [
        a_public("https://www.reports.example/Held-Out"),
        a_public("http://reports.example/held-out/"),
        a_public("https://elsewhere.example/", "2020-0077"),
    ],
    ids=["www and case", "scheme and slash", "number"],
)
def test_held_out_reports_are_left_out(found: PublicReport) -> None:
    keys = frozenset(held_out_keys("https://reports.example/held-out/", "pfd-2020-0077-ab12"))
    assert without([found, a_public()], keys) == [a_public()]


def table_of(*reports: PublicReport) -> bytes:
    """A table as the sdist has it, with columns that we do not use."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(["", *public.COLUMNS, "positive_cases"])
    for number, r in enumerate(reports):
        facts = (r.url, r.id, r.date, r.coroner, r.area, r.receiver)
        rows.writerow([number, *facts, *(r.sections.get(name, "") for name in SECTIONS), "False"])
    return out.getvalue().encode()


@pytest.fixture
def sdist(tmp_path: Path) -> Callable[..., Path]:
    """Make an sdist; a member is bytes, or the target of a link."""

    def make(members: Mapping[str, bytes | str]) -> Path:
        path = tmp_path / public.SDIST
        with tarfile.open(path, "w:gz") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                if isinstance(content, str):
                    info.type, info.linkname = tarfile.SYMTYPE, content
                    archive.addfile(info)
                else:
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        return path

    return make


def digest(path: Path) -> str:
    return sha256(path.read_bytes())


def test_the_table_is_read_and_nothing_is_unpacked(sdist: Callable[..., Path], tmp_path: Path) -> None:
    empty = a_public(URL + "empty", concerns=" \n")
    path = sdist({"../../evil.txt": b"x", "/evil.txt": b"x", public.TABLE: table_of(a_public(), empty)})
    assert read_public(path, digest=digest(path)) == [a_public()]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"other.csv": b"x"}, "has no file"),
        ({f"../{public.TABLE}": b"x"}, "has no file"),
        ({public.TABLE: "/etc/hostname"}, "has no file"),
        ({public.TABLE: b"a,b\r\n1,2\r\n"}, "lacks the columns area, circumstances, concerns"),
    ],
    ids=["missing", "path", "link", "columns"],
)
def test_an_sdist_of_another_make_is_refused(
    sdist: Callable[..., Path], members: dict[str, bytes | str], message: str
) -> None:
    path = sdist(members)
    with pytest.raises(CorpusError, match=message):
        read_public(path, digest=digest(path))


def test_an_sdist_with_another_hash_is_refused(sdist: Callable[..., Path]) -> None:
    path = sdist({public.TABLE: table_of(a_public())})
    with pytest.raises(CorpusError, match="its SHA-256 is not 19f1b526"):
        read_public(path, digest=public.SDIST_SHA256)


def test_a_missing_or_damaged_sdist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone\.tar\.gz cannot be read"):
        read_public(tmp_path / "gone.tar.gz", digest="")
    (tmp_path / "cut.tar.gz").write_bytes(b"\x1f\x8bnot gzip")
    with pytest.raises(CorpusError, match=r"cut\.tar\.gz is damaged"):
        read_public(tmp_path / "cut.tar.gz", digest=digest(tmp_path / "cut.tar.gz"))


def test_pip_is_asked_with_the_hash_and_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = subprocess.run

    def pip(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        backend = Path(options["env"]["PYTHONPATH"].split(os.pathsep)[0])
        assert {"--require-hashes", "--no-build-isolation", "--no-deps"} < set(command)
        assert public.SDIST_SHA256 in Path(command[command.index("-r") + 1]).read_text(encoding="utf-8")
        named = "import hatchling.build as b, sys; print(b.prepare_metadata_for_build_wheel(sys.argv[1]))"
        asked = [sys.executable, "-c", named, str(tmp_path)]
        done = run(asked, env={"PYTHONPATH": str(backend)}, capture_output=True, text=True, check=False)
        assert done.stdout == "pfd_toolkit-0.4.0.dist-info\n"
        return subprocess.CompletedProcess(command, 1, "", "noise\nERROR: no such host\n")

    monkeypatch.setattr(public.subprocess, "run", pip)
    with pytest.raises(CorpusError, match=r"ERROR: no such host.*--sdist"):
        public.download_sdist(tmp_path / "work")


@pytest.fixture
def gold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of stand-off labels of two made-up reports, and one held out, in place of ours."""
    folder = tmp_path / "gold"
    folder.mkdir()
    rows = {"train": a_row(), "dev": a_row(URL + "2", id="pfd-2019-0002")}
    for split, row in rows.items():
        (folder / f"{split}.jsonl").write_text(to_json(standoff_of(row)) + "\n", encoding="utf-8")
    keys = held_out_keys(URL + "held", "pfd-2019-0003")
    (folder / "heldout.txt").write_text("".join(f"{k}\n" for k in keys), encoding="utf-8")
    monkeypatch.setattr(fetch, "gold_folder", lambda: folder)
    return folder


def fetched(sdist: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(public, "SDIST_SHA256", digest(sdist))
    return main(["corpus", "fetch", "--sdist", str(sdist), "--out", str(out)])


def test_fetch_writes_gold_that_evaluation_reads(
    sdist: Callable[..., Path], gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = table_of(a_public(), a_public(URL + "2", "2019-0002"), a_public(URL + "held", "2019-0003"))
    out = tmp_path / "corpus"
    assert fetched(sdist({public.TABLE: made}), out, monkeypatch) == 0
    assert [json.loads(line) for line in (out / "train.jsonl").read_text(encoding="utf-8").splitlines()] == [a_row()]
    assert [len(report.labels) for report in read_gold(out / "dev.jsonl")] == [4]
    assert (out / "unplaced.jsonl").read_text(encoding="utf-8") == ""
    assert "held" not in (out / "reports.csv").read_text(encoding="utf-8")


def test_fetch_names_every_label_that_it_cannot_place(
    sdist: Callable[..., Path],
    gold: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changed = a_public(circumstances="Other words.", concerns=CONCERNS.upper())
    assert fetched(sdist({public.TABLE: table_of(changed)}), tmp_path / "corpus", monkeypatch) == 1
    lost = [json.loads(x) for x in (tmp_path / "corpus" / "unplaced.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(x["split"], x["reason"]) for x in lost] == [("train", NO_WORDS), *[("dev", NO_REPORT)] * 4]
    said = capsys.readouterr()
    assert said.out == ""
    assert "    3 placed by their sentence" in said.err
    assert f"    4 not placed: {NO_REPORT}" in said.err


def test_the_corpus_loads_as_a_dataset(
    sdist: Callable[..., Path], gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("datasets")
    made = table_of(a_public(), a_public(URL + "2", "2019-0002"))
    assert fetched(sdist({public.TABLE: made}), tmp_path / "corpus", monkeypatch) == 0
    splits = load_dataset(tmp_path / "corpus")
    assert {name: len(rows) for name, rows in splits.items()} == {"train": 1, "dev": 1}
    report = splits["dev"][0]
    said = {report["text"][s["start"] : s["end"]]: (s["assertion"], s["categories"]) for s in report["sentences"]}
    assert said == {SENTENCES[0]: (None, []), **{words: (a, c) for words, (a, c, _) in LABELS.items()}}
    assert [s["section"] for s in report["sentences"]] == ["circumstances"] * 2 + ["concerns"] * 3


@pytest.fixture(scope="module")
def corpus() -> Path:
    folder = Path(os.environ.get("FAILINGS_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (folder / "train.jsonl").is_file():
        pytest.skip(f"needs the labelled corpus: no train.jsonl in {folder} (set FAILINGS_CORPUS)")
    return folder


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def test_our_labels_join_to_the_texts_that_were_labelled(corpus: Path) -> None:
    rows = {row["id"]: row for split in ("train", "dev") for row in rows_of(corpus / f"{split}.jsonl")}
    reports = [r for split in ("train", "dev") for r in read_standoff(gold_folder() / f"{split}.jsonl")]
    for report in reports:
        row = rows[report.id]
        sections = {s["name"]: row["text"][s["start"] : s["end"]] for s in row["sections"]}
        facts = PublicReport(row["url"], row["id"], row["date"], "", row["area"], row["receiver"], sections)
        joined = join(report, facts)
        assert joined.row == row, report.id
        assert sha256(row["text"].encode()) == report.sha256
    assert len(rows) - len(reports) == 1, "one labelled report is on the page of a held-out one"


def test_our_gold_holds_no_held_out_report(corpus: Path) -> None:
    held_out = {line.split("\t")[1] for line in (corpus / "heldout_ids.txt").read_text(encoding="utf-8").splitlines()}
    reports = [r for split in ("train", "dev") for r in read_standoff(gold_folder() / f"{split}.jsonl")]
    assert not held_out & {r.url for r in reports}
    hashes = frozenset((gold_folder() / "heldout.txt").read_text(encoding="utf-8").split())
    assert not without((a_public(url, "") for url in held_out), hashes)
