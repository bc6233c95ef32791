"""Plain text and Markdown, whose text is kept exactly, and the decoding that the other readers of text share."""

import codecs
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import chain

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Document, Limits

BINARY = "binary data, not text"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HEADING = re.compile(r"^#[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*\r?$", re.MULTILINE)
_NUL_SAMPLE = 4096


def read_text(data: bytes, limits: Limits) -> Document:
    """Decode plain text; only a byte order mark is dropped, so that offsets hold in the decoded file."""
    return Document(clean(decode(data), limits))


def read_markdown(data: bytes, limits: Limits) -> Document:
    """Decode Markdown and leave its marks in place; the first `# ` heading is the title."""
    text = clean(decode(data), limits)
    heading = _HEADING.search(text)
    return Document(text, {"title": heading[1]} if heading else {})


def clean(text: str, limits: Limits) -> str:
    """Return `text` with each NUL and lone surrogate as U+FFFD, one for one; LimitExceeded over `max_chars`."""
    if len(text) > limits.max_chars:
        raise LimitExceeded(f"{len(text):,} characters of text, over the limit of {limits.max_chars:,}")
    return _UNSTORABLE.sub("\ufffd", text)


def decode(data: bytes) -> str:
    """Decode by byte order mark, else as UTF-16 where NULs tell, else as strict UTF-8, else as strict Windows-1252."""
    text = data.decode(encoding_of(lambda: [data]))
    if looks_binary(text):
        raise Unreadable(BINARY)
    if not text.strip():
        raise Unreadable("empty file")
    return text


def encoding_of(chunks: Callable[[], Iterable[bytes]]) -> str:
    """Name the codec that decodes all that a call of `chunks` yields; raise Unreadable where none does."""
    known = _told_encoding(next(iter(chunks()), b""))
    if known:
        codec = known.removesuffix("-sig")
        if (at := _fails_at(codec, chunks())) is not None:
            raise Unreadable(f"invalid {codec.upper()} at byte {at}")
        return known
    if (at := _fails_at("utf-8", chunks())) is None:
        return "utf-8"
    if _fails_at("cp1252", chunks()) is None:
        return "cp1252"
    raise Unreadable(f"invalid UTF-8 at byte {at}, and not Windows-1252")


@lru_cache(maxsize=4)
def sniff(head: bytes) -> str | None:
    """Decode the first bytes of a file as well as may be; None when they are not text."""
    text = head.decode(_told_encoding(head) or "utf-8", "replace")
    return None if looks_binary(text) else text


def looks_binary(text: str) -> bool:
    """Tell whether decoded text holds a NUL, or more than one other control character in a hundred."""
    return "\x00" in text or len(_CONTROL.findall(text)) * 100 > len(text)


def _told_encoding(head: bytes) -> str | None:
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec
    sample = head[:_NUL_SAMPLE]
    even, odd, pairs = sample[::2].count(0), sample[1::2].count(0), len(sample) // 2
    if odd * 2 > pairs and even * 20 < odd:
        return "utf-16-le"
    return "utf-16-be" if even * 2 > pairs and odd * 20 < even else None


def _fails_at(codec: str, chunks: Iterable[bytes]) -> int | None:
    """Return the offset of the first byte that `codec` cannot decode, or None."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    done = 0
    for chunk in chain(chunks, [b""]):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return done - held + error.start
        done += len(chunk)
    return None
