"""Tells who failed from who is asked to act: the role of an actor, by its passage's assertion and the words beside it."""

from collections.abc import Sequence

from pipeline.report import Assertion, Role

CALLS = frozenset("should must shall needs need ought".split())
ASKING = frozenset("ask invite urge recommend request expect encourage".split())
LISTED = frozenset("the a an all both your".split())


def role(assertion: Assertion, *, asked: bool) -> Role:
    """The role of a chosen actor."""
    return "addressee" if asked or assertion == "recommendation" else "responsible"


def is_asked(lower: Sequence[str], start: int, end: int) -> bool:
    """Whether words [start, end) are asked to act: "X should agree", "I invite X to agree"; not "X should have agreed"."""
    after = list(lower[end : end + 3])
    if after[:1] and after[0] in CALLS:
        return not {"have", "not"} & set(after[1:3])
    before = start - 1
    while before >= 0 and lower[before] in LISTED:
        before -= 1
    return after[:1] == ["to"] and before >= 0 and lower[before] in ASKING
