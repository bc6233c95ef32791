"""The HTML report in a browser, opened from the file system."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from html_reports import HOSTILE, finding, report

from pipeline.export.html import write_html

CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
CATEGORIES = ("communication_gap", "restraint", "bed_shortage")
DESKTOP, PHONE = {"width": 1366, "height": 900}, {"width": 390, "height": 844}


def corpus() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Twelve reports of ten findings each, of which the fifth and sixth share words; all hold hostile text."""
    reports, records = [], []
    for r in range(12):
        lines = [f"In case {r} step {k} nobody told the crew of ward {k} about it. " for k in range(10)]
        text = "".join(lines) + HOSTILE
        reports.append(report(f"case-{r:02}", text, title=f"Case {r} {HOSTILE}", date=f"{2018 + r % 3}-03-01",
                              area=f"Area {r % 2}", url="https://example.org/case"))  # fmt: skip
        start = 0
        for k, line in enumerate(lines):
            end = min(start + len(line) + 20, len(text)) if k == 4 else start + len(line) - 1
            records.append(
                finding(
                    f"{r:08x}{k:08x}",
                    start,
                    end,
                    text,
                    report_id=f"case-{r:02}",
                    categories=[CATEGORIES[k % 3]],
                    assertion={8: "remedied", 9: "alleged"}.get(k, "failing"),
                    score=round(0.5 + k / 25, 2),
                    needs_review=k < 3,
                    agency_types=["police"] if k % 2 else [],
                )
            )
            start += len(line)
    return records, reports


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same report as one file and as a folder."""
    folder = tmp_path_factory.mktemp("html")
    for out in (folder / "report.html", folder / "folder"):
        records, reports = corpus()
        write_html(records, out, reports=reports)
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}: install Debian's package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page, and all that it asked for and complained of."""

    page: Any
    folder: Path
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, place: str) -> Any:
        self.page.goto(f"{self.folder.as_uri()}/{place}")
        if self.page.locator("#findings-table").count():
            self.page.wait_for_selector("body[data-ready]")
        return self.page

    def after(self, act: Any) -> None:
        """Do something that draws the table anew, and wait for it."""
        before = self.page.evaluate("document.body.dataset.ready")
        act()
        self.page.wait_for_function("before => document.body.dataset.ready !== before", arg=before)


@pytest.fixture
def opened(chromium: Any, written: Path) -> Iterator[Opened]:
    """A page that fails the test if it logs anything, throws, or asks for what is not a file."""
    context = chromium.new_context(viewport=DESKTOP, color_scheme="light", reduced_motion="reduce")
    made = Opened(context.new_page(), written)
    made.page.on("console", lambda message: made.complaints.append(message.text))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    made.page.on("dialog", lambda dialog: made.complaints.append(dialog.message))
    made.page.on("request", lambda request: made.asked.append(request.url))
    yield made
    context.close()
    assert made.complaints == []
    assert [url for url in made.asked if not url.startswith("file:")] == []
    assert made.asked


def state(page: Any) -> str:
    return str(page.inner_text("#findings .state"))


BOTH = pytest.mark.parametrize("index", ["report.html", "folder/index.html"])


@BOTH
def test_the_table_is_filtered_and_sorted(opened: Opened, index: str) -> None:
    page = opened.go(index)
    assert state(page) == "120 findings"
    opened.after(lambda: page.select_option("[name=category]", "restraint"))
    assert state(page) == "36 of 120 findings"
    opened.after(lambda: page.select_option("[name=year]", "2019"))
    assert state(page) == "12 of 120 findings"
    opened.after(lambda: page.fill("#filters [name=words]", "WARD 7"))
    assert state(page) == "6 of 120 findings"
    opened.after(lambda: page.click("#filters [type=reset]"))
    opened.after(lambda: page.select_option("[name=agency]", "none"))
    assert state(page) == "60 of 120 findings"
    opened.after(lambda: page.select_option("[name=review]", "1"))
    assert state(page) == "24 of 120 findings"
    opened.after(lambda: page.fill("[name=score]", "0.55"))
    assert state(page) == "12 of 120 findings"
    opened.after(lambda: page.click("#filters [type=reset]"))
    opened.after(lambda: page.click("#findings th[data-sort=score] button"))
    opened.after(lambda: page.click("#findings th[data-sort=score] button"))
    assert page.get_attribute("#findings th[data-sort=score]", "aria-sort") == "descending"
    assert page.inner_text("#findings-table tbody tr:first-child .score") == "0.86"
    opened.after(lambda: page.click("#findings [data-turn='1']"))
    assert page.inner_text("#findings .turned") == "Page 2 of 3"


@BOTH
def test_a_finding_leads_to_its_words_and_back_to_the_filtered_table(opened: Opened, index: str) -> None:
    page = opened.go(index)
    opened.after(lambda: page.select_option("[name=assertion]", "alleged"))
    page.click("#findings-table tbody tr:nth-child(3) .quote a")
    page.wait_for_selector("#f-0000000200000009:focus")
    assert page.inner_text("mark.current") == "In case 2 step 9 nobody told the crew of ward 9 about it."
    assert page.evaluate("document.querySelector('mark.current').getBoundingClientRect().top") < DESKTOP["height"]
    page.go_back()
    page.wait_for_selector("body[data-ready]")
    assert page.input_value("[name=assertion]") == "alleged"
    assert state(page) == "12 of 120 findings"


@BOTH
def test_a_bar_leads_to_the_findings_that_it_counts(opened: Opened, index: str) -> None:
    page = opened.go(index)
    page.wait_for_selector("#chart-categories[data-drawn]")
    opened.after(page.locator("#chart-categories path[aria-roledescription=bar]").first.click)
    assert state(page) == "48 of 120 findings"
    assert page.input_value("[name=category]") == "communication_gap"
    assert page.input_value("[name=assertion]") == "wrong"


def test_charts_count_by_report_or_by_mention(opened: Opened) -> None:
    page = opened.go("folder/index.html")
    numbers = page.locator("#chart-categories .mark-text.role-mark text")
    page.wait_for_selector("#chart-categories[data-drawn]")
    assert numbers.all_text_contents() == ["12", "12", "12"]
    page.check("[name=by][value=mentions]")
    page.wait_for_function("document.querySelector('#chart-categories .mark-text.role-mark text').textContent === '48'")
    assert numbers.all_text_contents() == ["48", "36", "24"]
    for chart in page.locator(".chart").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.chart[data-drawn]').length === 7")


@pytest.mark.parametrize("place", ["folder/reports/case-03.html", "report.html"])
def test_keys_move_between_findings(opened: Opened, place: str) -> None:
    page = opened.go(f"{place}#f-0000000300000003")
    assert page.evaluate("document.activeElement.id") == "f-0000000300000003"
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == "f-0000000300000004"
    assert page.evaluate("location.hash") == "#f-0000000300000004"
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("p")
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.id") == "f-0000000300000003"
    page.click("#next")
    assert page.inner_text("mark.current").startswith("In case 3 step 4")
    page.click(".keys summary")
    page.uncheck("#keys-on")
    page.focus("#f-0000000300000004")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == "f-0000000300000004"


def test_a_permanent_link_opens_at_the_finding(opened: Opened) -> None:
    page = opened.go("folder/reports/case-05.html#f-0000000500000007")
    assert page.inner_text("mark.current") == "In case 5 step 7 nobody told the crew of ward 7 about it."
    assert page.get_attribute("#f-0000000500000007", "aria-label") == "Finding 8. Failing: Restraint 0.78"
    page = opened.go("report.html#f-0000000b00000009")
    top = page.evaluate("document.querySelector('#f-0000000b00000009').getBoundingClientRect().top")
    assert 0 < top < DESKTOP["height"]


def test_words_that_two_findings_share_show_both(opened: Opened) -> None:
    page = opened.go("folder/reports/case-00.html")
    page.hover("mark.shared")
    assert page.locator("#card > div").count() == 2
    assert "Restraint 0.66" in page.inner_text("#card")
    page.keyboard.press("Escape")
    assert page.is_hidden("#card")


def test_hostile_text_is_shown_as_text(opened: Opened) -> None:
    page = opened.go("folder/reports/case-00.html")
    assert HOSTILE in page.text_content(".text")
    assert page.inner_text("h1").split() == f"Case 0 {HOSTILE}".split()
    page = opened.go("folder/index.html")
    assert page.text_content("#reports-table tbody a") == f"Case 0 {HOSTILE}"
    assert page.locator("img, iframe, object").count() == 0


def test_dark_is_as_the_system_has_it_until_it_is_chosen(opened: Opened) -> None:
    page = opened.go("folder/index.html")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(27, 31, 36)"
    page.click("#theme")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page = opened.go("folder/reports/case-00.html")
    assert page.evaluate(background) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("place", ["report.html", "folder/index.html", "folder/reports/case-00.html"])
def test_nothing_is_wider_than_a_phone(opened: Opened, place: str) -> None:
    opened.page.set_viewport_size(PHONE)
    page = opened.go(place)
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["report.html", "folder/index.html", "folder/reports/case-00.html"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(opened: Opened, place: str, scheme: str, size: dict[str, int]) -> None:
    opened.page.set_viewport_size(size)
    opened.page.emulate_media(color_scheme=scheme)
    page = opened.go(place)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [
        (v["id"], [node["target"] for node in v["nodes"][:3]]) for v in found if v["impact"] in ("serious", "critical")
    ] == []


def test_the_report_is_read_without_scripts(chromium: Any, written: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(f"{(written / 'folder').as_uri()}/reports/case-00.html")
    assert page.locator("mark").count() == 11
    page.goto(f"{(written / 'folder').as_uri()}/index.html")
    assert page.locator("#chart-categories figcaption").inner_text() == (
        "Communication gap, Restraint and Bed shortage have the most reports: 12 of 12 each. Communication gap has the most "
        "mentions: 48."
    )
    page.close()


def test_print_has_the_text_and_no_controls(opened: Opened) -> None:
    page = opened.go("folder/reports/case-00.html")
    page.emulate_media(media="print")
    assert page.is_visible(".text mark >> nth=0")
    assert page.is_hidden("#bar")
    assert page.is_hidden("#theme")


def test_all_charts_are_printed_dark_on_white(opened: Opened) -> None:
    opened.page.emulate_media(color_scheme="dark")
    page = opened.go("folder/index.html")
    label = "document.querySelector('#chart-categories .role-axis-label text').getAttribute('fill')"
    page.wait_for_selector("#chart-categories[data-drawn]")
    assert page.evaluate(label) == "#e9edf0"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(label) == "#1c2126"
    assert page.locator(".chart[data-drawn]").count() == 7
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(label) == "#e9edf0"
