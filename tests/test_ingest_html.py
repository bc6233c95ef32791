import codecs

import pytest

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Limits
from pipeline.ingest.html import read_html

LIMITS = Limits()
NAV = '<nav><ul><li><a href="/">Home</a></li><li><a href="/reports">All reports</a></li></ul></nav>'
FOOTER = "<footer><p>Crown copyright. All content is available under the licence, except where stated.</p></footer>"
CONCERN = "The trust did not share the safety plan with the ward, although three members of staff had asked for it."


def page(body: str, head: str = "<title>Inquest into A</title>") -> bytes:
    return f"<!doctype html><html><head>{head}</head><body>{NAV}{body}{FOOTER}</body></html>".encode()


def test_headings_paragraphs_and_lists_stand_on_their_own_lines() -> None:
    body = f"""<main><article><h1>Inquest into A</h1><p>{CONCERN}<br>She was <b>not</b>
      seen.</p><h2>Matters of concern</h2>
      <ol start="3"><li>No bed was free on the night.</li><li><p>Staff were not trained.</p></li></ol>
      <ul><li>The record was not kept.<ul><li>It was lost.</li></ul></li><li>(a) Nobody asked.</li></ul>
      <p>I report these matters to the trust.</p></article></main>"""
    assert read_html(page(body), LIMITS).text == (
        f"Inquest into A\n\n{CONCERN}\nShe was not seen.\n\nMatters of concern\n\n"
        "3. No bed was free on the night.\n4. Staff were not trained.\n\n"
        "- The record was not kept.\n- It was lost.\n(a) Nobody asked.\n\nI report these matters to the trust."
    )


def test_table_cells_are_lines_and_rows_blocks() -> None:
    body = f"""<article><h1>Report</h1><p>{CONCERN}</p><table><tr><th>When</th><th>What</th></tr>
      <tr><td>03:10</td><td><p>Ambulance called.</p><p>Nobody came.</p></td></tr></table></article>"""
    assert read_html(page(body), LIMITS).text == (
        f"Report\n\n{CONCERN}\n\nWhen\nWhat\n\n03:10\nAmbulance called.\n\nNobody came."
    )


def test_menus_scripts_and_hidden_parts_are_left_out() -> None:
    body = f"""<script>var secret = 1;</script><style>p {{ color: red }}</style><noscript>Turn on scripts</noscript>
      <article><p>{CONCERN}</p><p hidden>hidden words</p><p style="display: none">unseen words</p></article>"""
    assert read_html(page(body), LIMITS).text == CONCERN


def test_metadata() -> None:
    head = """<title>Inquest into A - Site</title><meta property="og:title" content="Inquest into A">
      <meta property="article:published_time" content="2024-03-05T10:00:00+00:00">
      <link rel="canonical" href="https://example.org/a">"""
    assert dict(read_html(page(f"<article><p>{CONCERN}</p></article>", head), LIMITS).metadata) == {
        "title": "Inquest into A",
        "date": "2024-03-05",
        "url": "https://example.org/a",
    }


def test_og_url_stands_in_and_odd_addresses_are_left_out() -> None:
    body = f"<article><p>{CONCERN}</p></article>"
    head = '<link rel="canonical" href="javascript:x"><meta property="og:url" content="https://example.org/b">'
    assert read_html(page(body, head), LIMITS).metadata["url"] == "https://example.org/b"
    assert "url" not in read_html(page(body), LIMITS).metadata


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Short.</p>", "Short."),
        ("just words", "just words"),
        ("<html><body><div>One<div>Two</div>three <i>four</i></div></body></html>", "One\n\nTwo\n\nthree four"),
        ("<dl><dt>Term</dt><dd>Meaning</dd></dl>", "Term\nMeaning"),
        ("<p>a &amp; b c &#8217; &#x2026;</p>", "a & b c \u2019 \u2026"),
        ("<p>unclosed <b>bold<p>next", "unclosed bold\n\nnext"),
        (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>x</p></body></html>',
            "x",
        ),
        ("<p>before<!-- comment -->after</p>", "beforeafter"),
        ("<form><p>A form wraps the page.</p><button>Send</button></form>", "A form wraps the page."),
        ("<table><tr><td></td><td>x</td></tr></table><p>y</p>", "x\n\ny"),
        ("<p>a\0b</p>", "a\ufffdb"),
        ("<ol><li>a\x01b&#2;c</li></ol>", "1. a\ufffdb\ufffdc"),
    ],
)
def test_small_and_awkward_pages_fall_back_to_all_visible_text(html: str, text: str) -> None:
    assert read_html(html.encode(), LIMITS).text == text


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + "<p>caf\u00e9 \u2019</p>".encode(),
        codecs.BOM_UTF16_LE + "<p>caf\u00e9 \u2019</p>".encode("utf-16-le"),
        b'<meta charset="iso-8859-1"><p>caf\xe9 \x92</p>',
        b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1252"><p>caf\xe9 \x92</p>',
        b'<meta charset="no-such-charset"><p>caf\xc3\xa9 \xe2\x80\x99</p>',
        b'<meta charset="utf-8"><p>caf\xe9 \x92</p>',
        b'<meta charset="hex"><p>caf\xe9 \x92</p>',
    ],
)
def test_encodings(data: bytes) -> None:
    assert read_html(data, LIMITS).text == "caf\u00e9 \u2019"


def test_prose_that_extraction_would_lose_is_kept() -> None:
    sections = [f'<div class="comment sidebar related">Section {n}: {CONCERN}</div>' for n in range(12)]
    text = read_html(page(f"<main><p>{CONCERN}</p>{''.join(sections)}</main>"), LIMITS).text
    assert [f"Section {n}: {CONCERN}" in text for n in range(12)] == [True] * 12
    assert "Home" not in text


@pytest.mark.parametrize("depth", [300, 1500])
def test_deep_nesting_loses_nothing(depth: int) -> None:
    assert read_html(page("<div>" * depth + CONCERN + "</div>" * depth + "<p>after</p>"), LIMITS).text.startswith(
        CONCERN
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        (b" \n", "empty file"),
        (b"<html><body><script>x</script></body></html>", "no text in the web page"),
        (b"<div>" * 5000 + b"deep", "the web page is nested too deeply"),
    ],
)
def test_pages_without_text_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_html(data, LIMITS)
    assert str(error.value) == message


def test_too_long_a_page_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        read_html(page(f"<p>{CONCERN}</p>"), Limits(max_chars=20))


def test_entities_and_doctypes_are_not_expanded() -> None:
    entities = '<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">'
    bomb = f"<!DOCTYPE html [{entities}]><html><body><p>x &b; y</p></body></html>"
    assert "root:" not in read_html(bomb.encode(), LIMITS).text
