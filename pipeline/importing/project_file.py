"""Open a REFI-QDA project (`.qdpx`): a zip archive of one `.qde` file and plain texts, read in place under limits."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lxml import etree

from pipeline.errors import Unreadable
from pipeline.ingest.archive import members, open_member
from pipeline.ingest.document import Limits

LIMITS = Limits(max_bytes=2**30)
MAX_TEXT = Limits().max_bytes
NAMESPACE = "{urn:QDA-XML:project:1.0}"
INTERNAL = "internal://"


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """The archive, the member that is its XML, and its texts' members by their name in lower case."""

    path: Path
    project: str
    sources: Mapping[str, str]

    def text(self, reference: str) -> str:
        """The text that an `internal://` path names, without a byte-order mark; raise Unreadable for anything else."""
        name = reference.removeprefix(INTERNAL).lstrip("/").casefold()
        if not reference.startswith(INTERNAL) or name not in self.sources:
            raise Unreadable(f"its text {reference or '(none)'} is not in the project file")
        with open_member(self.path, self.sources[name]) as stream:
            data = stream.read(MAX_TEXT + 1)
        if len(data) > MAX_TEXT:
            raise Unreadable(f"its text is over the limit of {MAX_TEXT:,} bytes")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(f"its text is not UTF-8 (byte {error.start})") from error


def open_project(path: Path) -> ProjectFile:
    """Look into a project file.

    Raises:
        Unreadable: no file, no zip archive, no or several `.qde` in it, or a member with an unsafe name or encrypted.
        LimitExceeded: the archive expands to too much.
    """
    try:
        found = list(members(path, LIMITS))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    refused = [f"{member.name}: {member.refusal}" for member in found if member.refusal]
    projects = [member.name for member in found if "/" not in member.name and member.name.casefold().endswith(".qde")]
    if refused or len(projects) != 1:
        raise Unreadable(f"{path} is no REFI-QDA project: {'; '.join(refused) or f'{len(projects)} .qde files in it'}")
    sources = {PurePosixPath(m.name).name.casefold(): m.name for m in found if _is_source(m.name)}
    return ProjectFile(path, projects[0], sources)


def _is_source(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder.casefold() == "sources" and "/" not in file


@contextmanager
def project_events(file: ProjectFile) -> Iterator[Iterator[etree._Element]]:
    """The elements of the project's XML as they end; raise Unreadable where it is damaged, not of this standard, or defines entities."""
    with open_member(file.path, file.project) as stream:
        parsed = etree.iterparse(
            stream, events=("start", "end"), resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False
        )
        try:
            yield _ended(parsed)
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"{file.project} is damaged: {error}") from error


def _ended(parsed: etree.iterparse) -> Iterator[etree._Element]:
    for number, (event, element) in enumerate(parsed):
        if not number:
            if element.getroottree().docinfo.doctype:
                raise Unreadable("the project has a document type, which may define entities; no program needs one")
            if element.tag != f"{NAMESPACE}Project":
                raise Unreadable(f"its root is {element.tag}, not a Project of {NAMESPACE[1:-1]}")
        if event == "end":
            yield element
