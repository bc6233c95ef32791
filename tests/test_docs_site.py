"""The documentation site: built strictly, whole without a network, and true to the command line and to the models."""

import json
import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from pipeline.cli import make_parser
from pipeline.taxonomy import load_taxonomy

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    pytest.importorskip("material", reason='needs pip install "failings[docs]"')
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@cache
def parsed(page: Path) -> Any:
    return html.parse(str(page), html.HTMLParser(encoding="utf-8")).getroot()


def test_every_page_is_there_and_in_the_navigation(site: Path) -> None:
    assert {page.stem for page in site.glob("*.html")} == {page.stem for page in PAGES} | {"404"}
    listed = {
        Path(link).stem for link in parsed(site / "index.html").xpath("//nav//a/@href") if not link.startswith("#")
    }
    assert {page.stem for page in PAGES} <= listed | {"index"}


def test_nothing_is_asked_of_another_host(site: Path) -> None:
    """Links may lead out; scripts, styles, fonts and pictures may not."""
    fetched = "//@src | //@srcset | //@data | //@poster | //link/@href | //*[local-name()='use' or local-name()='image']/@href"
    for page in site.glob("*.html"):
        assert [place for place in parsed(page).xpath(fetched) if re.match(r"(?!data:)[a-z]+:|//", place)] == [], page
    for sheet in site.rglob("*.css"):
        places = re.findall(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)", sheet.read_text(encoding="utf-8"))
        assert [place for pair in places for place in pair if re.match(r"https?:|//", place)] == [], sheet


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    broken = []
    for page in PAGES:
        made = site / f"{page.stem}.html"
        for link in parsed(made).xpath("//a/@href | //img/@src"):
            to = urlsplit(link)
            target = site / unquote(to.path) if to.path else made
            if to.scheme or not (to.path or to.fragment) or to.fragment == "__skip":
                continue
            if not target.is_file() or (
                to.fragment and not parsed(target).xpath("//*[@id=$id or @name=$id]", id=unquote(to.fragment))
            ):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_pictures_have_a_text_in_their_place(site: Path) -> None:
    for page in site.glob("*.html"):
        assert parsed(page).xpath("//img[not(@alt) or @alt='']/@src") == [], page


def test_the_page_of_categories_has_all_that_the_taxonomy_says(site: Path) -> None:
    page = parsed(site / "taxonomy.html")
    shown = " ".join(page.text_content().split())
    for category in load_taxonomy().categories:
        assert page.xpath("//h3[@id=$id]", id=category.id)
        assert [
            text for text in (category.definition, *category.examples, *category.near_misses) if text not in shown
        ] == []


def test_the_page_of_commands_has_every_option(site: Path) -> None:
    shown = parsed(site / "command-line.html").text_content()
    for parser in parsers(make_parser()):
        assert f"\n{parser.prog}" in shown
        missing = [
            name
            for action in parser._actions
            for name in action.option_strings
            if action.dest != "help" and name not in shown
        ]
        assert missing == []


def test_the_pages_made_of_other_files_have_them(site: Path) -> None:
    for page, title in (
        ("guidelines", "Annotation guidelines"),
        ("model-card", "minilm-"),
        ("model-card-large", "large-"),
        ("changelog", "Changelog"),
    ):
        [heading] = parsed(site / f"{page}.html").xpath("//h1")
        assert heading.text_content().strip().startswith(title)
    assert "communication_gap          50" in parsed(site / "quick-start.html").text_content()


def test_the_interface_is_documented(site: Path) -> None:
    ids = set(parsed(site / "api.html").xpath("//*[@id]/@id"))
    wanted = {"pipeline.api.reading.read", "pipeline.api.analysing.analyse", "pipeline.api.running.run", "pipeline.api.store.open_store",
              "pipeline.api.store.Store.to_pandas", "pipeline.report.Finding", "pipeline.report.Report"}  # fmt: skip
    assert wanted <= ids
    fields = " ".join(parsed(site / "api.html").text_content().split())
    assert "assertion_score: float, categories: tuple[CategoryScore, ...]" in fields


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}: install Debian's package chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install playwright")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 390])
def test_it_reads_from_a_folder_in_a_browser(site: Path, chromium: Any, width: int, scheme: str) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    page, asked, complaints = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name in ("no-code", "export", "python-notebook"):
        page.goto(f"{site.as_uri()}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_attribute("body", "data-md-color-scheme") == {"light": "default", "dark": "slate"}[scheme]
    context.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_search_works_from_a_folder(site: Path, chromium: Any) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.as_uri()}/index.html")
    page.click(".md-search__input")
    page.keyboard.type("tesseract")
    page.wait_for_selector(".md-search-result__link", timeout=15_000)
    links = page.eval_on_selector_all(".md-search-result__link", "links => links.map(link => link.href)")
    page.close()
    assert any("/no-code.html" in link for link in links)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def parsers(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    """The parsers of all commands that have none below them."""
    below = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for child in action.choices.values():
            yield from parsers(child)


COMMAND = re.compile(r"(?:\S*[\\/])?failings(?= [a-z])(.*)")


def blocks(text: str) -> Iterator[str]:
    """The lines of a page that stand in its blocks of code."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip()


def commands(page: Path) -> list[str]:
    """The commands in a page's blocks of code, each without the program's name, its comment, and what it is piped into."""
    found = [match[1] for line in blocks(page.read_text(encoding="utf-8")) if (match := COMMAND.match(line))]
    return [re.split(r" (?:\||>|&&|2>) ", command)[0].strip() for command in found]


WITH_COMMANDS = [page for page in (*PAGES, ROOT / "README.md") if commands(page)]


def test_pages_with_commands_are_found() -> None:
    assert {"quick-start.md", "tutorial.md", "no-code.md", "README.md"} <= {page.name for page in WITH_COMMANDS}


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_every_command_in_a_page_is_one_that_there_is(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in commands(page):
        if "[" in command:
            known = {name for parser in named(command) for action in parser._actions for name in action.option_strings}
            assert set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", command)) <= known, command
            continue
        try:
            make_parser().parse_args(shlex.split(command, comments=True))
        except SystemExit:
            pytest.fail(f"{page.name}: failings {command}\n{capsys.readouterr().err}")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_command_in_a_sentence_has_the_options_that_it_names(page: Path) -> None:
    text = " ".join(page.read_text(encoding="utf-8").split())
    for command in re.findall(r"`failings ([a-z][^`]*)`", text):
        found = named(command)
        assert found, command
        known = {name for parser in found for action in parser._actions for name in action.option_strings}
        assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", command)) <= known, command


def named(command: str) -> list[ArgumentParser]:
    """The parsers of the commands that these words begin with, as `annotate push` or `annotate` alone."""
    words = command.split()
    return [parser for parser in parsers(make_parser()) if fits(parser.prog.split()[1:], words)]


def fits(path: list[str], words: list[str]) -> bool:
    return bool(words) and all(step in word.split("|") for step, word in zip(path, words, strict=False))


@pytest.mark.parametrize(("model", "place"), [("minilm", 0), ("large", 1)])
def test_figures_in_the_limits_are_those_of_the_models(model: str, place: int) -> None:
    text = (DOCS / "limits.md").read_text(encoding="utf-8")
    quoted = re.findall(r"(\d\.\d\d \(\d\.\d\d to \d\.\d\d\)) \| (\d\.\d\d \(\d\.\d\d to \d\.\d\d\)) \|", text)
    metrics = json.loads((ROOT / "models" / model / "metrics.json").read_text(encoding="utf-8"))
    names = ("sentence_f1", "category_micro_f1", "core_macro_f1", "assertion_macro_f1", "actor_f1")
    rows = [metrics["figures"][name] for name in names]
    assert [pair[place] for pair in quoted] == [
        f"{row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})" for row in rows
    ]
    assert f"On {metrics['dev_reports']} labelled coroners' reports" in text


def test_figures_without_code_are_those_of_the_model() -> None:
    text = (DOCS / "no-code.md").read_text(encoding="utf-8")
    figures = json.loads((ROOT / "models" / "minilm" / "metrics.json").read_text(encoding="utf-8"))["figures"]
    assert re.findall(r"(0\.\d\d) of 1", text) == [
        f"{figures[name]['value']:.2f}" for name in ("sentence_f1", "category_micro_f1")
    ]


def test_the_tutorial_s_output_is_of_today_s_categories_and_model() -> None:
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    assert re.findall(r"^([a-z_]+) +\d+ +\d+$", text, re.MULTILINE) == list(load_taxonomy().ids)
    version = json.loads((ROOT / "models" / "minilm" / "config.json").read_text(encoding="utf-8"))["version"]
    assert set(re.findall(r"minilm-[0-9a-f]{8}", text)) == {version}
