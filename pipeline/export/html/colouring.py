"""The colours of the categories as a style sheet, light and dark."""

from collections.abc import Iterable, Iterator

from pipeline.export.colours import Colour, colour_of
from pipeline.taxonomy import ID, load_taxonomy

DARK_PAPER: Colour = (27, 31, 36)
_DARK_SHARE = 0.38


def dark_colour(colour: Colour) -> Colour:
    """A category's colour on dark paper: dim enough that pale print on it stays easy to read."""
    red, green, blue = (round(_DARK_SHARE * c + (1 - _DARK_SHARE) * p) for c, p in zip(colour, DARK_PAPER, strict=True))
    return red, green, blue


def colour_rules(found: Iterable[str]) -> str:
    """A rule a category, of the taxonomy and of `found`, which may be of another."""
    known = load_taxonomy().ids
    others = sorted(category for category in {*found} - {*known} if ID.fullmatch(category))
    return "\n".join(_rule(category) for category in (*known, *others))


def _rule(category: str) -> str:
    colour = colour_of(category)
    return f".k-{category} {{ --pale: {_hex(colour)}; --dim: {_hex(dark_colour(colour))}; }}"


def _hex(colour: Iterable[int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def contrast(a: Colour, b: Colour) -> float:
    """Contrast ratio of two colours, 1 to 21, by WCAG 2."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: Colour) -> Iterator[float]:
    for part in colour:
        share = part / 255
        yield share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
