"""The ways in which reports write the name of an agency."""

from collections.abc import Iterable, Sequence
from itertools import chain

NAME = "{name}"
PLAINER = ((" and ", " & "), (",", ""), ("-", " "), ("'", ""), ("St ", "St. "))


def spellings(name: str, forms: Sequence[str] = ()) -> tuple[str, ...]:
    """`name` first, then the same in the other `forms` of its group and in plainer marks.

    A form is text around `{name}`; the longest that fits the name tells which part of it stays.
    """
    written = [name, *(form.replace(NAME, stem) for stem in _stem(name, forms) for form in forms)]
    return tuple(dict.fromkeys(chain.from_iterable(map(_plainer, written))))


def _stem(name: str, forms: Iterable[str]) -> list[str]:
    stems = []
    for form in forms:
        before, _, after = form.partition(NAME)
        if len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after):
            stems.append(name[len(before) : len(name) - len(after)])
    return sorted(stems, key=len)[:1]


def _plainer(name: str) -> list[str]:
    found = [name]
    for mark, plain in PLAINER:
        if mark in name:
            found += [text.replace(mark, plain) for text in found]
    return found
