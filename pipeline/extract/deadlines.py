"""Reads by when something is to be done: the deadline of a call for action, and that of the answer to the report."""

import re

from pipeline.extract.dates import DATE, iso_date
from pipeline.report import Fact

WORDS = dict(zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True))
WORDS |= {"twenty-eight": 28, "twenty eight": 28, "fifty-six": 56, "fifty six": 56, "a": 1}
BY = re.compile(
    rf"\b(?:by|before|(?:no|not)\s+later\s+than)\s+(?:(?:the|mon|tues|wednes|thurs|fri|satur|sun)(?:day)?\s+)?(?P<date>{DATE})",
    re.IGNORECASE,
)
NUMBER = "|".join(sorted(WORDS, key=len, reverse=True))
PERIOD = re.compile(
    rf"\bwithin\s+(?:the\s+next\s+)?(?P<n>\d{{1,3}}|{NUMBER})\s*(?:\(\d+\)\s*)?(?P<unit>day|week|month|year)s?\b"
    r"(?!\s+(?:after|before|prior)\b)(?!\s+of\s+(?!(?:this|the\s+date|its\s+date|receipt|receiving|publication|today|now)\b))",
    re.IGNORECASE,
)
WORK = r"(?:review|consider|address|implement|amend|revise|issue|introduce|remind|audit)\w*"
AT_ONCE = re.compile(
    r"\b(?:(?P<immediately>with\s+immediate\s+effect|without\s+delay)|(?P<urgently>as\s+a\s+matter\s+of\s+(?:some\s+)?urgency))\b"
    rf"|\b(?P<before>immediately|urgently)\s+{WORK}\b|\b{WORK}\s+(?P<after>immediately|urgently)\b",
    re.IGNORECASE,
)
ANSWER = re.compile(r"\b(?:respond|response|reply)\b", re.IGNORECASE)
FARTHEST = 250


def deadline(text: str, start: int, end: int) -> Fact | None:
    """By when the call for action at [start, end) is to be done: a date, a period ("6 months"), "immediately" or "urgently"."""
    return _dated(text, start, end) or _period(text, start, end) or _at_once(text, start, end)


def response_deadline(text: str) -> Fact | None:
    """By when the report asks for its answer: the date that it names, else the period."""
    places = [match.end() for match in ANSWER.finditer(text)]
    for read in (_dated, _period):
        for start in places:
            found = read(text, start, min(len(text), start + FARTHEST), field="response_deadline")
            if found:
                return found
    return None


def _dated(text: str, start: int, end: int, *, field: str = "deadline") -> Fact | None:
    for match in BY.finditer(text, start, end):
        value = iso_date(match["date"])
        if value:
            return Fact(field, value, *match.span("date"))
    return None


def _period(text: str, start: int, end: int, *, field: str = "deadline") -> Fact | None:
    match = PERIOD.search(text, start, end)
    if not match:
        return None
    words = " ".join(match["n"].lower().split())
    number = int(words) if words.isdigit() else WORDS[words]
    return Fact(field, f"{number} {match['unit'].lower()}{'s' if number > 1 else ''}", match.start(), match.end())


def _at_once(text: str, start: int, end: int) -> Fact | None:
    match = AT_ONCE.search(text, start, end)
    if not match or not match.lastgroup:
        return None
    value = match.lastgroup if match.lastgroup in ("immediately", "urgently") else match[match.lastgroup].lower()
    return Fact("deadline", value, *match.span(match.lastgroup))
