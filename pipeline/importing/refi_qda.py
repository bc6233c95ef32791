"""What people coded on plain texts in a REFI-QDA project (`.qdpx`), as NVivo, ATLAS.ti, MAXQDA and QualCoder write it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pipeline.errors import OffsetError, Unreadable
from pipeline.importing.project_file import NAMESPACE, ProjectFile, open_project, project_events
from pipeline.report import check_interval

ONE_CHARACTER = (
    "ATLAS",
    "QUALCODER",
)  # programs that count a carriage return with a line feed as one; the standard counts two
OTHERS = ("PictureSource", "AudioSource", "VideoSource")


@dataclass(frozen=True, slots=True)
class Code:
    """A code, and the names of those that it stands under, nearest first."""

    name: str
    under: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coding:
    """A code on the interval [start, end) of a text, by one person; `note` is that of the selection, `when` ISO 8601 or empty."""

    start: int
    end: int
    code: Code
    coder: str
    note: str
    when: str


@dataclass(frozen=True, slots=True)
class CodedText:
    """A plain text with its codings, in the order of the file."""

    name: str
    text: str
    codings: tuple[Coding, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """The plain texts of a project; `problems` say what else there was, and is not here."""

    texts: tuple[CodedText, ...]
    problems: tuple[str, ...]


def read_project(path: Path) -> Project:
    """Read a project file; errors as for `open_project` and `project_events`."""
    reader = _Reader(open_project(path), {}, {}, [])
    with project_events(reader.file) as elements:
        texts = tuple(reader.texts(elements))
    return Project(texts, tuple(reader.problems))


@dataclass(slots=True)
class _Reader:
    """What stands before the sources, and problems as they come."""

    file: ProjectFile
    users: dict[str, str]
    codes: dict[str, Code]
    problems: list[str]

    def texts(self, elements: Iterator[etree._Element]) -> Iterator[CodedText]:
        """Yield texts; what has been read is dropped from memory."""
        for element in elements:
            kind, parent = _kind(element), element.getparent()
            if kind == "User":
                self.users[_key(element.get("guid"))] = element.get("name") or element.get("id") or "unnamed"
            elif kind == "CodeBook":
                self._add_codes(element, ())
            elif _is_text(kind, parent):
                yield from self._text(element, parent)
            elif kind in OTHERS:
                self.problems.append(f"{element.get('name')}: a {kind} is not a text")
            if parent is not None and _kind(parent) == "Sources":
                element.clear()
                parent.remove(element)

    def _add_codes(self, parent: etree._Element, under: tuple[str, ...]) -> None:
        for child in parent:
            if _kind(child) == "Codes":
                self._add_codes(child, ())
            elif _kind(child) == "Code":
                name = child.get("name") or ""
                self.codes[_key(child.get("guid"))] = Code(name, under)
                self._add_codes(child, (name, *under))

    def _text(self, element: etree._Element, parent: etree._Element) -> Iterator[CodedText]:
        name = element.get("name") or parent.get("name") or element.get("guid") or "a text without a name"
        try:
            text = self._words(element)
        except Unreadable as error:
            self.problems.append(f"{name}: {error}")
            return
        selections = element.iterchildren(f"{NAMESPACE}PlainTextSelection")
        yield CodedText(name, text, tuple(c for s in selections for c in self._codings(s, name, len(text))))

    def _words(self, element: etree._Element) -> str:
        """The text, with such line ends as the program counted."""
        content = element.find(f"{NAMESPACE}PlainTextContent")
        text = self.file.text(element.get("plainTextPath") or "") if content is None else content.text or ""
        origin = element.getroottree().getroot().get("origin") or ""
        return text.replace("\r\n", "\n") if origin.upper().startswith(ONE_CHARACTER) else text

    def _codings(self, selection: etree._Element, name: str, length: int) -> Iterator[Coding]:
        place = f"[{selection.get('startPosition')}, {selection.get('endPosition')})"
        try:
            start, end = int(selection.get("startPosition", "")), int(selection.get("endPosition", ""))
            check_interval(start, end, within=length, what="selection")
        except (ValueError, OffsetError):
            self.problems.append(f"{name}, {place}: no interval of its text of {length} characters")
            return
        note = selection.findtext(f"{NAMESPACE}Description") or ""
        for coding in selection.iterchildren(f"{NAMESPACE}Coding"):
            reference = coding.find(f"{NAMESPACE}CodeRef")
            code = self.codes.get(_key(reference.get("targetGUID"))) if reference is not None else None
            if code is None:
                self.problems.append(f"{name}, {place}: a coding with a code that is not in the project's codebook")
                continue
            who = next(
                filter(None, (e.get(a) for e in (coding, selection) for a in ("creatingUser", "modifyingUser"))), None
            )
            when = coding.get("creationDateTime") or selection.get("creationDateTime") or ""
            yield Coding(start, end, code, self.users.get(_key(who), "unnamed"), note, when)


def _kind(element: etree._Element) -> str:
    return str(element.tag).removeprefix(NAMESPACE)


def _is_text(kind: str, parent: etree._Element | None) -> bool:
    """A text of its own, or the text that stands for a PDF; a note or a picture's description is neither."""
    above = "" if parent is None else _kind(parent)
    return (kind, above) in (("TextSource", "Sources"), ("Representation", "PDFSource"))


def _key(guid: str | None) -> str:
    """A GUID as it is compared: programs differ in case and in braces."""
    return (guid or "").strip("{}").casefold()
