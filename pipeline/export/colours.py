"""The colour of each category wherever findings are highlighted."""

import tomllib
from colorsys import hls_to_rgb
from functools import cache
from importlib.resources import files
from zlib import crc32

Colour = tuple[int, int, int]  # red, green, blue; 0 to 255

_LIGHTNESS, _SATURATION = 0.82, 0.7


def colour_of(category: str) -> Colour:
    """The colour of a category: from `colours.toml`, or a pale one made from the id, always the same."""
    known = _load_colours().get(category)
    if known:
        return known
    red, green, blue = hls_to_rgb(crc32(category.encode()) % 360 / 360, _LIGHTNESS, _SATURATION)
    return round(255 * red), round(255 * green), round(255 * blue)


@cache
def _load_colours() -> dict[str, Colour]:
    table = tomllib.loads(files("pipeline.export").joinpath("colours.toml").read_text("utf-8"))
    return {category: _parse(value) for category, value in table.items()}


def _parse(value: str) -> Colour:
    red, green, blue = bytes.fromhex(value.removeprefix("#"))
    return red, green, blue
