"""The taxonomy as the codes of a REFI-QDA project, and as a codebook of its own (`.qdc`)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.export.colours import colour_of
from pipeline.export.refi_qda_xml import CODEBOOK, element, guid, legal, text_element
from pipeline.export.whole_file import whole_file
from pipeline.report import ASSERTIONS
from pipeline.taxonomy import Category, Taxonomy, load_taxonomy

ORIGIN = f"failings {__version__}"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
CORE, FURTHER, OWN, PUT = "Core failings", "Further failings", "Own categories", "How the report puts it"
SAID = {
    "failing": "Something went wrong or was lacking, by the report's own account.",
    "alleged": "A claim that the report only reports.",
    "recommendation": "What should be done.",
    "remedied": "A lapse has been put right, practice was good, or a failing is denied.",
}


@cache
def category_guid(category: str) -> str:
    """The code of a category."""
    return guid("category", category)


@cache
def assertion_guid(assertion: str) -> str:
    """The code of an assertion."""
    return guid("assertion", assertion)


def write_codebook(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write the taxonomy and whatever other categories the findings have; return how many findings were looked at."""
    found: set[str] = set()
    count = 0
    for count, record in enumerate(records, 1):  # noqa: B007
        found |= {c["id"] for c in record["categories"]}
    with whole_file(path) as file:
        book = element("CodeBook", {"xmlns": CODEBOOK, "origin": ORIGIN}, codes_xml(load_taxonomy(), found))
        file.write(legal(f"{DECLARATION}{book}\n"))
    return count


def codes_xml(taxonomy: Taxonomy, found: Collection[str]) -> str:
    """All codes in groups that cannot be coded with: core categories, others, those of `found` that are in no taxonomy, assertions."""
    own = [Category(c, c, core=False, definition="") for c in sorted(set(found) - set(taxonomy.ids))]
    groups = (
        (CORE, [_code(c) for c in taxonomy.categories if c.core]),
        (FURTHER, [_code(c) for c in taxonomy.categories if not c.core]),
        (OWN, [_code(c) for c in own]),
        (PUT, list(_assertions())),
    )
    return element("Codes", {}, *(_group(name, codes) for name, codes in groups if codes))


def _group(name: str, codes: Iterable[str]) -> str:
    return element("Code", {"guid": guid("group", name), "name": name, "isCodable": "false"}, *codes)


def _code(category: Category) -> str:
    named = {"guid": category_guid(category.id), "name": category.name, "isCodable": "true"}
    return element("Code", {**named, "color": _hex(category.id)}, text_element("Description", category.definition))


def _assertions() -> Iterator[str]:
    for name in ASSERTIONS:
        named = {"guid": assertion_guid(name), "name": name, "isCodable": "true", "color": _hex(name)}
        yield element("Code", named, text_element("Description", SAID[name]))


def _hex(name: str) -> str:
    return "#{:02X}{:02X}{:02X}".format(*colour_of(name))
