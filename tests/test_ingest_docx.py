import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timezone

import docx
import pytest
from docx.document import Document as WordDocument
from docx.oxml.parser import parse_xml

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Limits
from pipeline.ingest.docx import read_docx

LIMITS = Limits()
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
Parts = dict[str, bytes]


def saved(document: WordDocument) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def rezipped(data: bytes, change: Callable[[Parts], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def word(body: str, numbering: str = "") -> bytes:
    """Make a Word file of raw body XML and, where given, raw numbering definitions."""
    document = docx.Document()
    content = parse_xml(f'<w:body xmlns:w="{W}">{body}</w:body>')
    document.element.body.getparent().replace(document.element.body, content)

    def change(parts: Parts) -> None:
        if numbering:
            parts["word/numbering.xml"] = f'<w:numbering xmlns:w="{W}">{numbering}</w:numbering>'.encode()

    return rezipped(saved(document), change)


def text_of(body: str, numbering: str = "") -> str:
    return read_docx(word(body, numbering), LIMITS).text


def p(content: str, properties: str = "") -> str:
    runs = content if content.startswith("<") else f'<w:r><w:t xml:space="preserve">{content}</w:t></w:r>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def item(content: str, number: int = 1, level: int = 0) -> str:
    return p(content, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def level(n: int, style: str, text: str, start: int = 1) -> str:
    return (
        f'<w:lvl w:ilvl="{n}"><w:start w:val="{start}"/><w:numFmt w:val="{style}"/><w:lvlText w:val="{text}"/></w:lvl>'
    )


def abstract(n: int, *levels: str) -> str:
    return f'<w:abstractNum w:abstractNumId="{n}">{"".join(levels)}</w:abstractNum>'


def num(n: int, of: int, override: str = "") -> str:
    return f'<w:num w:numId="{n}"><w:abstractNumId w:val="{of}"/>{override}</w:num>'


NESTED = abstract(0, level(0, "decimal", "%1."), level(1, "lowerLetter", "(%2)"), level(2, "lowerRoman", "%3)"))


def test_paragraphs_and_styled_lists() -> None:
    document = docx.Document()
    document.add_heading("Concerns", 1)
    document.add_paragraph("During the inquest:")
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("second", style="List Number")
    document.add_paragraph("")
    document.add_paragraph("a point", style="List Bullet")
    document.add_paragraph("  The end.\t")
    assert read_docx(saved(document), LIMITS).text == (
        "Concerns\n\nDuring the inquest:\n\n1. first\n2. second\n\u2022 a point\n\nThe end."
    )


def test_levels_are_counted_and_begin_again_below_a_new_item() -> None:
    body = "".join(
        [item("a"), item("b", 1, 1), item("c", 1, 1), item("d", 1, 2), item("e", 1, 2), item("f"), item("g", 1, 1)]
    )
    assert text_of(body, NESTED + num(1, 0)) == "1. a\n(a) b\n(b) c\ni) d\nii) e\n2. f\n(a) g"


@pytest.mark.parametrize(
    ("style", "text", "start", "shown"),
    [
        ("decimal", "%1.", 1, ["1.", "2."]),
        ("decimal", "[%1]", 9, ["[9]", "[10]"]),
        ("decimalZero", "%1", 9, ["09", "10"]),
        ("lowerLetter", "(%1)", 26, ["(z)", "(aa)"]),
        ("upperLetter", "%1.", 1, ["A.", "B."]),
        ("lowerRoman", "%1.", 3, ["iii.", "iv."]),
        ("upperRoman", "%1", 9, ["IX", "X"]),
        ("bullet", "\uf0b7", 1, ["\u2022", "\u2022"]),
        ("chicago", "%1", 1, ["1", "2"]),
        ("lowerLetter", "%1", 10**9, ["1000000000", "1000000001"]),
    ],
)
def test_number_formats(style: str, text: str, start: int, shown: list[str]) -> None:
    numbering = abstract(0, level(0, style, text, start)) + num(1, 0)
    assert text_of(item("x") + item("y"), numbering) == f"{shown[0]} x\n{shown[1]} y"


def test_a_format_of_none_and_an_unknown_list_show_no_marker() -> None:
    numbering = abstract(0, level(0, "none", "%1")) + num(1, 0)
    assert text_of(item("x") + item("y", 7) + item("z", 0), numbering) == "x\n\ny\n\nz"


def test_legal_numbering_shows_all_levels() -> None:
    numbering = abstract(0, level(0, "decimal", "%1."), level(1, "decimal", "%1.%2")) + num(1, 0)
    body = item("a") + item("b", 1, 1) + item("c", 1, 1) + item("d") + item("e", 1, 1)
    assert text_of(body, numbering) == "1. a\n1.1 b\n1.2 c\n2. d\n2.1 e"


def test_lists_of_one_definition_count_on_unless_they_are_told_to_start_again() -> None:
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    numbering = NESTED + num(1, 0) + num(2, 0) + num(3, 0, again)
    body = item("a") + p("between") + item("b", 2) + item("c", 3) + item("d", 3)
    assert text_of(body, numbering) == "1. a\n\nbetween\n\n2. b\n1. c\n2. d"


def test_a_regulation_28_table_reads_number_heading_text() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).text = "5"
    table.cell(0, 1).text = "CIRCUMSTANCES OF THE DEATH"
    table.cell(0, 1).add_paragraph("Nobody came.")
    table.cell(1, 0).text = "6"
    table.cell(1, 1).text = "ACTION"
    table.cell(1, 1).add_paragraph("one", style="List Number")
    table.cell(1, 1).add_paragraph("two", style="List Number")
    assert read_docx(saved(document), LIMITS).text == (
        "5\nCIRCUMSTANCES OF THE DEATH\n\nNobody came.\n\n6\nACTION\n\n1. one\n2. two"
    )


def test_merged_cells_are_read_once() -> None:
    document = docx.Document()
    table = document.add_table(rows=2, cols=3)
    for n, cell in enumerate(c for row in table.rows for c in row.cells):
        cell.text = str(n)
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(0, 2).merge(table.cell(1, 2))
    assert read_docx(saved(document), LIMITS).text == "0\n\n1\n2\n\n5\n\n3\n4"


def test_nested_tables_stand_in_their_cell() -> None:
    inner = f"<w:tbl><w:tr><w:tc>{p('x')}</w:tc><w:tc>{p('y')}</w:tc></w:tr></w:tbl>"
    assert text_of(f"<w:tbl><w:tr><w:tc>{p('a')}{inner}{p('b')}</w:tc><w:tc>{p('c')}</w:tc></w:tr></w:tbl>") == (
        "a\n\nx\ny\n\nb\nc"
    )


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (
            "<w:r><w:t>kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>new</w:t></w:r></w:ins>",
            "kept new",
        ),
        (
            "<w:moveFrom><w:r><w:t>old place</w:t></w:r></w:moveFrom><w:moveTo><w:r><w:t>here</w:t></w:r></w:moveTo>",
            "here",
        ),
        (
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
            '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>seen</w:t></w:r>',
            "seen",
        ),
        (
            "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t><w:softHyphen/><w:t>e</w:t></w:r>",
            "a\tb\nc-de",
        ),
        (
            "<w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink>"
            "<w:fldSimple><w:r><w:t> field</w:t></w:r></w:fldSimple>",
            "link field",
        ),
        ('<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>3</w:t></w:r>', "3"),
        (
            "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr>"
            "<w:sdtContent><w:r><w:t>Click here</w:t></w:r></w:sdtContent></w:sdt>"
            "<w:sdt><w:sdtContent><w:r><w:t>filled in</w:t></w:r></w:sdtContent></w:sdt>",
            "filled in",
        ),
        ('<w:r><w:t xml:space="preserve"> </w:t></w:r><w:r><w:t>x &amp; y\u00a0z</w:t></w:r>', "x & y\u00a0z"),
    ],
)
def test_runs(runs: str, text: str) -> None:
    assert text_of(p(runs)) == text


def test_a_deleted_paragraph_mark_joins_and_a_deleted_row_goes() -> None:
    mark = "<w:rPr><w:del/></w:rPr>"
    gone = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{p('gone')}</w:tc></w:tr>"
    row = f"<w:tbl>{gone}<w:tr><w:tc>{p('stays')}</w:tc></w:tr></w:tbl>"
    assert text_of(p("one ", mark) + p("two") + row + p("last", mark)) == "one two\n\nstays\n\nlast"


def test_text_boxes_are_read_once_after_their_paragraph() -> None:
    box = f"<w:txbxContent>{p('in the box')}</w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    run = (
        f'<w:r><mc:AlternateContent xmlns:mc="{mc}"><mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent><w:t>around</w:t></w:r>"
    )
    assert text_of(p(run) + p("after")) == "around\n\nin the box\n\nafter"


def test_footnotes_stand_at_the_end_and_headers_are_left_out() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "CONFIDENTIAL"
    document.sections[0].footer.paragraphs[0].text = "page"
    document.add_paragraph("The plan was late.")._p.append(
        parse_xml(f'<w:r xmlns:w="{W}"><w:footnoteReference w:id="2"/></w:r>')
    )

    def change(parts: Parts) -> None:
        parts["word/footnotes.xml"] = (
            f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="0">{p("separator")}</w:footnote>'
            f'<w:footnote w:id="2">{p("By two weeks.")}</w:footnote></w:footnotes>'
        ).encode()
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
            b"</Types>",
            (
                b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.'
                b'wordprocessingml.footnotes+xml"/></Types>'
            ),
        )
        rels = "word/_rels/document.xml.rels"
        parts[rels] = parts[rels].replace(
            b"</Relationships>",
            (
                b'<Relationship Id="rId99" '
                b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" '
                b'Target="footnotes.xml"/></Relationships>'
            ),
        )

    assert read_docx(rezipped(saved(document), change), LIMITS).text == (
        "The plan was late.[1]\n\nNotes\n\n[1] By two weeks."
    )


def test_metadata_is_the_documents_own() -> None:
    document = docx.Document()
    document.add_paragraph("x")
    assert read_docx(saved(document), LIMITS).metadata == {}
    document.core_properties.title = " Inquest into A "
    document.core_properties.comments = ""
    document.core_properties.created = datetime(2024, 3, 5, 10, tzinfo=timezone.utc)  # noqa: UP017
    assert read_docx(saved(document), LIMITS).metadata == {"title": "Inquest into A", "date": "2024-03-05"}


def drop_main_part(parts: Parts) -> None:
    del parts["word/document.xml"]


def break_xml(parts: Parts) -> None:
    parts["word/document.xml"] = parts["word/document.xml"][:-40]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted or old binary Word file; save it as .docx"),
        (b"PK\x03\x04 not a zip at all", "damaged Word file"),
        (b"", "damaged Word file"),
        (word(p("x"))[:-300], "damaged Word file"),
        (rezipped(word(p("x")), drop_main_part), "save it as .docx"),
        (rezipped(word(p("x")), break_xml), "damaged Word file"),
        (rezipped(word(p("x")), dict.clear), "save it as .docx"),
        (word(p(" ")), "no text in the Word document"),
    ],
)
def test_what_is_no_word_file_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_docx(data, LIMITS)


def test_a_package_that_expands_too_far_is_refused_unread() -> None:
    def change(parts: Parts) -> None:
        parts["word/media/image1.png"] = b"\0" * 3_000_000

    with pytest.raises(LimitExceeded, match="expands to"):
        read_docx(rezipped(word(p("x")), change), Limits(max_bytes=1_000_000))


def test_entities_are_refused_unexpanded() -> None:
    def change(parts: Parts) -> None:
        body = f'<w:document xmlns:w="{W}"><w:body>{p("a &bomb; &file; z")}</w:body></w:document>'
        entities = "<!ENTITY bomb 'boom boom'><!ENTITY file SYSTEM 'file:///etc/hostname'>"
        parts["word/document.xml"] = f"<!DOCTYPE d [{entities}]>{body}".encode()

    with pytest.raises(Unreadable, match="declares a document type"):
        read_docx(rezipped(word(p("x")), change), LIMITS)


def test_every_bit_of_damage_is_told_as_an_input_error() -> None:
    data = word(p("The plan was late.") + item("x"), NESTED + num(1, 0))
    for at in range(0, len(data), 997):
        damaged = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        try:
            read_docx(damaged, LIMITS)
        except (Unreadable, LimitExceeded):
            continue
