"""Highlights in PDFs, read back by another library (pdfminer.six) than the one that the boxes come from (PDFium)."""

import io
import json
import os
import re
import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LTChar
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipeline.cli import main
from pipeline.errors import FailingsError, Unreadable, UsageError
from pipeline.export.colours import colour_of
from pipeline.export.highlighted_pdf import highlighted, lines_apart, note_of, write_highlighted_pdf
from pipeline.extract.boxes import boxes_of
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.pdf import read_pdf
from pipeline.report import sha256
from pipeline.taxonomy import load_taxonomy

ROOT = Path(__file__).parent.parent
LIMITS = Limits(ocr=False)
WIDTH, HEIGHT = 400, 600
_BULLETS = re.compile(r"\(cid:127\)|\uf0b7")  # what pdfminer gives for the bullets of Helvetica and Symbol


def folded(text: str) -> str:
    """Text as two libraries agree on it: without white space and hyphens, bullets alike."""
    return re.sub(r"[\s\-\u2010\u2011\u00ad]+", "", _BULLETS.sub("•", text))


def letters(item: Any) -> Iterator[LTChar]:
    if isinstance(item, LTChar):
        yield item
    elif hasattr(item, "__iter__"):
        for inner in item:
            yield from letters(inner)


def text_under(data: bytes) -> dict[str, list[str]]:
    """The text under each finding's highlights, a text a page, by the finding's id."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    manager = PDFResourceManager()
    device = PDFPageAggregator(manager, laparams=None)
    for page, read in zip(PDFPage.get_pages(io.BytesIO(data)), PdfReader(io.BytesIO(data)).pages, strict=True):
        page.rotate = 0  # so that its places are those of the page's own coordinates, as in QuadPoints
        PDFPageInterpreter(manager, device).process_page(page)
        characters = [*letters(device.get_result())]
        for annotation in highlights(read):
            numbers = [float(n) for n in annotation["/QuadPoints"]]
            quads = [numbers[at : at + 8] for at in range(0, len(numbers), 8)]
            found[annotation["/NM"].rsplit("-", 1)[0]].append(
                "".join(text_in(quad, characters, page.mediabox) for quad in quads)
            )
    return found


def text_in(quad: Sequence[float], characters: Sequence[LTChar], media: Sequence[float]) -> str:
    """The characters whose middle is in a quad, in the direction in which they run."""
    left, right, bottom, top = min(quad[::2]), max(quad[::2]), min(quad[1::2]), max(quad[1::2])
    inside = []
    for c in characters:
        x, y = (c.x0 + c.x1) / 2 + media[0], (c.y0 + c.y1) / 2 + media[1]
        if left < x < right and bottom < y < top:
            along, up = c.matrix[:2]
            inside.append((x * np.sign(along) if abs(along) > abs(up) else y * np.sign(up), c.get_text()))
    return "".join(text for _, text in sorted(inside))


def highlights(page: Any) -> list[Any]:
    return [a.get_object() for a in page.get("/Annots", []) if a.get_object()["/Subtype"] == "/Highlight"]


# --- PDFs made here

FIRST = [
    "The first page tells how the plan was changed without",
    "a word to the family. Nobody on the ward had been told",
    "of the change, and the under-",
    "standing of the night staff was that the old plan stood,",
    "so that when the alarm rang at two in the morning they",
    "went on with what they had and the log of the round was",
]
SECOND = ["not filled in until the day staff came. The trust has", "since changed the form."]
QUOTES = [
    "Nobody on the ward",
    "Nobody on the ward had been told of the change, and the understanding of the night staff was",
    "they went on with what they had and the log of the round was not filled in until the day staff came.",
    "The trust has since changed the form.",
]


def made(**options: Any) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), **options)
    for lines in (FIRST, SECOND):
        canvas.setFont("Helvetica", 11)
        for number, line in enumerate(lines):
            canvas.drawString(70, 420 - 12 * number, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def reframed(data: bytes, turn: int, media: Sequence[float] | None, crop: Sequence[float] | None) -> bytes:
    writer = PdfWriter(io.BytesIO(data))
    for page in writer.pages:
        page.rotate(turn)
        page.mediabox = RectangleObject(media) if media else page.mediabox
        page.cropbox = RectangleObject(crop) if crop else page.mediabox
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def record(document: Document, quote: str, name: str = "f", **values: Any) -> dict[str, Any]:
    """An export record of words of a document, as far as highlighting reads one."""
    start = document.text.index(quote)
    boxes = boxes_of(document.pages, start, start + len(quote))
    return {
        "finding_id": name,
        "quote": quote,
        "boxes": [(box.x0, box.y0, box.x1, box.y1) for box in boxes],
        "box_pages": [box.page for box in boxes],
        "assertion": "failing",
        "assertion_score": 0.934,
        "categories": [{"id": "communication_gap", "score": 0.907}, {"id": "policy", "score": 0.6}],
        **values,
    }


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize(
    ("media", "crop"),
    [
        (None, None),
        (None, (40, 300, 390, 480)),
        ((-30, 120, 380, 700), None),
        ((-30, 120, 380, 700), (40.5, 330.25, 370, 480)),
    ],
    ids=["plain", "crop", "offset", "crop and offset"],
)
def test_the_text_under_the_highlights_is_the_quote(
    turn: int, media: Sequence[float] | None, crop: Sequence[float] | None
) -> None:
    data = reframed(made(), turn, media, crop)
    document = read_pdf(data, LIMITS)
    copy = highlighted(data, [record(document, quote, str(number)) for number, quote in enumerate(QUOTES)])
    under = text_under(copy)
    assert [folded("".join(under[str(number)])) for number in range(len(QUOTES))] == [*map(folded, QUOTES)]
    assert [len(under[str(number)]) for number in range(len(QUOTES))] == [1, 1, 2, 1]
    assert folded(under["2"][1]) == folded("not filled in until the day staff came.")
    assert read_pdf(copy, LIMITS).text == document.text


def test_what_was_typed_into_a_form_field_is_highlighted() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT))
    canvas.setCropBox((50, 100, 390, 550))
    canvas.drawString(60, 500, "What went wrong on the night:")
    canvas.acroForm.textfield(name="what", value="Nobody read the log", x=60, y=460, width=250, height=20, fontSize=11)
    canvas.showPage()
    canvas.save()
    data = buffer.getvalue()
    finding = record(read_pdf(data, LIMITS), "Nobody read the log")
    (before, after), (box,) = (rendered(data), rendered(highlighted(data, [finding]))), finding["boxes"]
    changed = np.argwhere((before != after).any(axis=2))
    assert changed.min(axis=0) == pytest.approx((box[1], box[0]), abs=2)
    assert changed.max(axis=0) == pytest.approx((box[3], box[2]), abs=2)


# --- how it looks


def rendered(data: bytes, scale: float = 1) -> np.ndarray:
    with (
        pdfium.PdfDocument(data) as document,
        closing(document[0]) as page,
        closing(page.render(scale=scale, rev_byteorder=True)) as bitmap,
    ):
        return np.array(bitmap.to_numpy())[:, :, :3]


def test_a_highlight_has_one_even_colour_and_covers_only_its_lines() -> None:
    data = made()
    document = read_pdf(data, LIMITS)
    findings = [record(document, QUOTES[1]), record(document, FIRST[4], "g")]
    image = rendered(highlighted(data, findings), scale=4)
    tinted = image[(image[:, :, 0] > 250) & (image[:, :, 2] < 250)]
    colours, counts = np.unique(tinted.reshape(-1, 3), axis=0, return_counts=True)
    assert tuple(colours[counts.argmax()].tolist()) == colour_of("communication_gap")
    twice = round(colour_of("communication_gap")[2] ** 2 / 255)
    assert not ((tinted[:, 0] == 255) & (tinted[:, 2] < twice + 10)).any()
    unchanged = (rendered(data, scale=4) == image).all(axis=2)
    rows = np.flatnonzero(~unchanged.all(axis=1))
    tops = [box[1] for finding in findings for box in finding["boxes"]]
    bottoms = [box[3] for finding in findings for box in finding["boxes"]]
    assert (rows.min() / 4, rows.max() / 4) == pytest.approx((min(tops), max(bottoms)), abs=0.5)


def test_boxes_of_neighbouring_lines_meet_in_the_middle_of_what_they_share() -> None:
    assert lines_apart([(10, 20, 90, 34), (10, 32, 50, 46), (50, 32, 90, 46), (10, 44, 30, 58)]) == [
        [10, 20, 90, 33],
        [10, 33, 50, 45],
        [50, 33, 90, 46],
        [10, 45, 30, 58],
    ]


def test_boxes_of_lines_that_run_down_the_page_meet_too() -> None:
    assert lines_apart([(50, 10, 64, 200), (38, 150, 52, 300)]) == [[51, 10, 64, 200], [38, 150, 51, 300]]


def test_boxes_beside_each_other_or_one_upon_the_other_stay_as_they_are() -> None:
    boxes = [[10, 20, 50, 34], [60, 32, 90, 46], [60, 33, 90, 45]]
    assert lines_apart(boxes) == boxes


def test_a_page_image_is_highlighted_too() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT))
    canvas.drawImage(ImageReader(Image.new("L", (100, 150), 200)), 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.save()
    finding = record(read_pdf(made(), LIMITS), QUOTES[0], boxes=[(100, 50, 200, 70)], box_pages=[1])
    image = rendered(highlighted(buffer.getvalue(), [finding]))
    expected = [round(200 * part / 255) for part in colour_of("communication_gap")]
    assert image[60, 150].tolist() == pytest.approx(expected, abs=2)
    assert image[80, 150].tolist() == pytest.approx([200] * 3, abs=2)


def test_the_annotation_is_one_that_viewers_show_and_print() -> None:
    data = made()
    finding = record(read_pdf(data, LIMITS), QUOTES[2], "f-7")
    pages = PdfReader(io.BytesIO(highlighted(data, [finding]))).pages
    (first,), (second,) = highlights(pages[0]), highlights(pages[1])
    assert (first["/T"], first["/NM"], first["/F"], second["/NM"]) == ("failings", "f-7-1", 4, "f-7-2")
    assert [round(255 * float(part)) for part in first["/C"]] == [*colour_of("communication_gap")]
    assert first["/Contents"] == second["/Contents"]
    assert first["/Contents"].startswith("Communication gap 0.91, Policy 0.60\nfailing 0.93\n\nthey went on with what")
    look = first["/AP"]["/N"]
    assert look["/Resources"]["/ExtGState"]["/GS"]["/BM"] == "/Multiply"
    assert len(first["/QuadPoints"]) == 8 * 2
    left, bottom, right, top = map(float, first["/Rect"])
    assert all(left <= x <= right for x in first["/QuadPoints"][::2])
    assert all(bottom <= y <= top for y in first["/QuadPoints"][1::2])


def test_a_long_quote_is_cut_at_a_word_and_white_space_is_folded() -> None:
    finding = {
        "quote": "no\nplan  " + "word " * 60,
        "categories": [{"id": "own_one", "score": 0.5}],
        "assertion": "alleged",
        "assertion_score": 1.0,
    }
    head, _, quote = note_of(finding, {}).partition("\n\n")
    assert head == "own_one 0.50\nalleged 1.00"
    assert quote.startswith("no plan word word")
    assert quote.endswith("word ...")
    assert len(quote) <= 204


def luminance(colour: Sequence[int]) -> float:
    red, green, blue = ((c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("own", range(40))
def test_black_print_is_easy_to_read_on_a_category_of_ones_own(own: int) -> None:
    assert (luminance(colour_of(f"own_category_{own}")) + 0.05) / 0.05 > 9


def test_every_category_has_a_colour_of_its_own_that_black_print_is_easy_to_read_on() -> None:
    table = (ROOT / "pipeline" / "export" / "colours.toml").read_text(encoding="utf-8")
    ids = load_taxonomy().ids
    assert sorted(re.findall(r"^(\w+) =", table, re.MULTILINE)) == sorted(ids)
    assert len({colour_of(category) for category in ids}) == len(ids)
    assert min((luminance(colour_of(category)) + 0.05) / 0.05 for category in ids) > 9


# --- the file


def stored(path: Path | str, data: bytes) -> dict[str, str]:
    return {"source": str(path), "source_sha256": sha256(data)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(made())
    return path


def test_the_same_pdf_and_findings_give_the_same_bytes_and_leave_the_source_alone(source: Path, tmp_path: Path) -> None:
    data = source.read_bytes()
    findings = [record(read_pdf(data, LIMITS), quote, quote) for quote in QUOTES]
    for name in ("a.pdf", "b.pdf"):
        assert write_highlighted_pdf(stored(source, data), findings, tmp_path / name) == len(QUOTES)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert source.read_bytes() == data
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.pdf", "b.pdf", "report.pdf"]


def test_a_finding_without_boxes_is_not_counted(source: Path, tmp_path: Path) -> None:
    data = source.read_bytes()
    document = read_pdf(data, LIMITS)
    findings = [record(document, QUOTES[0], "a"), record(document, QUOTES[1], "b", boxes=[], box_pages=[])]
    assert write_highlighted_pdf(stored(source, data), findings, tmp_path / "out.pdf") == 1
    assert [*text_under((tmp_path / "out.pdf").read_bytes())] == ["a"]


def test_highlights_that_were_there_before_are_kept(source: Path) -> None:
    data = source.read_bytes()
    finding = record(read_pdf(data, LIMITS), QUOTES[0])
    twice = highlighted(highlighted(data, [finding]), [{**finding, "finding_id": "later"}])
    assert {name: [*map(folded, texts)] for name, texts in text_under(twice).items()} == {
        "f": [folded(QUOTES[0])],
        "later": [folded(QUOTES[0])],
    }


def test_a_member_of_an_archive_is_read_from_the_archive(source: Path, tmp_path: Path) -> None:
    data = source.read_bytes()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("2024/north/report.pdf", data)
    report = stored(tmp_path / "all.zip" / "2024" / "north" / "report.pdf", data)
    finding = record(read_pdf(data, LIMITS), QUOTES[0])
    assert write_highlighted_pdf(report, [finding], tmp_path / "out.pdf") == 1
    assert [*text_under((tmp_path / "out.pdf").read_bytes())] == ["f"]
    with pytest.raises(UsageError, match="give the copy another name"):
        write_highlighted_pdf(report, [finding], tmp_path / "all.zip")
    gone = {**report, "source": report["source"].replace("north", "south")}
    with pytest.raises(Unreadable, match=r"south.*no .* in the archive"):
        write_highlighted_pdf(gone, [finding], tmp_path / "other.pdf")


def changed(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize(
    ("spoil", "error", "reason"),
    [
        (Path.unlink, Unreadable, r"no file .*report\.pdf any more"),
        (changed, Unreadable, r"report\.pdf has changed since it was read"),
    ],
)
def test_a_source_that_is_not_the_one_that_was_read_is_refused(
    source: Path, tmp_path: Path, spoil: Callable[[Path], None], error: type[FailingsError], reason: str
) -> None:
    report = stored(source, source.read_bytes())
    spoil(source)
    with pytest.raises(error, match=reason):
        write_highlighted_pdf(report, [], tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b"A letter, in plain text.", UsageError, "is not a PDF"),
        (made()[:700], Unreadable, "encrypted or damaged"),
        (made(encrypt=StandardEncryption("secret", ownerPassword="o", strength=128)), Unreadable, "[Pp]assword"),
    ],
    ids=["text", "damaged", "encrypted"],
)
def test_what_cannot_be_highlighted_is_refused_in_one_line(
    source: Path, tmp_path: Path, data: bytes, error: type[FailingsError], reason: str
) -> None:
    finding = record(read_pdf(source.read_bytes(), LIMITS), QUOTES[0])
    source.write_bytes(data)
    with pytest.raises(error, match=reason) as caught:
        write_highlighted_pdf(stored(source, data), [finding], tmp_path / "out.pdf")
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["report.pdf"]


def test_a_row_of_a_table_and_a_relative_name_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("all.csv").write_text("id,text\n1,x\n")
    with pytest.raises(UsageError, match="a row of a table"):
        write_highlighted_pdf(stored("all.csv#" + "1" * 300, b""), [], Path("out.pdf"))
    with pytest.raises(Unreadable, match=re.escape(f"(looked for it from {tmp_path})")):
        write_highlighted_pdf(stored("reports/a.pdf", b""), [], Path("out.pdf"))


def test_the_source_is_never_written_over(source: Path, tmp_path: Path) -> None:
    data = source.read_bytes()
    (tmp_path / "link.pdf").symlink_to(source)
    for name in ("report.pdf", "link.pdf"):
        with pytest.raises(UsageError, match="give the copy another name"):
            write_highlighted_pdf(stored(source, data), [], tmp_path / name)
    with pytest.raises(UsageError, match="cannot write"):
        write_highlighted_pdf(stored(source, data), [], tmp_path / "no such folder" / "out.pdf")
    assert source.read_bytes() == data


def test_a_pdf_encrypted_without_a_user_password_can_be_highlighted() -> None:
    data = made(encrypt=StandardEncryption("", ownerPassword="owner", strength=128))
    finding = record(read_pdf(data, LIMITS), QUOTES[2])
    assert folded("".join(text_under(highlighted(data, [finding]))["f"])) == folded(QUOTES[2])


# --- whole reports, by the command line


def real_reports() -> Path:
    corpus = os.environ.get("FAILINGS_CORPUS")
    return (Path(corpus).parent if corpus else ROOT.parent / "shared") / "samples"


@pytest.mark.parametrize("which", ["our own", "real"])
def test_all_findings_in_whole_reports_have_the_quote_under_their_highlights(
    failings: Callable[..., subprocess.CompletedProcess[str]],
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    which: str,
) -> None:
    files = sorted((samples if which == "our own" else real_reports()).glob("*.pdf"))
    if not files:
        pytest.skip(f"needs the real reports: no PDF in {real_reports()} (it lies beside the folder FAILINGS_CORPUS)")
    no_pdf = samples / "custody_inspection.txt"
    assert failings("run", *files, no_pdf, "--workers", 1).returncode == 0
    monkeypatch.chdir(tmp_path)
    assert main(["search", "--json"]) == 0
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for line in capsys.readouterr().out.rstrip("\n").split("\n"):
        finding = json.loads(line)
        found[finding["source"]][finding["finding_id"]] = folded(finding["quote"])
    assert len(found) == len(files) + 1
    for file in files:
        assert main(["show", file.name, "--pdf", "out.pdf"]) == 0
        wanted = found[str(file)]
        assert capsys.readouterr() == ("", f"{len(wanted)} of {len(wanted)} findings highlighted in out.pdf\n")
        under = text_under(Path("out.pdf").read_bytes())
        assert {name: folded("".join(texts)) for name, texts in under.items()} == wanted
        Path("out.pdf").unlink()
    assert main(["show", no_pdf.name, "--pdf", "out.pdf"]) == 2
    assert f"failings: {no_pdf} is not a PDF" in capsys.readouterr().err
    assert not Path("out.pdf").exists()
