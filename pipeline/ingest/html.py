"""Web pages: the main text without menus, block by block, with the page's title, date and address."""

import codecs
import logging
import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import accumulate
from typing import Any

from lxml import etree
from lxml.html import HTMLParser, document_fromstring
from trafilatura import bare_extraction
from trafilatura.metadata import extract_metadata
from trafilatura.settings import Document as Extracted

from pipeline.errors import Unreadable
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.html_blocks import blocks
from pipeline.ingest.text import clean

for _noisy in ("trafilatura", "htmldate"):
    logging.getLogger(_noisy).addHandler(logging.NullHandler())

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CHARSET = re.compile(rb"""<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_CHARSET_WITHIN = 4096
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LATIN = frozenset({"ascii", "iso8859-1", "latin-1"})

_NEVER = (
    "script",
    "style",
    "template",
    "noscript",
    "svg",
    "math",
    "iframe",
    "object",
    "button",
    "select",
    "textarea",
    "input",
    "dialog",
)
_MENU_ROLES = " or ".join(f"@role='{role}'" for role in ("navigation", "banner", "contentinfo", "search"))
_MENUS = f"//nav | //footer | //aside | //*[{_MENU_ROLES}]"
_HIDDEN = "//*[@hidden or @aria-hidden='true' or contains(translate(@style, ' ', ''), 'display:none')]"
_DATES = {"extensive_search": False, "original_date": True, "outputformat": "%Y-%m-%d", "max_date": "2100-01-01"}
_WRAPPERS = frozenset({"p", "div", "span", "strong", "b", "em", "i", "a"})
_OWN_MARKER = re.compile(r"\s*(?:$|[-\u2022\u2013*]\s|\(?(?:[0-9]{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s)")
_PROSE_LINE = 80
_KEPT_OF_ARTICLE = 0.9
_KEPT_OF_PAGE = 0.5
_SAME_LINES = 0.95
_EXTRACTED_DEPTH = 200


def read_html(data: bytes, limits: Limits) -> Document:
    """Read the main text of a web page; all visible text but menus where no main text is found or most is lost.

    Blocks are parted by a blank line, list items and table cells by a line end.
    """
    page = _parse(_decode(data))
    metadata = _metadata(page)
    etree.strip_elements(page, *_NEVER, with_tail=False)
    _drop(page, _HIDDEN)
    _mark_items(page)
    text = clean(_main_text(page), limits)
    if not text:
        raise Unreadable("no text in the web page")
    return Document(text, metadata)


def _decode(data: bytes) -> str:
    """Decode by byte order mark, else by the declared encoding, else as UTF-8 or Windows-1252."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    for codec in (_declared(data), "utf-8", "cp1252"):
        try:
            return data.decode(codec)
        except UnicodeError:
            continue
    return data.decode("utf-8", "replace")


def _declared(data: bytes) -> str:
    found = _CHARSET.search(data[:_CHARSET_WITHIN])
    try:
        name = codecs.lookup(found[1].decode("ascii")).name if found else "utf-8"
        "".encode(name)
    except (LookupError, UnicodeError):
        return "utf-8"
    return "cp1252" if name in _LATIN else "utf-8" if name.startswith("utf-16") else name


def _parse(text: str) -> Any:
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True)
    try:
        page = document_fromstring(text.replace("\x00", "\ufffd").encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Unreadable("empty file" if not text.strip() else f"not a web page that can be read: {error}") from error
    if any("depth" in entry.message for entry in parser.error_log):
        raise Unreadable("the web page is nested too deeply")
    for element in page.iter():
        element.text, element.tail = _storable(element.text), _storable(element.tail)
    return page


def _storable(text: str | None) -> str | None:
    """Replace the control characters that a tree can be parsed from and then not be changed with."""
    return _CONTROL.sub("\ufffd", text) if text else text


def _metadata(page: Any) -> dict[str, str]:
    if _depth(page) > _EXTRACTED_DEPTH:
        return {}
    found = extract_metadata(deepcopy(page), date_config=dict(_DATES), extensive=False)
    links = page.xpath("//link[@rel='canonical']/@href | //meta[@property='og:url']/@content")
    url = next((link.strip() for link in links if re.match(r"\s*https?://", link)), "")
    values = {"title": found.title, "date": found.date, "url": url}
    return {key: " ".join(value.split()) for key, value in values.items() if value}


def _main_text(page: Any) -> str:
    """Return what trafilatura finds, unless it runs blocks together or loses prose that the page plainly has."""
    everything = deepcopy(page)
    _drop(everything, _MENUS)
    whole = blocks(everything.find("body"))
    article = max((blocks(found) for found in everything.xpath("//article | //main")), key=_prose, default="")
    deep = _depth(page) > _EXTRACTED_DEPTH
    found = None if deep else bare_extraction(deepcopy(page), favor_recall=True, include_comments=False)
    main = blocks(found.body) if isinstance(found, Extracted) else ""
    wanted = max(_KEPT_OF_ARTICLE * _prose(article), _KEPT_OF_PAGE * _prose(whole))
    if main and _prose(main) >= wanted and _keeps_lines(main, blocks(page.find("body"))):
        return main
    return article if article and _prose(article) >= _KEPT_OF_PAGE * _prose(whole) else whole


def _depth(page: Any) -> int:
    steps = (1 if event == "start" else -1 for event, _ in etree.iterwalk(page, events=("start", "end")))
    return max(accumulate(steps), default=0)


def _keeps_lines(main: str, page: str) -> bool:
    """Tell whether nearly all of `main` stands in lines of the page, so that no two blocks were run together."""
    lines = {"".join(line.split()) for line in page.split("\n")}
    kept = sum(len(line) for line in main.split("\n") if "".join(line.split()) in lines)
    return kept >= _SAME_LINES * len(main.replace("\n", ""))


def _prose(text: str) -> int:
    """Count the characters in lines long enough to be prose."""
    return sum(len(line) for line in text.split("\n") if len(line) >= _PROSE_LINE)


def _drop(page: Any, path: str) -> None:
    for element in page.xpath(path):
        if element.tag not in {"html", "body"} and element.getparent() is not None:
            element.drop_tree()


def _mark_items(page: Any) -> None:
    """Write the markers that a browser shows into the list items, since extraction loses the numbers."""
    for items in page.iter("ol", "ul"):
        for item, marker in _markers(items):
            _prefix(item, marker)


def _markers(items: Any) -> Iterator[tuple[Any, str]]:
    number = _integer(items.get("start"), 1)
    for item in items.iterchildren("li"):
        number = _integer(item.get("value"), number)
        yield item, f"{number}. " if items.tag == "ol" else "- "
        number += 1


def _prefix(item: Any, marker: str) -> None:
    """Put `marker` before the first words of an item that brings none of its own."""
    while not (item.text or "").strip() and len(item) and item[0].tag in _WRAPPERS:
        item = item[0]
    if not _OWN_MARKER.match(item.text_content()):
        item.text = marker + (item.text or "").lstrip()


def _integer(value: str | None, default: int) -> int:
    return int(value) if value and re.fullmatch(r"-?[0-9]{1,6}", value) else default
