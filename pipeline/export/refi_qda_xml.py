"""XML and identifiers of the REFI-QDA standard."""

import re
from collections.abc import Mapping
from uuid import UUID, uuid5
from xml.sax.saxutils import escape, quoteattr

PROJECT, CODEBOOK = "urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0"
OURS = UUID("0cfa5b0e-4a47-5b3c-9d0e-3f1b6e0c7a55")
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def guid(kind: str, *ids: object) -> str:
    """An identifier that follows from what it is for: the same in every export."""
    return str(uuid5(OURS, ":".join((kind, *map(str, ids)))))


def element(name: str, attributes: Mapping[str, str], *content: str) -> str:
    """An element with XML for content."""
    start = name + "".join(f" {k}={quoteattr(v)}" for k, v in attributes.items())
    inside = "".join(content)
    return f"<{start}>{inside}</{name}>" if inside else f"<{start}/>"


def text_element(name: str, text: str) -> str:
    """An element of characters; nothing where there are none."""
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def legal(xml: str) -> str:
    """XML without the characters that XML has no way to write."""
    return _ILLEGAL.sub("\ufffd", xml)
