"""A REFI-QDA project (`.qdpx`) for NVivo, ATLAS.ti, MAXQDA and QualCoder: reports as plain text with codes on the exact words.

Standard: https://www.qdasoftware.org, version 1.5. Positions are half-open, in Unicode code points of the text.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pipeline.export.by_report import by_report
from pipeline.export.refi_qda_codes import DECLARATION, ORIGIN, assertion_guid, category_guid, codes_xml
from pipeline.export.refi_qda_xml import PROJECT, element, guid, legal, text_element
from pipeline.export.whole_file import whole_file
from pipeline.taxonomy import load_taxonomy

Record = Mapping[str, Any]

MODEL_USER = "failings"
PERSON = "coder"  # first of the users: QualCoder takes that one for whoever codes from now on
VARIABLES = (
    "source", "url", "title", "date", "area", "receiver", "coroner", "text_sha256", "model", "taxonomy", "pipeline",
)  # fmt: skip
_NAME = 60  # characters of the quote that name a selection
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that zip knows, so that the same findings give the same bytes
_ZIP32 = 2**31 - 2**20  # bytes of XML from which zip needs its large form, which not every program reads
_RETURN_ALONE = re.compile("\r(?!\n)")


def write_refi_qda(records: Iterable[Record], path: Path, *, reports: Iterable[Record]) -> int:
    """Write every report with its findings as codings; return how many findings.

    `reports` are those of `read_reports`, in the order of `records`. One report at a time is held in memory.
    """
    names = {c.id: c.name for c in load_taxonomy().categories}
    users: set[str] = set()
    found: set[str] = set()
    count = 0
    with (
        whole_file(path) as file, TemporaryFile() as listed,
        ZipFile(cast(IO[bytes], cast(Any, file).buffer), "w", ZIP_DEFLATED) as archive,
    ):  # fmt: skip
        for report, mine in by_report(records, reports):
            archive.writestr(_entry(f"sources/{_source_guid(report)}.txt"), plain_text(report["text"]).encode())
            listed.write(legal(f"{_source(report, mine, names)}\n").encode())
            users |= set(map(_user, mine))
            found |= {c["id"] for record in mine for c in record["categories"]}
            count += len(mine)
        with archive.open(_entry("project.qde"), "w", force_zip64=listed.tell() > _ZIP32) as project:
            _write_project(project, listed, users, found)
    return count


def plain_text(text: str) -> str:
    """The text as it goes into a project, with every character in its place.

    Programs differ on whether a byte-order mark and the carriage return before a line feed count, so these become spaces;
    a carriage return alone becomes a line feed.
    """
    marked = f" {text[1:]}" if text.startswith("\ufeff") else text
    return _RETURN_ALONE.sub("\n", marked).replace("\r", " ")


def _entry(name: str) -> ZipInfo:
    info = ZipInfo(name, _EPOCH)
    info.compress_type = ZIP_DEFLATED
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


def _write_project(project: IO[bytes], listed: IO[bytes], users: Set[str], found: Set[str]) -> None:
    """Write the XML around the sources, which come last of what we write and name users and codes that stand before them."""
    everybody = dict.fromkeys((PERSON, MODEL_USER, *sorted(users)))
    head = (
        element("Users", {}, *(element("User", {"guid": user_guid(name), "name": name}) for name in everybody)),
        element("CodeBook", {}, codes_xml(load_taxonomy(), found)),
        element("Variables", {}, *map(_variable, VARIABLES)),
    )
    opening = (
        f'<Project xmlns="{PROJECT}" name="failings" origin="{ORIGIN}" creatingUserGUID="{user_guid(MODEL_USER)}">'
    )
    project.write(legal("\n".join((DECLARATION + opening, *head, ""))).encode())
    if listed.tell():
        listed.seek(0)
        project.write(b"<Sources>\n")
        shutil.copyfileobj(listed, project, 2**20)
        project.write(b"</Sources>\n")
    project.write(b"</Project>\n")


def _variable(name: str) -> str:
    return element("Variable", {"guid": guid("variable", name), "name": name, "typeOfVariable": "Text"})


def _source_guid(report: Record) -> str:
    return guid("report", report["report_id"])


def _source(report: Record, findings: Sequence[Record], names: Mapping[str, str]) -> str:
    key = _source_guid(report)
    named = {"guid": key, "name": report["report_id"], "plainTextPath": f"internal://{key}.txt",
             "creatingUser": user_guid(MODEL_USER)}  # fmt: skip
    title = text_element("Description", report["title"] or "")
    return element("TextSource", named, title, *_selections(findings, names), *_values(report))


def _values(report: Record) -> Iterator[str]:
    for name in VARIABLES:
        if report[name]:
            of = element("VariableRef", {"targetGUID": guid("variable", name)})
            yield element("VariableValue", {}, of, text_element("TextValue", str(report[name])))


def _selections(findings: Iterable[Record], names: Mapping[str, str]) -> Iterator[str]:
    for finding in findings:
        key, who = finding["finding_id"], user_guid(_user(finding))
        place = {"guid": guid("selection", key), "name": _short(finding["quote"]), "startPosition": str(finding["start"]),
                 "endPosition": str(finding["end"]), "creatingUser": who}  # fmt: skip
        codes = [*(category_guid(c["id"]) for c in finding["categories"]), assertion_guid(finding["assertion"])]
        yield element(
            "PlainTextSelection", place, text_element("Description", note_of(finding, names)),
            *(_coding(guid("coding", key, code), code, who) for code in codes),
        )  # fmt: skip


@cache
def user_guid(name: str) -> str:
    """Who coded: the model, or the people who reviewed a finding."""
    return guid("user", name)


def _coding(key: str, code: str, who: str) -> str:
    return element("Coding", {"guid": key, "creatingUser": who}, element("CodeRef", {"targetGUID": code}))


def _user(finding: Record) -> str:
    return finding["reviewed_by"] or MODEL_USER


def _short(quote: str) -> str:
    words = " ".join(quote.split())
    return words if len(words) <= _NAME else words[:_NAME].rsplit(" ", 1)[0] + " ..."


def note_of(finding: Record, names: Mapping[str, str]) -> str:
    """What codes have no place for: scores, who, and where in the report, a line each."""
    categories = "; ".join(f"{names.get(c['id'], c['id'])} ({c['score']:.2f})" for c in finding["categories"])
    lines = {
        "assertion": f"{finding['assertion']} ({finding['assertion_score']:.2f})",
        "categories": categories,
        "attributed to": "; ".join(_named(a) for a in finding["actors"]),
        "said by": (finding["speaker"] or {}).get("text"),
        "section": finding["section"], "item": finding["concern"], "page": finding["page"],
        "needs review": "yes" if finding["needs_review"] else None,
    }  # fmt: skip
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value)


def _named(actor: Record) -> str:
    """The words, and the agency where these do not say it."""
    return f"{actor['text']} ({actor['agency']})" if actor["agency"] not in (None, actor["text"]) else actor["text"]
