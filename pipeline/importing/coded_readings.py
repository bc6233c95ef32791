"""Codings as readings of whole reports: codes as categories and assertions. What cannot be told is named and kept out."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.annotate.records import Marked, Part, Reading
from pipeline.export.refi_qda import MODEL_USER
from pipeline.importing.refi_qda import Code, CodedText, Coding, Project
from pipeline.report import ASSERTIONS, Assertion, sha256
from pipeline.taxonomy import Taxonomy

_NOTED = re.compile(r"^\s*assertion\s*[:=]\s*(\w+)", re.IGNORECASE | re.MULTILINE)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Readings:
    """A reading for each text and coder; `texts` by report id and text hash, `problems` name what is left out.

    `passed_over` counts the codings of those who were not asked for.
    """

    readings: tuple[Reading, ...]
    texts: Mapping[tuple[str, str], str]
    problems: tuple[str, ...]
    passed_over: Mapping[str, int]


def readings_of(
    project: Project, taxonomy: Taxonomy, *, coders: Collection[str] = (), fully_read: bool = False
) -> Readings:
    """Readings by `coders`, by everybody but our own model without any; `fully_read` says that they read every text to its end."""
    problems = list(project.problems)
    readings: list[Reading] = []
    texts: dict[tuple[str, str], str] = {}
    everybody = Counter(coding.coder for text in project.texts for coding in text.codings)
    wanted = set(coders) or set(everybody) - {MODEL_USER}
    problems += [
        f"no codings by {name!r}; there are some by {', '.join(everybody)}" for name in sorted(wanted - set(everybody))
    ]
    for text in project.texts:
        part = Part(text.name, sha256(text.text.encode()), 0, len(text.text))
        for coder, codings in sorted(_by_coder(text, wanted).items()):
            marked = tuple(_marked(codings, f"{text.name}, {coder}", taxonomy, problems))
            when = max(c.when for c in codings)
            if marked:
                readings.append(Reading(part, coder, when, marked, fully_read))
                texts[text.name, part.text_sha256] = text.text
    passed_over = {name: n for name, n in everybody.items() if name not in wanted}
    return Readings(tuple(readings), texts, tuple(_counted(problems)), passed_over)


def _by_coder(text: CodedText, coders: Collection[str]) -> dict[str, list[Coding]]:
    found: defaultdict[str, list[Coding]] = defaultdict(list)
    for coding in text.codings:
        if coding.coder in coders:
            found[coding.coder].append(coding)
    return found


def _marked(codings: Sequence[Coding], where: str, taxonomy: Taxonomy, problems: list[str]) -> Iterator[Marked]:
    """One person's codings as findings, those on the same words together."""
    ids = {name.casefold(): c.id for c in taxonomy.categories for name in (c.name, c.id)}
    spans: defaultdict[Span, list[Coding]] = defaultdict(list)
    for coding in codings:
        spans[coding.start, coding.end].append(coding)
    for (start, end), mine in sorted(spans.items()):
        problems += sorted({_unknown(c.code) for c in mine if _meaning(c.code, ids) is None})
        categories = tuple(dict.fromkeys(ids[n] for c in mine if (n := _name(c.code)) in ids))
        said = _assertions(mine, ids)
        if categories and len(said) == 1:
            yield Marked(start, end, said[0], categories)
        elif categories or said:
            wrong = "no category" if not categories else f"{' and '.join(said) or 'no'} assertion"
            problems.append(f"{where}, [{start}, {end}): {wrong}")


def _name(code: Code) -> str:
    return code.name.strip().casefold()


def _meaning(code: Code, ids: Mapping[str, str]) -> str | None:
    name = _name(code)
    return ids.get(name) or (name if name in ASSERTIONS else None)


def _unknown(code: Code) -> str:
    return f"code {' > '.join((*reversed(code.under), code.name))!r}: neither a category nor an assertion by this name"


def _assertions(codings: Sequence[Coding], ids: Mapping[str, str]) -> tuple[Assertion, ...]:
    """How the report puts it: by codes of their own, else by what the categories stand under, else by notes."""
    of_categories = [c for c in codings if _name(c.code) in ids]
    ways = (
        [_name(c.code) for c in codings],
        [above.strip().casefold() for c in of_categories for above in c.code.under],
        [noted.casefold() for c in of_categories for noted in _NOTED.findall(c.note)],
    )
    for names in ways:
        said = tuple(a for a in ASSERTIONS if a in names)
        if said:
            return said
    return ()


def _counted(problems: Sequence[str]) -> list[str]:
    """Each problem once, with how often it came."""
    return [problem if n == 1 else f"{problem} ({n} times)" for problem, n in Counter(problems).items()]
