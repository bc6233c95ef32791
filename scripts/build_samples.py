"""Build the sample reports in samples/reports/ from the readable sources in samples/source/.

usage: python scripts/build_samples.py [OUT_DIR]

The same sources give the same bytes: dates, document ids and archive entries are fixed, and nothing is compressed, so
that the version of zlib does not matter. Needs the versions of reportlab and python-docx named in ``BUILT_WITH``.
The markup is described in samples/README.md.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import sys
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
BUILT_WITH = {"reportlab": "5.1.0", "python-docx": "1.2.0"}
NUMBER_COLUMN = 28
MARKS = (
    ("box", re.compile(r"\[(\d+)\] (.+)")),
    ("footnote", re.compile(r"\[\^(\d+)\]: (.+)")),
    ("subheading", re.compile(r"()## (.+)")),
    ("heading", re.compile(r"()# (.+)")),
    ("numbered", re.compile(r"(\d+\.\d+) (.+)")),
    ("ordered", re.compile(r"(\d+)\. (.+)")),
    ("item", re.compile(r"(\([0-9a-z]+\)) (.+)")),
    ("bullet", re.compile(r"()\* (.+)")),
)
EMPHASIS = ((re.compile(r"\*\*(.+?)\*\*"), "b"), (re.compile(r"\*(\S.*?)\*"), "i"))
NOTE = re.compile(r"\[\^(\d+)\]")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a source: what it is, its printed label (may be empty) and its text with inline marks."""

    kind: str
    label: str
    text: str

    @property
    def plain(self) -> str:
        """The text as a reader sees it, without emphasis marks and footnote numbers."""
        text = NOTE.sub("", self.text)
        for pattern, _ in EMPHASIS:
            text = pattern.sub(r"\1", text)
        return text


@dataclass(frozen=True, slots=True)
class Source:
    """A sample's source: its header and, below the ``---`` line, its body."""

    meta: dict[str, str]
    body: str

    @property
    def blocks(self) -> list[Block]:
        """The paragraphs of the body, in order."""
        return [block for chunk in re.split(r"\n\s*\n", self.body.strip()) for block in parse_chunk(chunk)]


def parse_chunk(chunk: str) -> Iterator[Block]:
    """Turn lines that stand together into one block, or table rows into one block a line."""
    lines = chunk.splitlines()
    if lines[0].startswith("| "):
        yield from (Block("row", "", line.strip("| ")) for line in lines)
        return
    if lines[0].startswith("/ "):
        yield Block("address", "", "\n".join(line.removeprefix("/ ") for line in lines))
        return
    text = " ".join(line.strip() for line in lines)
    for kind, pattern in MARKS:
        if match := pattern.fullmatch(text):
            yield Block(kind, match[1], match[2])
            return
    yield Block("paragraph", "", text)


def read_source(path: Path) -> Source:
    """Read one source file."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    return Source(dict(line.split(": ", 1) for line in head.splitlines()), body)


def with_tags(text: str, meta: dict[str, str]) -> str:
    """Turn inline marks into reportlab's tags, and put soft hyphens in the words that the source lets be broken."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br/>")
    for pattern, tag in EMPHASIS:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    for word in meta.get("hyphenate", "").split():
        soft = word.replace("-", "\u00ad")
        text = re.sub(rf"\b{word.replace('-', '')}\b", soft, text)
    return NOTE.sub(r'<super><onDraw name="note" label="\1"/>\1</super>', text)


def build_pdf(source: Source) -> bytes:
    """Lay a source out as a PDF; set twice, since each page says how many there are."""
    _, pages = set_pdf(source, total=0)
    data, _ = set_pdf(source, total=pages)
    return data


def set_pdf(source: Source, *, total: int) -> tuple[bytes, int]:
    """Set the PDF once; returns its bytes and its number of pages."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate  # noqa: PLC0415

    meta = source.meta
    is_form = meta["layout"] == "reg28"
    left = 64 + (NUMBER_COLUMN if is_form else 0)
    bottom = 130 if meta["layout"] == "review" else 70
    frame = Frame(left, bottom, A4[0] - left - 64, A4[1] - bottom - 80, 6, 6, 6, 6)
    furniture = partial(draw_furniture, source=source, frame=frame, total=total)
    out = io.BytesIO()
    doc = BaseDocTemplate(out, pagesize=A4, invariant=1, pageCompression=0, title=meta["title"], author=meta["author"])
    doc.addPageTemplates(PageTemplate("page", [frame], onPage=prepare_page, onPageEnd=furniture))
    doc.build(list(flowables(source)))
    return out.getvalue(), doc.page


def prepare_page(canvas: Any, _doc: Any) -> None:
    """Give the page a list of the footnotes that are called on it."""
    canvas.called = []
    canvas.setNamedCB("note", lambda canv, _kind, label: canv.called.append(label))


def draw_furniture(canvas: Any, doc: Any, *, source: Source, frame: Any, total: int) -> None:
    """Draw what repeats: header, page number, the form's rules and the footnotes called on this page."""
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.platypus import Paragraph  # noqa: PLC0415

    width, height = doc.pagesize
    canvas.setFont("Helvetica-Bold", 9)
    canvas.drawString(64, height - 56, source.meta["header"])
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(width / 2, 36, f"Page {doc.page} of {total}")
    canvas.setLineWidth(0.6)
    if source.meta["layout"] == "reg28":
        x0, x1, top = frame._x1 - NUMBER_COLUMN, frame._x1 + frame._width, frame._y1 + frame._height
        end = getattr(canvas, "form_end", frame._y1)
        for x in (x0, frame._x1, x1):
            canvas.line(x, top, x, end)
        for y in (top, end):
            canvas.line(x0, y, x1, y)
    y = 120
    for block in source.blocks:
        if block.kind == "footnote" and block.label in canvas.called:
            small = ParagraphStyle("footnote", fontName="Helvetica", fontSize=8, leading=10)
            note = Paragraph(f"<super>{block.label}</super> {with_tags(block.text, {})}", small)
            y -= note.wrapOn(canvas, frame._width - 12, 100)[1] + 2
            note.drawOn(canvas, frame._x1 + 6, y)
    if canvas.called:
        canvas.line(frame._x1 + 6, 122, frame._x1 + 150, 122)


def flowables(source: Source) -> Iterator[Any]:
    """Yield what the PDF is made of, in reading order."""
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.platypus import Paragraph  # noqa: PLC0415

    face = "Times" if source.meta["layout"] == "letter" else "Helvetica"
    roman, bold = ("Times-Roman", "Times-Bold") if face == "Times" else ("Helvetica", "Helvetica-Bold")
    plain = ParagraphStyle("p", fontName=roman, fontSize=10.5, leading=14, spaceAfter=8, embeddedHyphenation=1)
    plain.allowWidows = plain.allowOrphans = 1
    head = ParagraphStyle("h", plain, fontName=bold, keepWithNext=1)
    styles = {
        "box": head,
        "heading": ParagraphStyle("h1", head, fontSize=13, leading=17, spaceBefore=6),
        "subheading": head,
        "numbered": ParagraphStyle("n", plain, leftIndent=34, bulletIndent=0),
        "item": ParagraphStyle("i", plain, leftIndent=24, bulletIndent=0),
        "bullet": ParagraphStyle("b", plain, leftIndent=50, bulletIndent=38),
    }
    for block in source.blocks:
        if block.kind == "footnote":
            continue
        if block.kind == "box":
            yield rule(block.label)
        label = "\u2022" if block.kind == "bullet" else block.label if block.kind in ("numbered", "item") else None
        yield Paragraph(with_tags(block.text, source.meta), styles.get(block.kind, plain), bulletText=label)
    if source.meta["layout"] == "reg28":
        yield rule("")


def rule(number: str) -> Any:
    """Make the line above a box of the form, with the box's number under it; without a number, the form's end."""
    from reportlab.platypus import Flowable  # noqa: PLC0415

    class Rule(Flowable):
        def wrap(self, width: float, _height: float) -> tuple[float, float]:
            self.width = width
            return width, 8

        def draw(self) -> None:
            if not number:
                self.canv.form_end = self.canv.absolutePosition(0, 4)[1]
                return
            self.canv.setLineWidth(0.6)
            if not self._frame._atTop:
                self.canv.line(-6 - NUMBER_COLUMN, 4, self.width + 6, 4)
            self.canv.setFont("Helvetica-Bold", 10.5)
            self.canv.drawString(-NUMBER_COLUMN + 4, -10.5, number)

    line = Rule()
    line.keepWithNext = bool(number)
    return line


def build_docx(source: Source) -> bytes:
    """Lay a source out as a Word file with fixed dates."""
    from docx import Document  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    doc = Document()
    doc.styles["Normal"].font.name = "Arial"
    section = doc.sections[0]
    section.header.paragraphs[0].text = source.meta["header"]
    section.footer.paragraphs[0].add_run("Page ")
    page = OxmlElement("w:fldSimple")
    page.set(qn("w:instr"), "PAGE")
    section.footer.paragraphs[0]._p.append(page)
    fill = fill_form if source.meta["layout"] == "reg28" else fill_body
    fill(doc, source.blocks)
    made = dt.datetime.combine(dt.date.fromisoformat(source.meta["date"]), dt.time(12))
    core = doc.core_properties
    core.title, core.author, core.last_modified_by = source.meta["title"], source.meta["author"], source.meta["author"]
    core.created = core.modified = made
    core.comments, core.revision = "", 1
    drop_unused(doc)
    out = io.BytesIO()
    doc.save(out)
    return stored_zip(out.getvalue())


def drop_unused(doc: Any) -> None:
    """Take out what python-docx's template brings along and the samples do not use (four fifths of the file)."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    for rels in (doc.part.package.rels, doc.part.rels):
        for key in [k for k, rel in rels.items() if rel.reltype.endswith(("thumbnail", "customXml", "WithEffects"))]:
            del rels[key]
    for style in list(doc.styles.element.findall(qn("w:style"))):
        kept = style.get(qn("w:styleId")) in ("TableGrid", "TableNormal")
        if style.get(qn("w:type")) == "table" and not kept:
            doc.styles.element.remove(style)


def fill_body(doc: Any, blocks: list[Block]) -> None:
    """Write blocks one under another; rows that stand together become a table, the first of them its head."""
    styles = {"heading": "Heading 1", "subheading": "Heading 2", "bullet": "List Bullet", "ordered": "List Number"}
    table = None
    for block in blocks:
        if block.kind != "row":
            table = None
            label = f"{block.label}\t" if block.kind in ("numbered", "item") else ""
            add_runs(doc.add_paragraph(label, style=styles.get(block.kind)), block.text)
            continue
        cells = block.text.split(" | ")
        if table is None:
            table = doc.add_table(rows=0, cols=len(cells), style="Table Grid")
        for cell, text in zip(table.add_row().cells, cells, strict=True):
            add_runs(cell.paragraphs[0], text)


def fill_form(doc: Any, blocks: list[Block]) -> None:
    """Write blocks into the form's two columns: box number, contents."""
    table = doc.add_table(rows=1, cols=2, style="Table Grid")
    cell = table.rows[0].cells[0].merge(table.rows[0].cells[1])
    for block in blocks:
        if block.kind == "box":
            number, cell = table.add_row().cells
            number.paragraphs[0].add_run(block.label).bold = True
            cell.paragraphs[0].add_run(block.text).bold = True
            continue
        label = f"{block.label} " if block.kind == "item" else ""
        empty = not cell.paragraphs[0].text
        paragraph = cell.paragraphs[0] if empty else cell.add_paragraph()
        paragraph.add_run(label)
        add_runs(paragraph, block.text)
    for row in table.rows[1:]:
        row.cells[0].width, row.cells[1].width = 400_000, 5_100_000


def add_runs(paragraph: Any, text: str) -> None:
    """Append text to a Word paragraph, with a run of its own for each piece in bold or italics."""
    for piece in re.split(r"(\*\*.+?\*\*|\*\S.*?\*)", text):
        if not piece:
            continue
        run = paragraph.add_run(piece.strip("*"))
        run.bold = piece.startswith("**") or None
        run.italic = (piece.startswith("*") and not run.bold) or None


def stored_zip(data: bytes) -> bytes:
    """Write a zip archive again with fixed dates and no compression."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            new.writestr(entry, old.read(name))
    return out.getvalue()


def build_text(source: Source) -> bytes:
    """Encode a plain-text source as its header says."""
    newline = {"lf": "\n", "crlf": "\r\n"}[source.meta["newline"]]
    return source.body.lstrip("\n").replace("\n", newline).encode(source.meta["encoding"])


BUILDERS: dict[str, Callable[[Source], bytes]] = {".pdf": build_pdf, ".docx": build_docx, ".txt": build_text}


def build_all(out: Path) -> list[Path]:
    """Build every source into a folder; returns the files written."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted((SAMPLES / "source").glob("*.txt")):
        source = read_source(path)
        target = out / source.meta["file"]
        target.write_bytes(BUILDERS[target.suffix](source))
        written.append(target)
    return written


if __name__ == "__main__":
    build_all(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES / "reports")
