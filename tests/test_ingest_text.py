import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Limits
from pipeline.ingest.text import read_markdown, read_text

LIMITS = Limits()
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t")).filter(str.strip)


@given(TEXTS)
def test_utf8_text_comes_back_exactly(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert read_text(text.encode(), LIMITS).text == text


@given(
    TEXTS,
    st.sampled_from(
        [
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
        ]
    ),
)
def test_text_after_a_byte_order_mark_comes_back_exactly(text: str, marked: tuple[bytes, str]) -> None:
    mark, codec = marked
    assert read_text(mark + text.encode(codec), LIMITS).text == text


@given(st.text("abc XYZ.,\r\n\u2019\u00e9", min_size=1).filter(lambda t: any(c in "abcXYZ" for c in t)))
def test_mostly_latin_utf16_without_a_mark_comes_back_exactly(text: str) -> None:
    padded = "The ward was full. " * 3 + text
    assert read_text(padded.encode("utf-16-le"), LIMITS).text == padded
    assert read_text(padded.encode("utf-16-be"), LIMITS).text == padded


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"  The ward\r\nwas full.\r\n\r\n", "  The ward\r\nwas full.\r\n\r\n"),
        (b"old Mac\rlines\x0cform feed", "old Mac\rlines\x0cform feed"),
        (b"it\x92s \x80 5", "it\u2019s \u20ac 5"),
        (b"caf\xe9", "caf\u00e9"),
        ("e\u0301 \u2028 \U0001f691".encode(), "e\u0301 \u2028 \U0001f691"),
    ],
)
def test_plain_text_is_kept_as_it_is(data: bytes, text: str) -> None:
    document = read_text(data, LIMITS)
    assert (document.text, document.metadata, document.pages) == (text, {}, ())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        (b" \r\n\t ", "empty file"),
        (codecs.BOM_UTF8, "empty file"),
        (codecs.BOM_UTF16_LE, "empty file"),
        (b"abc\x00def", "binary data, not text"),
        (b"\x01\x02\x03\x04abc", "binary data, not text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary data, not text"),
        (b"a\x92\x81", "invalid UTF-8 at byte 1, and not Windows-1252"),
        (b"good \xe2\x80", None),
        (codecs.BOM_UTF16_LE + b"a\x00b", "invalid UTF-16 at byte 4"),
        (codecs.BOM_UTF8 + b"abc\xff", "invalid UTF-8 at byte 6"),
        (b"abc\xff\xfe\x8d", "invalid UTF-8 at byte 3, and not Windows-1252"),
    ],
)
def test_what_is_not_text_is_refused(data: bytes, message: str | None) -> None:
    if message is None:
        assert read_text(data, LIMITS).text == "good \u00e2\u20ac"
        return
    with pytest.raises(Unreadable) as error:
        read_text(data, LIMITS)
    assert str(error.value) == message


def test_a_stray_control_character_in_a_long_text_is_kept() -> None:
    text = "The plan was not shared. " * 20 + "\x0b\x02"
    assert read_text(text.encode(), LIMITS).text == text


def test_too_many_characters_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="over the limit of 5"):
        read_text(b"sixsix", Limits(max_chars=5))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Inquest into A\n\nText.", "Inquest into A"),
        ("intro\r\n# Closed #\r\nText", "Closed"),
        ("## Second level\n# First\n", "First"),
        ("#hashtag\ntext", None),
        ("no heading", None),
    ],
)
def test_markdown_is_untouched_and_its_first_heading_is_the_title(text: str, title: str | None) -> None:
    document = read_markdown(text.encode(), LIMITS)
    assert document.text == text
    assert document.metadata.get("title") == title
