"""English dates in text, and what they are as ISO dates."""

import re
from datetime import date

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = "|".join(f"{month.capitalize()}|{month[:3].capitalize()}" for month in MONTHS)
DATE = (
    rf"(?:\d{{1,2}}\s?(?:st|nd|rd|th)?(?:\s+day)?(?:\s+of)?\s+(?:{_MONTH}|Sept)\.?,?\s+(?:19|20)\d\d"
    r"|\d{1,2}\s?[/.-]\s?\d{1,2}\s?[/.-]\s?(?:(?:19|20)\d\d|\d\d)\b|(?:19|20)\d\d-\d\d-\d\d)"
)
_NUMBERS = re.compile(r"\d+")
_NAMED = re.compile("|".join(month[:3] for month in MONTHS), re.IGNORECASE)


def iso_date(words: str) -> str | None:
    """2024-01-31 for a date that DATE matches, the day before the month; None when there is no such day."""
    numbers = [int(n) for n in _NUMBERS.findall(words)]
    named = _NAMED.search(words)
    if named:
        numbers.insert(1, next(i for i, month in enumerate(MONTHS, 1) if month.startswith(named.group().lower())))
    day, month, year = reversed(numbers) if numbers[0] > 31 else numbers
    try:
        return date(year if year > 99 else 2000 + year, month, day).isoformat()
    except ValueError:
        return None
