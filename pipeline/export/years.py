"""The year of a report's date."""

import re

_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def year_of(date: str | None) -> int | None:
    """The year of an ISO date; None for no date, and for one that a table's column has in another form."""
    return int(date[:4]) if date and _ISO.fullmatch(date) else None
