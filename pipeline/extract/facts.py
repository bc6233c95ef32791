"""Reads what a report says of itself: who died and when, the inquest, the coroner, whom it addresses, what kind of document it is."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pipeline.extract.dates import DATE, iso_date
from pipeline.extract.deadlines import response_deadline
from pipeline.extract.sections import find_sections
from pipeline.report import Fact

NAME = (
    r"((?:(?:Mr|Mrs|Ms|Miss|Dr|Master|Baby|Sir)\.?\s+)?[A-Z][\w’'-]{1,40}"
    r"(?:\s+(?:[A-Z][\w’'-]{1,40}|[A-Z]\.?(?=\s)|de|la|van|von|al|ap)){0,5}\s+[A-Z][\w’'-]{1,40})"
)
LINE = r"([^.\n]{3,200})"
HEAD = 3000
SPLIT = re.compile(r"[;|\n]+")
NUMBERED = re.compile(r"\s*(?:[(\[]?(?:\d{1,2}|[a-z])[.)\]]|[-•*])\s*")
NOT_A_RECIPIENT = re.compile(
    r"(?:this )?report is being sent to|^\W*(?:\d+\W*)?$|^,|^\[|\bPO Box\b|^\d+\w?,? [A-Z]\w+|^London$|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Form:
    """A field of `facts.toml`: how it is read from a text, in its first `within` characters, and the column that wins."""

    field: str
    patterns: tuple[re.Pattern[str], ...]
    column: str
    within: int | None
    is_date: tuple[bool, ...]


@cache
def load_forms() -> tuple[tuple[Form, ...], Mapping[str, tuple[str, ...]]]:
    """The fields of `facts.toml`, and the cues of each kind of document."""
    table = tomllib.loads(files("pipeline.extract").joinpath("facts.toml").read_text(encoding="utf-8"))
    cues = {kind: tuple(words) for kind, words in table.pop("cues").items()}
    return tuple(_form(field, row) for field, row in table.items()), cues


def _form(field: str, row: Mapping[str, object]) -> Form:
    patterns = [str(p) for p in row["patterns"]]  # type: ignore[attr-defined]
    filled = [p.replace("{date}", f"({DATE})").replace("{name}", NAME).replace("{line}", LINE) for p in patterns]
    within = row.get("within")
    spaced = [p.replace(" ?", r"\s*").replace(" ", r"\s+") for p in filled]
    compiled = tuple(re.compile(p, re.MULTILINE) for p in spaced)
    dates = tuple("{date}" in p for p in patterns)
    return Form(field, compiled, str(row.get("column", "")), within if isinstance(within, int) else None, dates)


def read_facts(text: str, given: Mapping[str, str]) -> tuple[Fact, ...]:
    """Facts in the order of `facts.toml`; `given` is `Report.metadata`, which wins, and a disagreement becomes a fact of its own."""
    forms, cues = load_forms()
    found: list[Fact] = []
    for form in forms:
        said = _read(form, text)
        column = given.get(form.column, "") if form.column else ""
        if column and form.field != "addressee":
            found.append(Fact(form.field, column))
            if said and _differ(column, said.value):
                value = f"{form.field}: column {column}, text {said.value}"
                found.append(Fact("disagreement", value, said.start, said.end))
        elif said:
            found.append(said)
    due = response_deadline(text)
    found += [due] if due else []
    return (*found, *_addressees(text, given), Fact("document_type", _kind(text, cues)))


def _read(form: Form, text: str) -> Fact | None:
    for pattern, is_date in zip(form.patterns, form.is_date, strict=True):
        for match in pattern.finditer(text, 0, form.within or len(text)):
            value = iso_date(match[1]) if is_date else " ".join(match[1].split()).strip(" ,;:")
            if value:
                return Fact(form.field, value, *match.span(1))
    return None


def _differ(column: str, said: str) -> bool:
    """Whether neither holds the words of the other."""
    a, b = ({w.casefold() for w in re.findall(r"\w+", each)} for each in (column, said))
    return not (a <= b or b <= a)


def _addressees(text: str, given: Mapping[str, str]) -> Iterator[Fact]:
    """One fact each: those of the column, else the lines of the form's "sent to"."""
    if given.get("receiver"):
        yield from (Fact("addressee", part.strip()) for part in SPLIT.split(given["receiver"]) if part.strip())
        return
    for section in find_sections(text):
        if section.name != "recipients":
            continue
        for line in re.finditer(r"[^\n;]+", text[section.start : section.end]):
            marker = NUMBERED.match(line.group())
            start = section.start + line.start() + (marker.end() if marker else 0)
            words = text[start : section.start + line.end()]
            start += len(words) - len(words.lstrip())
            words = words.strip()
            if len(words) > 3 and not NOT_A_RECIPIENT.search(words):
                yield Fact("addressee", " ".join(words.split()), start, start + len(words))


def _kind(text: str, cues: Mapping[str, tuple[str, ...]]) -> str:
    head = " ".join(text[:HEAD].replace("’", "'").casefold().split())
    counts = {kind: sum(head.count(cue) for cue in words) for kind, words in cues.items()}
    best = max(counts, key=lambda kind: counts[kind])
    return best if counts[best] else "other"
