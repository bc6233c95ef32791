"""The cue words of calls for action, read from `recommendations.toml`."""

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

AROUND = {
    "asked_after": r"(?:\s*\([^()]{1,60}\))?(?:\s*,[^,.;:]{1,80},)?\s+(?:@)",
    "owner_after": r"['’]s?\s+(?:[\w-]+\s+){0,5}?(?:@)",
    "served_after": r"\s+(?:@)",
    "aside_after": r"(?:['’]s?)?\s+(?:@)",
    "before": r"(?:@)\s+(?:(?:that|the|a|an|all|both|any|each|every|said|your|our|their|its|relevant|local|national|regional"
    r"|individual|other|and)\s+)*$",
    "titles": r"\s*(?:@)\s+(?:the\s+)?",
    "anywhere": r"@",
}
SHAPES = dict.fromkeys(["asked_before", "served_before", "aside_before"], "before")


@dataclass(frozen=True, slots=True)
class Cues:
    """One pattern for each list of `recommendations.toml`; those named `_after` and `_before` stand beside the words for somebody."""

    calls: re.Pattern[str]
    calls_there: re.Pattern[str]
    indirect: re.Pattern[str]
    boilerplate: re.Pattern[str]
    asked_after: re.Pattern[str]
    owner_after: re.Pattern[str]
    asked_before: re.Pattern[str]
    served_after: re.Pattern[str]
    served_before: re.Pattern[str]
    aside_after: re.Pattern[str]
    aside_before: re.Pattern[str]
    titles: re.Pattern[str]
    bodies: re.Pattern[str]


@cache
def load_cues() -> Cues:
    """Read `recommendations.toml`."""
    table = tomllib.loads(files("pipeline.extract").joinpath("recommendations.toml").read_text(encoding="utf-8"))
    return Cues(**{field.name: _pattern(field.name, table[field.name]) for field in fields(Cues)})


def _pattern(name: str, entries: list[str]) -> re.Pattern[str]:
    shape = AROUND[SHAPES.get(name, name if name in AROUND else "anywhere")]
    return re.compile(shape.replace("@", "|".join(entries).replace(" ", r"\s+")), re.IGNORECASE)
