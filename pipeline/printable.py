"""Text as it is safe to print: a terminal obeys control characters, and those that turn writing round can hide what stands there."""

import re

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile(r"\s*[\r\n]+\s*")


def visible(text: str) -> str:
    r"""The text with such characters as `\u001b`, the same in a line for people and in a string of JSON; line ends and tabs stay."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: str) -> str:
    """The text on one line, safe to print."""
    return visible(_LINE_END.sub(" ", text))
