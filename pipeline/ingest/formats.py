"""The registry of formats: add one with an entry in FORMATS and its reader.

Content decides; a name decides only between kinds of text. Readers are imported when they are first used.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

from pipeline.ingest import tables
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.text import BINARY, read_markdown, read_text, sniff

HEAD_BYTES = 1 << 16
GZIP = b"\x1f\x8b\x08"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ADVICE = {
    ".doc": "save it as .docx",
    ".rtf": "save it as .docx",
    ".odt": "save it as .docx",
    ".pages": "save it as .docx",
    ".xls": "save it as .csv",
    ".xlsx": "save it as .csv",
    ".ods": "save it as .csv",
    ".json": "save it as .jsonl",
    ".7z": "unpack it first",
    ".rar": "unpack it first",
    ".tar": "unpack it first",
    ".tgz": "unpack it first",
    ".gz": "unpack it first",
}
_PACKAGES = frozenset(
    {
        ".xlsx",
        ".xlsm",
        ".xlsb",
        ".pptx",
        ".pptm",
        ".odt",
        ".ods",
        ".odp",
        ".epub",
        ".jar",
        ".apk",
        ".pages",
        ".numbers",
        ".key",
    }
)
_WORD_PART = re.compile(rb"\[Content_Types\]\.xml|(?:_rels|docProps|word|customXml)/.*\.(?:xml|rels)")
_HTML = re.compile(r"(?is)\s*(?><\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. `matches` gets its first bytes and its lower-case suffix.

    `read` makes a document of a whole file; `rows` streams the rows of a table; a format with neither is an archive.
    """

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes, str], bool]
    read: Callable[[bytes, Limits], Document] | None = None
    rows: Callable[[tables.Opener, Limits, Mapping[str, str]], Iterator[tables.Row | tables.BadRow]] | None = None


def detect(head: bytes, name: str) -> Format | None:
    """Tell the format of a file from its first bytes (HEAD_BYTES are enough) and its name; None when there is none."""
    if head.startswith(GZIP):
        inner = detect(_gunzip(head), _unzipped_name(name))
        return inner if inner and inner.rows and inner.name != "parquet" else None
    if not head:
        return None
    return next((f for f in FORMATS if f.matches(head, suffix_of(name))), None)


def unsupported(head: bytes, name: str) -> str:
    """Say why `detect` knows no format for a file."""
    suffix = suffix_of(name)
    if not head:
        return "empty file"
    if head.startswith(GZIP) and any(suffix_of(_unzipped_name(name)) in f.suffixes for f in FORMATS if f.rows):
        return "damaged, or no table in a gzip file"
    if suffix in _ADVICE:
        return f"not a supported type: {suffix}; {_ADVICE[suffix]}"
    if any(suffix in f.suffixes for f in FORMATS):
        return f"damaged, or not what its name says ({suffix})" if sniff(head) or suffix not in _TEXT else BINARY
    known = ", ".join(s for f in FORMATS for s in f.suffixes)
    return f"not a supported type: {suffix or BINARY} (supported: {known})"


def suffix_of(name: str) -> str:
    """Return the lower-case suffix of a file name, or '' for what is no suffix, as in 'Report no. 5'."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if re.fullmatch(r"\.(?=.*[a-z])[a-z0-9]{1,8}", suffix) else ""


def _unzipped_name(name: str) -> str:
    return name[:-3] if name.lower().endswith(".gz") else name


def _lazy(module: str, function: str) -> Callable[..., Any]:
    def call(*args: object) -> Any:
        return getattr(import_module(f"pipeline.ingest.{module}"), function)(*args)

    return call


def _gunzip(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""


def _first_member(head: bytes) -> bytes:
    """Return the name in the first local header of a zip file."""
    return head[30 : 30 + int.from_bytes(head[26:28], "little")]


def _is_pdf(head: bytes, suffix: str) -> bool:
    at = head[:1024].find(b"%PDF-")
    return at == 0 or (at > 0 and suffix not in _TEXT)


def _is_zip(head: bytes, suffix: str) -> bool:
    is_package = suffix in _PACKAGES or _first_member(head) == b"mimetype"
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not is_package


def _is_docx(head: bytes, suffix: str) -> bool:
    if head.startswith(OLE):
        return suffix in {".doc", ".docx", ""}
    return _is_zip(head, suffix) and (suffix == ".docx" or bool(_WORD_PART.fullmatch(_first_member(head))))


def _is_html(head: bytes, suffix: str) -> bool:
    text = sniff(head)
    if text is None or suffix in {".html", ".htm", ".xhtml"}:
        return text is not None
    return bool(_HTML.match(text.removeprefix("\ufeff")))


def _is_jsonl(head: bytes, suffix: str) -> bool:
    text = sniff(head)
    if text is None or suffix in {".jsonl", ".ndjson"}:
        return text is not None
    line, newline, _ = text.lstrip("\ufeff\r\n").partition("\n")
    if not newline and len(head) >= HEAD_BYTES:
        return line.startswith('{"')
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_csv(head: bytes, suffix: str) -> bool:
    text = sniff(head)
    if text is None or suffix in {".csv", ".tsv"}:
        return text is not None
    return suffix in {".txt", ""} and tables.is_header(text)


def _is_text(suffixes: tuple[str, ...]) -> Callable[[bytes, str], bool]:
    return lambda head, suffix: suffix in suffixes and sniff(head) is not None


FORMATS = (
    Format("pdf", (".pdf",), _is_pdf, read=_lazy("pdf", "read_pdf")),
    Format("docx", (".docx",), _is_docx, read=_lazy("docx", "read_docx")),
    Format("parquet", (".parquet",), lambda head, _: head.startswith(b"PAR1"), rows=tables.parquet_rows),
    Format("zip", (".zip",), _is_zip),
    Format("html", (".html", ".htm", ".xhtml"), _is_html, read=_lazy("html", "read_html")),
    Format("jsonl", (".jsonl", ".ndjson"), _is_jsonl, rows=tables.jsonl_rows),
    Format("csv", (".csv", ".tsv"), _is_csv, rows=tables.csv_rows),
    Format("markdown", (".md", ".markdown"), _is_text((".md", ".markdown")), read=read_markdown),
    Format("text", (".txt", ".text"), _is_text((".txt", ".text", "")), read=read_text),
)
_TEXT = frozenset(s for f in FORMATS[4:] for s in f.suffixes)
