import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Limits
from pipeline.ingest.tables import BadRow, Opener, Row, csv_rows, is_header, jsonl_rows, parquet_rows, row_document

LIMITS = Limits()


Reader = Callable[[Opener, Limits, Mapping[str, str]], Iterator[Row | BadRow]]


def rows(read: Reader, data: bytes | str, *, limits: Limits = LIMITS, **columns: str) -> list[Row | BadRow]:
    content = data.encode() if isinstance(data, str) else data
    return list(read(lambda: io.BytesIO(content), limits, columns))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("id,text\n1,The ward was full.\n", [Row(1, {"id": "1", "text": "The ward was full."})]),
        ("\ufeffID; Text \r\n1;one, two\r\n", [Row(1, {"id": "1", "text": "one, two"})]),
        ("text\tarea\n a \tLeeds\n", [Row(1, {"text": " a ", "area": "Leeds"})]),
        (
            'id,text,x\n7,"line one\r\n\r\n""two"", three",y\n',
            [Row(1, {"id": "7", "text": 'line one\r\n\r\n"two", three'})],
        ),
        ("\n\nid,text\n\n1,a\n\n2,b", [Row(1, {"id": "1", "text": "a"}), Row(2, {"id": "2", "text": "b"})]),
        ("sep=;\nid;text\n1;a,b\n", [Row(1, {"id": "1", "text": "a,b"})]),
        ("text,area\nshort\n", [Row(1, {"text": "short"})]),
        (
            "id,concerns\n1,\n2, \n3,c\n",
            [BadRow(1, "no text in row"), BadRow(2, "no text in row"), Row(3, {"id": "3", "concerns": "c"})],
        ),
        (
            "id,text\n1,one, two\n2,b\n",
            [BadRow(1, "row 1 has 3 values for 2 columns; is a value not quoted?"), Row(2, {"id": "2", "text": "b"})],
        ),
        ("text,TEXT\na,b\n", [Row(1, {"text": "a"})]),
        ("text\n", []),
    ],
)
def test_csv_rows(data: str, expected: list[Row | BadRow]) -> None:
    assert rows(csv_rows, data) == expected


@pytest.mark.parametrize(
    "encode",
    [
        lambda s: s.encode("utf-8-sig"),
        lambda s: s.encode("utf-16"),
        lambda s: s.encode("cp1252"),
        lambda s: s.encode("utf-16-le"),
        lambda s: gzip.compress(s.encode()),
    ],
)
def test_csv_in_any_encoding_and_gzipped(encode: Callable[[str], bytes]) -> None:
    data = encode("id,text\r\n1,the trust\u2019s plan\r\n")
    assert rows(csv_rows, data) == [Row(1, {"id": "1", "text": "the trust\u2019s plan"})]


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(str.strip), max_size=4)
)
def test_csv_text_comes_back_exactly(texts: list[str]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([["id", "text"], *([str(n), t] for n, t in enumerate(texts))])
    assert [row.values["text"] for row in rows(csv_rows, buffer.getvalue()) if isinstance(row, Row)] == texts


def test_an_unclosed_quote_loses_only_what_it_swallows() -> None:
    found = rows(csv_rows, 'id,text\n1,a\n2,"never closed\n3,c\n')
    assert found == [Row(1, {"id": "1", "text": "a"}), BadRow(2, "row 2 cannot be read: unexpected end of data")]


def test_other_column_names_are_mapped() -> None:
    data = "Ref,Body,When\n9,words,2024\n"
    assert rows(csv_rows, data, text="body", id="REF", date="When") == [
        Row(1, {"id": "9", "text": "words", "date": "2024"})
    ]


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (csv_rows, "ref,body\n1,words\n"),
        (jsonl_rows, '{"ref": 1, "body": "words"}\n'),
    ],
)
def test_a_table_without_text_names_what_it_found_and_wanted(read: Reader, data: str) -> None:
    with pytest.raises(Unreadable) as error:
        rows(read, data)
    assert str(error.value) == (
        "no column for text: found ref, body; wanted text, investigation, circumstances, concerns; "
        "name yours with --columns, as in --columns text=Body"
    )


def test_a_damaged_gzip_is_refused_before_any_row() -> None:
    data = gzip.compress(b"id,text\n" + b"1,abcdef\n" * 1000)
    with pytest.raises(Unreadable, match="damaged gzip file"):
        rows(csv_rows, data[:-20])


def test_a_long_line_is_never_held_whole() -> None:
    limits = Limits(max_bytes=1000)
    for read in (csv_rows, jsonl_rows):
        with pytest.raises(LimitExceeded, match="a line is over the limit of 1,000 characters"):
            rows(read, b"text\n" + b"a" * 5000, limits=limits)


def test_jsonl_rows() -> None:
    data = "\n".join(
        [
            json.dumps(
                {"id": "a", "kind": "pfd", "text": "one\u2028two", "labels": [{"start": 0}], "date": "2024-01-01"}
            ),
            "",
            "{broken",
            "[1]",
            json.dumps({"id": 7, "Text": "lone \ud800", "receiver": ["A", None, "B"], "area": None}),
            json.dumps({"text": ["not", "a", "string"]}),
            json.dumps({"id": "z"}),
        ]
    )
    assert rows(jsonl_rows, gzip.compress(data.encode())) == [
        Row(1, {"id": "a", "text": "one\u2028two", "date": "2024-01-01"}),
        BadRow(3, "line 3 is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        BadRow(4, "line 4 is not a JSON object"),
        Row(5, {"id": "7", "text": "lone \ud800", "receiver": "A; B"}),
        BadRow(6, "row 6: text is a list, not a string"),
        BadRow(7, "no text in row"),
    ]


def test_parquet_rows() -> None:
    buffer = io.BytesIO()
    columns: dict[str, list[Any]] = {"ID": [1, 2], "Concerns": ["No beds.", None], "extra": [b"x", b"y"]}
    pq.write_table(pa.table(columns), buffer)
    assert rows(parquet_rows, buffer.getvalue()) == [
        Row(1, {"id": "1", "concerns": "No beds."}),
        BadRow(2, "no text in row"),
    ]


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\0" * 50 + b"PAR1", b""])
def test_damaged_parquet_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged Parquet file"):
        rows(parquet_rows, data)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"text": " as it is\r\n", "concerns": "x"}, " as it is\r\n"),
        (
            {"investigation": "i", "circumstances": "c", "concerns": "k"},
            "INVESTIGATION and INQUEST\ni\n\nCIRCUMSTANCES OF THE DEATH\nc\n\nCORONER'S CONCERNS\nk",
        ),
        ({"concerns": "k\n"}, "CORONER'S CONCERNS\nk\n"),
        ({"text": "a\x00b\ud800c"}, "a\ufffdb\ufffdc"),
    ],
)
def test_row_text(values: Mapping[str, str], text: str) -> None:
    assert row_document(values, LIMITS).text == text


@pytest.fixture
def limited() -> Iterator[int]:
    """The csv module's own limit, whatever other packages have set."""
    before = csv.field_size_limit(131_072)
    yield 131_072
    csv.field_size_limit(before)


def test_a_csv_field_is_bounded_while_it_is_read_and_no_longer(limited: int) -> None:
    unclosed = 'text\n"' + "The ward was full.\n" * 100
    for limits in (Limits(max_chars=1000), Limits(max_bytes=1000)):
        (bad,) = [row for row in rows(csv_rows, unclosed, limits=limits) if isinstance(row, BadRow)][:1]
        assert "field larger than field limit (1000)" in bad.reason
    long = f"text\n{'a' * (limited + 1)}\n"
    for row in csv_rows(lambda: io.BytesIO(long.encode()), LIMITS, {}):
        assert isinstance(row, Row)
        assert csv.field_size_limit() == limited
    assert csv.field_size_limit() == limited


def test_row_metadata_and_limit() -> None:
    values = {"text": "words", "id": "1", "area": " West\n Yorkshire ", "url": "https://example.org"}
    assert row_document(values, LIMITS).metadata == {"area": "West Yorkshire", "url": "https://example.org"}
    with pytest.raises(LimitExceeded):
        row_document(values, Limits(max_bytes=4))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("id,text\n1,a", True),
        ("Text;Title\n", True),
        ("title, date, text", True),
        ("text", False),
        ("title,date", False),
        ("The text, the title and the date.", False),
        ("", False),
    ],
)
def test_header_lines_are_told_from_prose(line: str, expected: bool) -> None:
    assert is_header(line) is expected
