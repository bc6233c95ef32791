"""Colours as style sheets write them."""

from pipeline.export.colours import colour_of


def css_colour(category: str) -> str:
    """The colour of a category, as #rrggbb."""
    red, green, blue = colour_of(category)
    return f"#{red:02x}{green:02x}{blue:02x}"
