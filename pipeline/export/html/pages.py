"""Render pages from the templates, with a Content-Security-Policy that lets nothing in from elsewhere."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.export.html.colouring import colour_rules
from pipeline.export.html.index import island
from pipeline.export.html.shown import agency_type_name, assertion_name, category_name
from pipeline.export.html.vendored import chart_runtime

STYLES = ("page.css", "reading.css", "print.css")
SCRIPTS = ("theme.js", "data.js", "choosing.js", "rows.js", "tables.js", "charts.js", "reading.js")


@dataclass(frozen=True, slots=True)
class Page:
    """How a page gets its styles and scripts: written into it, or from files beside it at `root`."""

    root: str = ""
    style: Markup | None = None
    scripts: tuple[Markup, ...] = ()
    policy: str = ""
    linked: tuple[str, ...] = field(default=())


def style(categories: Iterable[str]) -> str:
    """The style sheet, with the colours of the categories."""
    return "\n".join([*(_asset(name) for name in STYLES), colour_rules(categories)]) + "\n"


@cache
def script() -> str:
    """Our own script."""
    return "\n".join(_asset(name) for name in SCRIPTS)


def inlined(categories: Iterable[str]) -> Page:
    """A page that holds everything; its policy names each script and style by its hash."""
    css, scripts = style(categories), (chart_runtime(), script())
    hashes = " ".join(_hash(text) for text in scripts)
    policy = _policy(script_src=hashes, style_src=_hash(css))
    return Page(style=Markup(css), scripts=tuple(map(Markup, scripts)), policy=policy)  # noqa: S704


def beside(root: str, linked: tuple[str, ...]) -> Page:
    """A page of a folder; `file:` because browsers do not agree that a file is of the same origin as the one beside it."""
    return Page(root=root, linked=linked, policy=_policy(script_src="'self' file:", style_src="'self' file:"))


def _policy(*, script_src: str, style_src: str) -> str:
    return f"default-src 'none'; script-src {script_src}; style-src {style_src}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def render(template: str, page: Page, **values: Any) -> str:
    """A page from a template; every value is escaped unless it is Markup."""
    return _environment().get_template(template).render(page=page, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.export.html"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {
        "category": category_name, "assertion": assertion_name, "agency_type": agency_type_name,
        "island": lambda value: Markup(island(value)),  # noqa: S704
    }  # fmt: skip
    return environment


def _asset(name: str) -> str:
    return files("pipeline.export.html").joinpath("page", name).read_text("utf-8")
