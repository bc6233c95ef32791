"""REFI-QDA projects: ours against the standard's rules, those of others as gold, and nothing that moves on the way there and back."""

import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from export_records import Record, finding_record, report_record
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.classify.gold import read_gold
from pipeline.cli import main
from pipeline.errors import FailingsError, LimitExceeded, Unreadable
from pipeline.export.refi_qda import note_of, plain_text, write_refi_qda
from pipeline.export.refi_qda_codes import write_codebook
from pipeline.importing.coded_gold import gold_of
from pipeline.importing.coded_readings import readings_of
from pipeline.importing.refi_qda import CodedText, Project, read_project
from pipeline.ingest import archive
from pipeline.report import ASSERTIONS, Analysed, CategoryScore, Fact, Finding, Passage, Report, sha256
from pipeline.store.connect import open_engine
from pipeline.store.writer import Versions, Writer
from pipeline.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
NS, BOOK = "{urn:QDA-XML:project:1.0}", "{urn:QDA-XML:codebook:1.0}"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TEXT = "🚑 The crew came late.\r\nNobody told the cafe\u0301 owner.\nNo bed was free."

# Of the standard's schema (1.5, section 5): required attributes, other attributes, and children in their order.
SCHEMA: dict[str, tuple[str, str, str]] = {
    "Project": ("name", "origin creatingUserGUID", "Users? CodeBook? Variables? Sources?"),
    "Users": ("", "", "User+"),
    "User": ("guid", "name", ""),
    "CodeBook": ("", "origin", "Codes"),
    "Codes": ("", "", "Code+"),
    "Code": ("guid name isCodable", "color", "Description? Code*"),
    "Variables": ("", "", "Variable+"),
    "Variable": ("guid name typeOfVariable", "", "Description?"),
    "Sources": ("", "", "TextSource+"),
    "TextSource": (
        "guid",
        "name plainTextPath creatingUser",
        "Description? PlainTextSelection* Coding* VariableValue*",
    ),
    "PlainTextSelection": ("guid startPosition endPosition", "name creatingUser", "Description? Coding*"),
    "Coding": ("guid", "creatingUser", "CodeRef"),
    "CodeRef": ("targetGUID", "", ""),
    "VariableValue": ("", "", "VariableRef TextValue?"),
    "VariableRef": ("targetGUID", "", ""),
    "Description": ("", "", ""),
    "TextValue": ("", "", ""),
}
GUIDS = ("guid", "creatingUser", "creatingUserGUID", "targetGUID")


def faults(element: etree._Element, space: str = NS) -> list[str]:
    """Where an element breaks the schema."""
    name = str(element.tag).removeprefix(space)
    required, others, children = (part.split() for part in SCHEMA[name])
    found = [f"{name} without {a}" for a in required if a not in element.attrib]
    found += [f"{name} with {a}" for a in element.attrib if a not in (*required, *others)]
    found += [
        f"{name} {a}={element.get(a)}" for a in GUIDS if a in element.attrib and not GUID.fullmatch(element.get(a, ""))
    ]
    order = "".join(f"<{str(child.tag).removeprefix(space)}>" for child in element)
    pattern = "".join(f"(<{c.rstrip('?*+')}>){c[len(c.rstrip('?*+')) :]}" for c in children)
    found += [] if re.fullmatch(pattern, order) else [f"{name} holds {order}"]
    found += [
        f"colour {element.get('color')}" for _ in "c" if not re.fullmatch("#[A-F0-9]{6}|", element.get("color", ""))
    ]
    return [*found, *(fault for child in element for fault in faults(child, space))]


def written(path: Path, findings: Sequence[Record], reports: Sequence[Record]) -> tuple[etree._Element, dict[str, str]]:
    """The project's XML, and its texts by file name."""
    assert write_refi_qda(findings, path, reports=reports) == len(findings)
    with zipfile.ZipFile(path) as opened:
        names = [n for n in opened.namelist() if n != "project.qde"]
        return etree.fromstring(opened.read("project.qde")), {n: opened.read(n).decode() for n in names}


def some() -> tuple[list[Record], list[Record]]:
    first = report_record("a-1", TEXT, title="On <A> & B\u0007", url="https://reports.example.org/a")
    findings = [
        finding_record(first, 2, 21, ["restraint", "own_one"], "alleged"),
        finding_record(first, 23, 51, reviewed_by="Ann; Bo"),
    ]
    return findings, [first, report_record("b-2", "Nothing here.")]


def test_a_project_keeps_the_schema_and_everything_that_it_refers_to_is_there(tmp_path: Path) -> None:
    project, texts = written(tmp_path / "a.qdpx", *some())
    assert faults(project) == []
    ids = [e.get("guid") for e in project.iter() if e.get("guid")]
    assert len(ids) == len(set(ids))
    assert {e.get(a) for e in project.iter() for a in GUIDS[1:] if e.get(a)} <= set(ids)
    sources = [e.get("plainTextPath") for e in project.iter(f"{NS}TextSource")]
    assert sources == [f"internal://{name.removeprefix('sources/')}" for name in texts]
    assert list(texts.values()) == [TEXT.replace("\r", " "), "Nothing here."]


def test_a_finding_is_a_selection_with_its_codes_in_exactly_this_form(tmp_path: Path) -> None:
    project, _ = written(tmp_path / "a.qdpx", *some())
    names = {e.get("guid"): e.get("name") for e in project.iter() if e.get("name")}
    first, second = project.iter(f"{NS}PlainTextSelection")
    coded = [names[ref.get("targetGUID")] for ref in first.iter(f"{NS}CodeRef")]
    assert coded == ["Restraint", "own_one", "alleged"]
    assert (first.get("startPosition"), first.get("endPosition"), first.get("name")) == (
        "2",
        "21",
        "The crew came late.",
    )
    assert [names[e.get("creatingUser")] for e in (first, second)] == ["failings", "Ann; Bo"]
    assert (
        first.findtext(f"{NS}Description") == "assertion: alleged (0.97)\ncategories: Restraint (0.90); own_one (0.90)"
    )


def test_codes_stand_in_groups_that_cannot_be_coded_with(tmp_path: Path) -> None:
    project, _ = written(tmp_path / "a.qdpx", *some())
    codes = project.find(f"{NS}CodeBook/{NS}Codes")
    assert codes is not None
    assert {g.get("name"): [c.get("name") for c in g] for g in codes} == {
        "Core failings": [c.name for c in TAXONOMY.categories if c.core],
        "Further failings": [c.name for c in TAXONOMY.categories if not c.core],
        "Own categories": ["own_one"],
        "How the report puts it": list(ASSERTIONS),
    }
    assert {g.get("isCodable") for g in codes} == {"false"}
    assert {c.get("isCodable") for c in codes.iterfind(f"{NS}Code/{NS}Code")} == {"true"}
    assert codes[0][1].get("color") == "#FF9E94"


def test_whoever_codes_next_is_not_taken_for_the_model(tmp_path: Path) -> None:
    project, _ = written(tmp_path / "a.qdpx", *some())
    assert [user.get("name") for user in project.iter(f"{NS}User")] == ["coder", "failings", "Ann; Bo"]


def test_what_a_report_says_of_itself_is_in_variables(tmp_path: Path) -> None:
    project, _ = written(tmp_path / "a.qdpx", *some())
    names = {e.get("guid"): e.get("name") for e in project.iter(f"{NS}Variable")}
    source = next(project.iter(f"{NS}TextSource"))
    values = {names[v[0].get("targetGUID")]: v[1].text for v in source.iter(f"{NS}VariableValue")}
    assert values == {
        "source": "a-1.txt", "url": "https://reports.example.org/a", "title": "On <A> & B\ufffd",
        "text_sha256": some()[1][0]["text_sha256"], "model": "minilm", "taxonomy": "t1", "pipeline": "0.1",
    }  # fmt: skip


def test_the_note_says_what_codes_have_no_place_for() -> None:
    report = report_record("a", TEXT)
    finding = finding_record(
        report, 2, 21, section="concerns", concern="4(b)", page=3, needs_review=True, speaker={"text": "her mother"},
        actors=[{"text": "the Trust", "agency": "Harrow Trust"}, {"text": "the GP", "agency": None}],
    )  # fmt: skip
    assert note_of(finding, {"restraint": "Restraint"}).splitlines() == [
        "assertion: failing (0.97)", "categories: Restraint (0.90)", "attributed to: the Trust (Harrow Trust); the GP",
        "said by: her mother", "section: concerns", "item: 4(b)", "page: 3", "needs review: yes",
    ]  # fmt: skip


def test_the_same_findings_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.qdpx", "b.qdpx"):
        written(tmp_path / name, *some())
    assert (tmp_path / "a.qdpx").read_bytes() == (tmp_path / "b.qdpx").read_bytes()


def test_a_store_without_reports_is_a_project_without_sources(tmp_path: Path) -> None:
    project, texts = written(tmp_path / "a.qdpx", [], [])
    assert (faults(project), texts, project.find(f"{NS}Sources")) == ([], {}, None)


def test_reports_are_taken_one_at_a_time(tmp_path: Path) -> None:
    """A writer that gathered them first would ask for the second report's findings before the first report was done."""
    seen: list[str] = []
    findings, reports = some()

    def telling(rows: Iterable[Record], what: str) -> Iterable[Record]:
        for row in rows:
            seen.append(f"{what} {row['report_id']}")
            yield row

    later = finding_record(reports[1], 0, 7)
    write_refi_qda(telling([*findings, later], "finding"), tmp_path / "a.qdpx", reports=telling(reports, "report"))
    assert seen == ["finding a-1", "report a-1", "finding a-1", "finding b-2", "report b-2"]


def test_a_codebook_keeps_the_schema(tmp_path: Path) -> None:
    findings, _ = some()
    assert write_codebook(findings, tmp_path / "a.qdc") == 2
    book = etree.parse(tmp_path / "a.qdc").getroot()
    assert (book.tag, faults(book, BOOK)) == (f"{BOOK}CodeBook", [])
    assert len(list(book.iter(f"{BOOK}Code"))) == 4 + 17 + 1 + 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb", "a \nb"),
        ("a\rb\r\r\n", "a\nb\n \n"),
        ("\ufeffa\ufeff", " a\ufeff"),
        ("e\u0301 👩‍👩‍👧\u2028\x0c\x85", "e\u0301 👩‍👩‍👧\u2028\x0c\x85"),
    ],
)
def test_what_programs_count_differently_is_replaced_one_for_one(text: str, expected: str) -> None:
    assert (plain_text(text), len(plain_text(text))) == (expected, len(text))


SPAN = st.tuples(st.integers(0, 60), st.integers(1, 20))
MARKS = st.dictionaries(
    SPAN,
    st.tuples(
        st.lists(st.sampled_from(TAXONOMY.ids), min_size=1, max_size=3, unique=True), st.sampled_from(ASSERTIONS),
        st.sampled_from((None, "Ann", "Bo <& Co>")),
    ),
    max_size=6,
)  # fmt: skip


@given(st.text(st.sampled_from("ab .\r\n\u0301é🚑\ufeff\x0b\u2028"), max_size=80), MARKS)
@settings(deadline=None)
def test_spans_and_labels_come_back_as_they_went(text: str, marks: dict[tuple[int, int], Any]) -> None:
    report = report_record("a", text)
    inside = {(s, min(s + n, len(text))): said for (s, n), said in marks.items() if s < len(text)}
    findings = [finding_record(report, s, e, c, a, reviewed_by=who) for (s, e), (c, a, who) in sorted(inside.items())]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.qdpx"
        write_refi_qda(findings, path, reports=[report])
        project = read_project(path)
    coders = ("failings", "Ann", "Bo <& Co>")
    found = readings_of(
        project, TAXONOMY, coders=[c for c in coders if any((f["reviewed_by"] or "failings") == c for f in findings)]
    )
    came = {(m.start, m.end): (list(m.categories), m.assertion, r.annotator) for r in found.readings for m in r.marked}
    if findings:
        assert came == {span: (c, a, who or "failings") for span, (c, a, who) in inside.items()}
    assert (found.problems, project.texts[0].text) == ((), plain_text(text))


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store with a report, its text the test's, and a finding in it."""
    url = f"sqlite:///{tmp_path / 'findings.db'}"
    engine = open_engine(url, create=True)
    text = "Jane Doe was admitted. The crew told Jane nothing.\r\nNo bed 🚑 was free."
    found = Finding(23, 50, text[23:50], None, "alleged", 0.9, (CategoryScore("communication_gap", 0.8),))
    report = Report(text, "a/jane-doe.txt", sha256(text.encode()), {"url": "https://reports.example.org/jane-doe/"})
    Writer(engine, Versions("minilm", "t-1", "p-1"), {}).add(
        Analysed(report, (Passage(23, 50),), (found,), (Fact("deceased", "Jane Doe", 0, 8),))
    )
    engine.dispose()
    return url


@pytest.mark.parametrize(
    ("redact", "quote"),
    [([], "The crew told Jane nothing."), (["--redact"], "The crew told [person 1] nothing.")],
)
def test_the_command_line_exports_what_is_in_the_store(
    tmp_path: Path, store: str, redact: list[str], quote: str
) -> None:
    for name in ("refi-qda", "webanno", "refi-qda-codebook"):
        assert main(["export", "--format", name, "-o", str(tmp_path / name), "--store", store, *redact]) == 0
    (text,) = read_project(tmp_path / "refi-qda").texts
    assert {text.text[c.start : c.end] for c in text.codings} == {quote}
    (row,) = json.loads((tmp_path / "webanno").read_text("utf-8"))["first"]["items"]
    assert row["target"]["selector"][0]["exact"] == quote
    with zipfile.ZipFile(tmp_path / "refi-qda") as opened:
        packed_whole = b"".join(opened.read(name) for name in opened.namelist())
    assert (b"Jane" in packed_whole, b"jane" in packed_whole) == (not redact, not redact)


# What others write


def packed(path: Path, project: str, **texts: bytes) -> Path:
    """A project file with texts by name, their extension left out."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive_:
        archive_.writestr("project.qde", project)
        for name, data in texts.items():
            archive_.writestr(f"Sources/{name}.TXT", data)
    return path


CODES = """<Users><User guid="{00000000-0000-0000-0000-0000000000AA}" name="Ann"/><User guid="b0" name="Bo"/></Users>
<CodeBook><Codes>
<Code guid="C1" name=" restraint " isCodable="true"/><Code guid="C2" name="Bed shortage" isCodable="true"/>
<Code guid="C3" name="alleged" isCodable="true"><Code guid="C4" name="RESTRAINT" isCodable="true"/></Code>
<Code guid="C5" name="remedied" isCodable="true"/>
<Code guid="C6" name="Feelings" isCodable="true"><Code guid="C7" name="Anger" isCodable="true"/></Code>
</Codes></CodeBook>"""


def project_xml(sources: str, origin: str = "NVivo") -> str:
    return f'<Project xmlns="urn:QDA-XML:project:1.0" name="x" origin="{origin}">{CODES}<Sources>{sources}</Sources></Project>'


def selection(
    start: object, end: object, *codes: str, who: str = "00000000-0000-0000-0000-0000000000aa", note: str = ""
) -> str:
    codings = "".join(f'<Coding guid="x"><CodeRef targetGUID="{code}"/></Coding>' for code in codes)
    said = f"<Description>{note}</Description>" if note else ""
    place = f'startPosition="{start}" endPosition="{end}"'
    return f'<PlainTextSelection guid="s" {place} creatingUser="{who}">{said}{codings}</PlainTextSelection>'


def source(*selections: str) -> str:
    return f'<TextSource guid="t" name="one" plainTextPath="internal://t.txt">{"".join(selections)}</TextSource>'


def marks_of(
    tmp_path: Path, *selections: str, text: str = TEXT, origin: str = "NVivo"
) -> tuple[list[Any], tuple[str, ...]]:
    path = packed(tmp_path / "x.qdpx", project_xml(source(*selections), origin), t=text.encode())
    found = readings_of(read_project(path), TAXONOMY)
    return [
        (r.annotator, m.start, m.end, m.assertion, m.categories) for r in found.readings for m in r.marked
    ], found.problems


def test_the_assertion_is_a_code_on_the_same_words_also_of_a_selection_of_its_own(tmp_path: Path) -> None:
    marks, problems = marks_of(tmp_path, selection(2, 21, "c2"), selection(2, 21, "{C1}", "c5"))
    assert (marks, problems) == ([("Ann", 2, 21, "remedied", ("bed_shortage", "restraint"))], ())


def test_the_assertion_is_a_code_that_the_category_stands_under(tmp_path: Path) -> None:
    marks, problems = marks_of(tmp_path, selection(2, 21, "C4", note="assertion: failing"))
    assert (marks, problems) == ([("Ann", 2, 21, "alleged", ("restraint",))], ())


def test_the_assertion_is_in_the_note(tmp_path: Path) -> None:
    marks, problems = marks_of(tmp_path, selection(2, 21, "C1", note="Sure of this.\n Assertion = Failing (0.97)"))
    assert (marks, problems) == ([("Ann", 2, 21, "failing", ("restraint",))], ())


@pytest.mark.parametrize(
    ("codings", "problems"),
    [
        ([selection(2, 21, "C1")], ["one, Ann, [2, 21): no assertion"]),
        ([selection(2, 21, "C5")], ["one, Ann, [2, 21): no category"]),
        ([selection(2, 21, "C1", "C3", "C5")], ["one, Ann, [2, 21): alleged and remedied assertion"]),
        ([selection(2, 21, "C7")] * 2, ["code 'Feelings > Anger': neither a category nor an assertion by this name"]),
        ([selection(2, 22, "C7"), selection(2, 21, "C7")],
         ["code 'Feelings > Anger': neither a category nor an assertion by this name (2 times)"]),
        ([selection(2, 21, "C9")], ["one, [2, 21): a coding with a code that is not in the project's codebook"]),
        ([selection(60, 69, "C1")], ["one, [60, 69): no interval of its text of 68 characters"]),
        ([selection(5, 5, "C1")], ["one, [5, 5): no interval of its text of 68 characters"]),
        ([selection(-1, 5, "C1")], ["one, [-1, 5): no interval of its text of 68 characters"]),
        ([selection("x", 5, "C1")], ["one, [x, 5): no interval of its text of 68 characters"]),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_named_and_kept_out(tmp_path: Path, codings: list[str], problems: list[str]) -> None:
    assert marks_of(tmp_path, *codings) == ([], tuple(problems))


def test_two_people_on_the_same_words_are_two_readings(tmp_path: Path) -> None:
    marks, _ = marks_of(tmp_path, selection(2, 21, "C4"), selection(2, 21, "C2", "C5", who="B0"))
    assert marks == [("Ann", 2, 21, "alleged", ("restraint",)), ("Bo", 2, 21, "remedied", ("bed_shortage",))]


@pytest.mark.parametrize(
    ("origin", "start"), [("NVivo", 24), ("MAXQDA 24", 24), ("ATLAS.ti 23", 23), ("QualCoder 4.0 Beta", 23)]
)
def test_a_carriage_return_counts_where_the_program_counts_it(tmp_path: Path, origin: str, start: int) -> None:
    text = "🚑 The crew came late.\r\n\u00e9No bed."
    path = packed(tmp_path / "x.qdpx", project_xml(source(selection(start - 1, start, "C4")), origin), t=text.encode())
    (only,) = read_project(path).texts
    assert only.text[only.codings[0].start : only.codings[0].end] == "\u00e9"


def test_a_byte_order_mark_is_no_character_of_the_text(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.qdpx", project_xml(source()), t=b"\xef\xbb\xbfabc")
    assert read_project(path).texts == (CodedText("one", "abc", ()),)


def test_the_text_of_a_pdf_is_read_and_what_is_no_text_is_named(tmp_path: Path) -> None:
    inner = f'<Representation guid="t" plainTextPath="internal://t.txt">{selection(0, 3, "C4")}</Representation>'
    others = '<PictureSource guid="p" name="a photo"/><TextSource guid="u" name="far" plainTextPath="absolute:///etc/passwd"/>'
    path = packed(
        tmp_path / "x.qdpx", project_xml(f'<PDFSource guid="q" name="a.pdf">{inner}</PDFSource>{others}'), t=b"abc"
    )
    project = read_project(path)
    assert [(t.name, t.text, len(t.codings)) for t in project.texts] == [("a.pdf", "abc", 1)]
    assert project.problems == (
        "a photo: a PictureSource is not a text", "far: its text absolute:///etc/passwd is not in the project file",
    )  # fmt: skip


def test_a_text_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.qdpx", project_xml(source()), t=b"caf\xe9")
    assert read_project(path) == Project((), ("one: its text is not UTF-8 (byte 3)",))


def test_a_text_within_the_xml_is_read(tmp_path: Path) -> None:
    text = f'<TextSource guid="t" name="one"><PlainTextContent>a&amp;b</PlainTextContent>{selection(0, 3, "C4")}</TextSource>'
    (only,) = read_project(packed(tmp_path / "x.qdpx", project_xml(text))).texts
    assert (only.text, len(only.codings)) == ("a&b", 1)


# Files that mean harm


def bomb(entity: str) -> str:
    lol = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE Project [<!ENTITY a0 "ha">{lol}{entity}]>'


@pytest.mark.parametrize(
    "xml",
    [
        bomb("") + project_xml('<TextSource guid="t" name="x"><PlainTextContent>&a9;</PlainTextContent></TextSource>'),
        bomb("") + project_xml(source()).replace('name="x"', 'name="&a9;"'),
        bomb('<!ENTITY f SYSTEM "file:///etc/passwd">')
        + project_xml('<TextSource guid="t" name="x"><PlainTextContent>&f;</PlainTextContent></TextSource>'),
        '<!DOCTYPE Project SYSTEM "http://127.0.0.1:9/evil.dtd">' + project_xml(source()),
        '<?xml version="1.0" encoding="UTF-8"?><!-- a comment first --><!DOCTYPE Project>' + project_xml(source()),
    ],
)
def test_a_document_type_is_refused_whatever_it_would_do(tmp_path: Path, xml: str) -> None:
    with pytest.raises(Unreadable, match=r"document type|is damaged"):
        read_project(packed(tmp_path / "x.qdpx", xml, t=b"abc"))


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("<Project/>", "its root is Project, not a Project of urn:QDA-XML:project:1.0"),
        (project_xml("")[:-9], "project.qde is damaged"),
        ("", "project.qde is damaged"),
    ],
)
def test_xml_that_is_no_project_is_refused(tmp_path: Path, xml: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(reason)):
        read_project(packed(tmp_path / "x.qdpx", xml))


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "sources/../../evil.txt"])
def test_an_unsafe_name_in_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "x.qdpx", project_xml(source()), t=b"abc")
    with zipfile.ZipFile(path, "a") as more:
        more.writestr(name, "evil")
    with pytest.raises(Unreadable, match="unsafe path in archive"):
        read_project(path)


def test_a_member_that_expands_as_a_bomb_does_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.qdpx", project_xml(source()), t=b"\0" * (archive.RATIO_FROM + 1))
    with pytest.raises(Unreadable, match="expands over 200 times, as a zip bomb does"):
        read_project(path)


def test_more_members_than_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    path = packed(tmp_path / "x.qdpx", project_xml(source()), t=b"abc", u=b"abc")
    with pytest.raises(LimitExceeded, match="holds 3 files"):
        read_project(path)


@pytest.mark.parametrize("data", [b"no zip", b"PK\x03\x04broken"])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.qdpx").write_bytes(data)
    with pytest.raises(FailingsError, match="damaged archive"):
        read_project(tmp_path / "x.qdpx")


def test_a_file_that_is_not_there_and_an_archive_without_a_project_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be read: No such file"):
        read_project(tmp_path / "none.qdpx")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as empty:
        empty.writestr("readme.txt", "x")
    (tmp_path / "x.qdpx").write_bytes(buffer.getvalue())
    with pytest.raises(Unreadable, match=r"is no REFI-QDA project: 0 \.qde files in it"):
        read_project(tmp_path / "x.qdpx")


# As gold


def sentences(text: str) -> tuple[Passage, ...]:
    """The lines of a text."""
    found = re.finditer(r"[^\r\n]+", text)
    return tuple(Passage(m.start(), m.end()) for m in found)


def gold_row(tmp_path: Path, *selections: str, fully_read: bool) -> Any:
    path = packed(tmp_path / "x.qdpx", project_xml(source(*selections)), t=TEXT.encode())
    (row,) = gold_of(readings_of(read_project(path), TAXONOMY, fully_read=fully_read), sentences)
    return row


def test_only_what_is_coded_is_gold_unless_the_coders_read_all(tmp_path: Path) -> None:
    part = gold_row(tmp_path, selection(0, 21, "C4"), fully_read=False)
    whole = gold_row(tmp_path, selection(0, 21, "C4"), fully_read=True)
    label = {"start": 0, "end": 21, "assertion": "alleged", "categories": ["restraint"], "actors": []}
    assert (part["sentences"], part["labels"]) == ([(0, 21)], [label])
    assert (whole["sentences"], whole["labels"]) == ([(0, 21), (23, 51), (52, 68)], [label])


def test_coders_who_differ_leave_a_sentence_out(tmp_path: Path) -> None:
    row = gold_row(tmp_path, selection(0, 21, "C4"), selection(0, 21, "C1", "C5", who="b0"), fully_read=False)
    assert (row["disputed"], row["sentences"], len(row["readings"])) == ([(0, 21)], [], 2)


def test_the_command_line_makes_gold_that_can_be_evaluated_against(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "The crew came late. Nobody told the owner. No bed was free."
    sources = source(selection(0, 19, "C4"), selection(20, 42, "C7"))
    path = packed(tmp_path / "x.qdpx", project_xml(sources), t=text.encode())
    assert main(["import", str(path), "-o", str(tmp_path / "gold.jsonl")]) == 1
    (report,) = read_gold(tmp_path / "gold.jsonl")
    assert [(text[s:e], label.assertion, label.categories) for (s, e), label in report.labels.items()] == [
        ("The crew came late.", "alleged", ("restraint",))
    ]
    told = capsys.readouterr()
    assert "1 findings marked by Ann in 1 of 1 texts" in told.out
    assert told.err == "kept out: code 'Feelings > Anger': neither a category nor an assertion by this name\n"


def test_the_model_s_own_codings_are_no_gold_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_record("a-1", "The crew came late. Nobody told the owner.")
    write_refi_qda([finding_record(report, 0, 19)], tmp_path / "x.qdpx", reports=[report])
    call = ["import", str(tmp_path / "x.qdpx"), "-o", str(tmp_path / "gold.jsonl"), "--json"]
    assert main(call) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["marks"], counts["passed_over"]) == (0, {"failings": 2})
    assert main([*call, "--coder", "failings"]) == 0
    assert json.loads(capsys.readouterr().out)["marks"] == 1
    assert main([*call, "--coder", "Cat"]) == 1
    assert capsys.readouterr().err == "kept out: no codings by 'Cat'; there are some by failings\n"
