"""Words for the sentences of charts."""

from collections.abc import Sequence

from pipeline.export.html.counting import NO_AGENCY, Count, leaders
from pipeline.export.html.shown import agency_type_name, category_name


def said_of_leaders(counts: dict[str, Count], reports: int) -> str:
    """Which are the most frequent, by report and by mention."""
    by_report, by_mention = leaders(counts, lambda n: n.reports), leaders(counts, lambda n: n.mentions)
    if not by_report:
        return "None is named."
    most, loudest = counts[by_report[0]], counts[by_mention[0]]
    said = f"{_have(by_report)} the most reports: {most.reports:,} of {reports:,}{_each(by_report)}"
    if by_mention == by_report:
        return f"{said}, with {plural(loudest.mentions, 'mention')}."
    return f"{said}. {_have(by_mention)} the most mentions: {loudest.mentions:,}{_each(by_mention)}."


def _have(names: Sequence[str]) -> str:
    """Who has the most, up to three by name."""
    if len(names) == 1:
        return f"{names[0]} has"
    last = names[-1] if len(names) < 4 else f"{len(names) - 2} others"
    return f"{', '.join(names[:-1] if len(names) < 4 else names[:2])} and {last} have"


def _each(names: Sequence[str]) -> str:
    return " each" if len(names) > 1 else ""


def first_pair(pairs: Sequence[tuple[str, str]]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {plural(len(pairs) - 1, 'other pair')}" if len(pairs) > 1 else ""
    return " with ".join(map(category_name, pairs[0])) + more


def agency_name(agency_type: str) -> str:
    """How a chart calls a kind of agency, or that there is none."""
    return agency_type_name(agency_type) if agency_type != NO_AGENCY else "Nobody named"


def plural(n: int, word: str) -> str:
    """A number of things, with the word in the plural where it has to be."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"
