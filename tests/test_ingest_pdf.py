import io
import re
from contextlib import closing

import numpy as np
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from pipeline.errors import LimitExceeded, NeedsOCR, Unreadable
from pipeline.extract.boxes import boxes_of
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.pdf import read_pdf
from pipeline.report import Box

WIDTH, HEIGHT = 400, 600
LIMITS = Limits(ocr=False)


class Sheet:
    """A PDF written line by line at 12 points, its top left corner as origin."""

    def __init__(self, **options: object) -> None:
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=(WIDTH, HEIGHT), **options)

    def put(self, x: float, y: float, text: str, font: str = "Helvetica", size: float = 11) -> "Sheet":
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, HEIGHT - y, text)
        return self

    def lines(self, y: float, *texts: str, x: float = 60, step: float = 14) -> "Sheet":
        for number, text in enumerate(texts):
            self.put(x, y + number * step, text)
        return self

    def next(self) -> "Sheet":
        self.canvas.showPage()
        return self

    def bytes(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self.buffer.getvalue()


def text_of(sheet: Sheet) -> str:
    return read_pdf(sheet.bytes(), LIMITS).text


def raw_pdf(content: str, to_unicode: dict[int, str]) -> bytes:
    """A one-page PDF by hand: Helvetica with a ToUnicode map of our own."""
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        "1 begincodespacerange <00> <FF> endcodespacerange "
        f"{len(to_unicode)} beginbfchar "
        + " ".join(f"<{code:02X}> <{text.encode('utf-16-be').hex()}>" for code, text in to_unicode.items())
        + " endbfchar endcmap end end"
    )
    parts = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 600]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        f"<</Length {len(cmap)}>>stream\n{cmap}\nendstream",
    ]
    out, offsets = "%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    trailer = f"trailer<</Size {len(parts) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF\n"
    return (out + f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}{trailer}").encode("latin-1")


def grey(width: float = 200, height: float = 300, shade: int = 0) -> ImageReader:
    return ImageReader(Image.new("L", (width, height), shade))


FULL = "The ward had no system to tell the night staff about"  # the widest line: it sets the right margin


# --- lines and paragraphs


def test_line_ends_inside_a_paragraph_become_spaces() -> None:
    assert text_of(Sheet().lines(100, FULL, "a change to the plan, and the record of the round was", "not kept.")) == (
        f"{FULL} a change to the plan, and the record of the round was not kept."
    )


def test_a_wider_gap_starts_a_paragraph() -> None:
    sheet = (
        Sheet()
        .lines(100, FULL, "patients moved in the evening by the porters", "on call.")
        .lines(170, "The trust knew of this risk from an audit in spring", "and did nothing.")
    )
    assert text_of(sheet) == (
        f"{FULL} patients moved in the evening by the porters on call.\n\n"
        "The trust knew of this risk from an audit in spring and did nothing."
    )


def test_an_indented_first_line_starts_a_paragraph() -> None:
    sheet = Sheet().lines(100, FULL, "patients who were moved in the evening by the porters.")
    sheet.put(75, 128, "No one had checked the list since the spring, nor").lines(142, "had anyone been told to.")
    assert (
        text_of(sheet).split("\n\n")[1] == "No one had checked the list since the spring, nor had anyone been told to."
    )


def test_double_spaced_text_is_still_mended() -> None:
    texts = [
        FULL,
        "a change to the plan, and the record of the round was",
        "not kept by the team that should have kept it on",
        "file.",
    ]
    assert text_of(Sheet().lines(100, *texts, step=28)) == " ".join(texts)


def test_short_lines_stay_apart() -> None:
    sheet = Sheet().lines(100, FULL, "patients who were moved.", "Chief Executive", "Northern Trust", "1 High Street")
    assert text_of(sheet).splitlines()[1:] == ["Chief Executive", "Northern Trust", "1 High Street"]


def test_a_sentence_cut_short_by_a_blacked_out_name_goes_on() -> None:
    sheet = Sheet().lines(
        100, FULL, "the plan that was agreed with", "and the team did not read it before the round on", "Monday."
    )
    assert "agreed with and the team did not" in text_of(sheet)


@pytest.mark.parametrize(
    "markers",
    [
        ("1.", "2.", "3."),
        ("(a)", "(b)", "(c)"),
        ("a)", "b)", "c)"),
        ("i.", "ii.", "iii."),
        ("•", "•", "•"),
        ("-", "-", "-"),
        ("4.1", "4.2", "4.3"),
    ],
)
def test_list_items_start_lines_and_their_own_line_ends_are_mended(markers: tuple[str, ...]) -> None:
    sheet = Sheet()
    for number, marker in enumerate(markers):
        y = 100 + 28 * number
        sheet.put(60, y, marker).put(85, y, "No record was kept of the observations made in the")
        sheet.put(85, y + 14, "night.")
    assert text_of(sheet).split("\n") == [
        f"{m} No record was kept of the observations made in the night." for m in markers
    ]


def test_words_that_look_like_a_marker_inside_a_sentence_do_not_break_it() -> None:
    sheet = Sheet().lines(
        100,
        FULL,
        "the duty in regulation 5 and in the guidance of part",
        "(a) of the code, which the trust had not read at all.",
    )
    assert "part (a) of the code" in text_of(sheet)


def test_two_columns_are_read_one_after_the_other() -> None:
    sheet = Sheet()
    for x, texts in (
        (40, ("No one told the", "family of the fall", "until morning.")),
        (220, ("The doctor on call", "was not paged that", "night at all.")),
    ):
        sheet.lines(100, *texts, x=x)
    assert re.sub(r"\s+", " ", text_of(sheet)) == (
        "No one told the family of the fall until morning. The doctor on call was not paged that night at all."
    )


def test_a_column_drawn_out_of_order_is_put_right() -> None:
    sheet = (
        Sheet().lines(100, "The doctor on call", "was not paged.", x=220).lines(100, "No one told the", "family.", x=40)
    )
    assert re.sub(r"\s+", " ", text_of(sheet)) == "No one told the family. The doctor on call was not paged."


# --- the boxes of a Regulation 28 report

BOXES = [
    ("1", "CORONER", "I am the coroner for the area of Northshire."),
    ("2", "CORONER\u2019S LEGAL POWERS", "I make this report under the Act."),
    ("3", "INVESTIGATION and INQUEST", "The inquest ended in May."),
    ("4", "CIRCUMSTANCES OF THE DEATH", "She fell on the ward, and no"),
    ("5", "CORONER\u2019S CONCERNS", "(1) Falls were not reviewed."),
]


@pytest.mark.parametrize("numbers_first", [False, True])
@pytest.mark.parametrize("drop", [0, 3])
def test_headings_of_a_table_stand_on_lines_of_their_own(numbers_first: bool, drop: float) -> None:
    sheet = Sheet()
    cells = [(box, 60 + 80 * row) for row, box in enumerate(BOXES)]
    if numbers_first:
        for (number, _, _), y in cells:
            sheet.put(40, y + drop, number)
    for (number, heading, body), y in cells:
        if not numbers_first:
            sheet.put(40, y + drop, number)
        sheet.put(70, y, heading, font="Helvetica-Bold").put(70, y + 14, body)
    lines = [line for line in text_of(sheet).split("\n") if line]
    assert lines == [line for number, heading, body in BOXES for line in (f"{number} {heading}", body)]


def test_a_heading_in_capitals_does_not_run_into_the_text_below() -> None:
    sheet = (
        Sheet()
        .lines(
            60,
            "5 CONCERNS OF THE CORONER ON THE CARE ON THE WARD",
            "The ward had no plan for it, and the trust did not know",
        )
        .lines(88, "of the risk.")
    )
    assert text_of(sheet).startswith("5 CONCERNS OF THE CORONER ON THE CARE ON THE WARD\nThe ward had no plan")


# --- spaces, hyphens, characters


def test_a_gap_stands_for_a_space_that_the_file_leaves_out() -> None:
    sheet, x = Sheet(), 60.0
    for word in ("observations", "were", "missed"):
        sheet.put(x, 100, word)
        x += stringWidth(word, "Helvetica", 11) + 3
    assert text_of(sheet) == "observations were missed"


def test_letter_spaced_words_keep_together() -> None:
    sheet = Sheet()
    text = sheet.canvas.beginText(60, 500)
    text.setFont("Helvetica", 11)
    text.setCharSpace(2)
    text.textOut("PREVENTION REPORT")
    sheet.canvas.drawText(text)
    assert text_of(sheet) == "PREVENTION REPORT"


def squeezed(parts: list[str], gap: float) -> str:
    """Words drawn with hardly a gap between them."""
    sheet, x = Sheet(), 60.0
    for part in parts:
        sheet.put(x, 100, part)
        x += stringWidth(part, "Helvetica", 11) + gap
    return text_of(sheet.lines(140, "It was not useful to document the plan."))


def test_a_space_squeezed_to_almost_nothing_is_put_back() -> None:
    assert squeezed(["I believe that you may find it", "useful to read the plan"], 0.7).startswith(
        "I believe that you may find it useful to read"
    )


def test_kerning_inside_a_word_is_no_space() -> None:
    assert squeezed(["the trust did do", "cument the plan"], 0.4).startswith("the trust did document the plan")


@pytest.mark.parametrize(
    ("first", "second", "elsewhere", "expected"),
    [
        ("that she was at risk of self-", "harm and not seen", "", "self-harm"),
        ("that there was no obser-", "vation of her at all", "", "observation"),
        ("that there was no obser-", "vation of her at all", "No observation was made.", "observation"),
        ("that the record of the hand-", "over was not kept", "The hand-over was late.", "hand-over"),
        ("that the record of the hand-", "over was not kept", "The handover was late.", "handover"),
        ("moved to the unit at Burton-", "Trent in the night", "", "Burton-Trent"),
        ("as the form of 2014 has it: OBSER-", "VATION of her at all", "", "OBSERVATION"),
        ("seen in the years of 2014-", "2016 by the team", "", "2014-2016"),
        ("the tube could not be re-", "inserted by the team", "", "re-inserted"),
    ],
)
def test_hyphens_at_line_ends(first: str, second: str, elsewhere: str, expected: str) -> None:
    sheet = Sheet().lines(100, FULL, f"the ward: {first}", second)
    sheet.lines(160, elsewhere)
    text = text_of(sheet)
    assert expected in text
    assert not set(text) & set("\ufffe\u00ad\x02")


def test_an_emoji_is_one_character_with_one_box() -> None:
    document = read_pdf(
        raw_pdf("BT /F 12 Tf 50 500 Td (aAb) Tj ET", {0x41: "\U0001f600", 0x61: "a", 0x62: "b"}), LIMITS
    )
    assert document.text == "a\U0001f600b"
    boxes = np.array(document.pages[0].boxes).reshape(-1, 4)
    assert boxes[:, 0].tolist() == pytest.approx([50, 56.67, 64.67], abs=0.1)


@pytest.mark.parametrize("ligature", ["\ufb01", "fi"])
def test_a_ligature_becomes_letters_that_share_its_box(ligature: str) -> None:
    document = read_pdf(raw_pdf("BT /F 12 Tf 50 500 Td (nA) Tj ET", {0x41: ligature, 0x6E: "n"}), LIMITS)
    assert document.text == "nfi"
    boxes = np.array(document.pages[0].boxes).reshape(-1, 4)
    assert boxes[1].tolist() == boxes[2].tolist()


def test_control_characters_and_noncharacters_never_reach_the_text() -> None:
    mapped = {0x41: "\x07", 0x42: "\ufffe", 0x43: "\ufeff", 0x44: "\uf0b7", 0x61: "a"}
    data = raw_pdf("BT /F 12 Tf 50 500 Td (aABaCa) Tj 0 -40 Td (D aaa) Tj ET", mapped)
    assert read_pdf(data, LIMITS).text == "a-aa\n\n• aaa"


# --- pages

BODY = [
    "The first page tells how the plan was changed without",
    "a word to the family, and how the staff on the ward at",
    "the time had no way to know of it, since the entry in the",
    "log was made by hand",
]


def three_pages(header: str = "Northshire Safeguarding Review {n}", footer: str = "Page {n} of 3") -> Sheet:
    sheet = Sheet()
    for n, texts in enumerate(
        (
            BODY,
            ["and was not read by those who came on duty later.", "1. A log must be kept."],
            ["2. It must be read.", "All of this was known."],
        ),
        1,
    ):
        sheet.put(60, 30, header.format(n=n)).lines(80, *texts).put(180, 580, footer.format(n=n))
        if n < 3:
            sheet.next()
    return sheet


@pytest.mark.parametrize(
    ("header", "footer"),
    [
        ("Northshire Safeguarding Review {n}", "Page {n} of 3"),
        ("OFFICIAL", "{n}"),
        ("Review of 2019", "- {n} -"),
        ("Draft 3", "{n} | Northshire Review"),
        ("Child K", "Page {n}"),
    ],
)
def test_furniture_is_left_out_and_a_sentence_goes_on_over_the_page(header: str, footer: str) -> None:
    assert text_of(three_pages(header, footer)).split("\n") == [
        " ".join(BODY) + " and was not read by those who came on duty later.",
        "1. A log must be kept.",
        *([""] if "\n\n2." in text_of(three_pages(header, footer)) else []),
        "2. It must be read.",
        "All of this was known.",
    ]


def test_list_items_and_dates_at_the_top_of_pages_are_not_furniture() -> None:
    sheet = Sheet()
    for day, what in ((3, "He was seen."), (17, "He was not seen."), (19, "He was found.")):
        sheet.lines(40, f"{day} March", what, f"{day % 5}. Item of the list", step=16)
        sheet.lines(300, "Some words in the middle of the page.")
        sheet = sheet.next() if day != 19 else sheet
    text = text_of(sheet)
    assert [d for d in ("3 March", "17 March", "19 March", "3. Item", "2. Item", "4. Item") if d not in text] == []


@pytest.mark.parametrize(
    ("x", "y", "words", "kept"),
    [
        (200, 580, "1", False),
        (180, 580, "Page 1 of 1", False),
        (60, 30, "Northshire Review", True),
        (60, 100, "1", True),
        (30, 580, "9", True),
    ],
)
def test_one_page_loses_only_a_clear_page_number(x: float, y: float, words: str, kept: bool) -> None:
    text = text_of(Sheet().lines(200, FULL, "the plan.").put(x, y, words))
    assert (words in text) is kept


def test_pages_are_contiguous_and_have_four_numbers_a_character() -> None:
    document = read_pdf(three_pages().bytes(), LIMITS)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert document.pages[0].start == 0
    assert document.pages[-1].end == len(document.text)
    for page, after in zip(document.pages, document.pages[1:], strict=False):
        assert page.end == after.start
    assert all(len(page.boxes) == 4 * (page.end - page.start) for page in document.pages)
    assert "duty later" in document.text[document.pages[1].start : document.pages[1].end]


@pytest.mark.parametrize("goes_on", [True, False])
def test_footnotes_do_not_stand_inside_a_sentence_that_goes_on(goes_on: bool) -> None:
    end = "and no one on the ward who came on duty was told of it" if goes_on else "and no one was told of it."
    sheet = (
        Sheet().lines(60, FULL, "the plan.").lines(110, "The trust had known of the risk since an audit in spring", end)
    )
    sheet.put(60, 540, "1 The audit is at Appendix B.", size=8).put(60, 550, "2 So is the reply.", size=8).next()
    text = text_of(sheet.lines(60, "until the day she died." if goes_on else "A review began on the day after that."))
    notes = "1 The audit is at Appendix B.\n2 So is the reply."
    known = "The trust had known of the risk since an audit in spring"
    assert text == (
        f"{FULL} the plan.\n\n{notes}\n\n{known} {end} until the day she died."
        if goes_on
        else f"{FULL} the plan.\n\n{known} {end}\n\n{notes}\n\nA review began on the day after that."
    )


def test_a_blank_page_has_an_empty_interval() -> None:
    sheet = Sheet().lines(100, FULL, "the plan.").next().next().lines(100, "More.")
    document = read_pdf(sheet.bytes(), LIMITS)
    assert document.pages[1].start == document.pages[1].end
    assert document.text.endswith("\n\nMore.")


# --- boxes


def word_box(document: Document, word: str) -> Box:
    at = document.text.index(word)
    (box,) = boxes_of(document.pages, at, at + len(word))
    return box


def test_boxes_are_points_from_the_top_left_corner() -> None:
    document = read_pdf(Sheet().put(60, 100, "Observations were missed").bytes(), LIMITS)
    box = word_box(document, "were")
    left = 60 + stringWidth("Observations ", "Helvetica", 11)
    assert box.x0 == pytest.approx(left, abs=0.2)
    assert box.x1 == pytest.approx(left + stringWidth("were", "Helvetica", 11), abs=0.2)
    assert box.y0 < 100 < box.y1 < 106


@pytest.mark.parametrize(("turn", "middle"), [(90, (100, 60)), (180, (340, 100)), (270, (300, 540))])
def test_boxes_of_a_turned_page_are_where_the_page_shows_them(turn: int, middle: tuple[float, float]) -> None:
    sheet = Sheet()
    sheet.canvas.setPageRotation(turn)  # reportlab swaps the sides: the page is shown as 400 by 600
    data = sheet.put(60, 500, "were missed").bytes()
    document = read_pdf(data, LIMITS)
    box = word_box(document, "w")
    assert (document.pages[0].width, document.pages[0].height) == (WIDTH, HEIGHT)
    assert ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) == pytest.approx(middle, abs=8)
    assert document.text == "were missed"
    (whole,) = boxes_of(document.pages, 0, len(document.text))
    ink = np.argwhere(rendered(data) < 128)
    assert (ink.min(axis=0) >= (whole.y0 - 1, whole.x0 - 1)).all()
    assert (ink.max(axis=0) <= (whole.y1 + 1, whole.x1 + 1)).all()


def rendered(data: bytes) -> np.ndarray:
    with (
        pdfium.PdfDocument(data) as document,
        closing(document[0]) as page,
        closing(page.render(grayscale=True)) as bitmap,
    ):
        return np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)


def test_boxes_start_from_the_crop_box() -> None:
    sheet = Sheet()
    sheet.canvas.setCropBox((50, 100, 350, 550))
    document = read_pdf(sheet.put(60, 100, "missed").bytes(), LIMITS)
    box = word_box(document, "missed")
    assert (document.pages[0].width, document.pages[0].height) == (300, 450)
    assert box.x0 == pytest.approx(10, abs=0.2)
    assert box.y0 < 50 < box.y1


def test_text_turned_on_the_page_is_read_along_its_lines() -> None:
    sheet = Sheet()
    sheet.canvas.translate(100, 50)
    sheet.canvas.rotate(90)
    sheet.canvas.setFont("Helvetica", 11)
    sheet.canvas.drawString(0, 0, "The plan was not read by those who")
    sheet.canvas.drawString(0, -14, "came on duty.")
    document = read_pdf(sheet.bytes(), LIMITS)
    assert document.text == "The plan was not read by those who came on duty."
    box = word_box(document, "plan")
    assert box.x1 - box.x0 < 16 < box.y1 - box.y0


def test_an_inserted_space_has_no_box() -> None:
    document = read_pdf(Sheet().lines(100, FULL, "the plan.").bytes(), LIMITS)
    boxes = np.array(document.pages[0].boxes).reshape(-1, 4)
    assert np.isnan(boxes[len(FULL)]).all()
    assert not np.isnan(boxes[: len(FULL)]).any()


WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=60)


@settings(max_examples=25, deadline=None)
@given(WORDS)
def test_words_survive_wrapping_and_boxes_follow_them(words: list[str]) -> None:
    sheet, x, y = Sheet(), 60.0, 60
    for word in words:
        width = stringWidth(word, "Helvetica", 11)
        if x + width > 340:
            x, y = 60.0, y + 14
        sheet.put(x, y, word)
        x += width + 3.5
    document = read_pdf(sheet.bytes(), LIMITS)
    assert document.text.split() == words
    boxes = np.array(document.pages[0].boxes).reshape(-1, 4)
    assert all(not np.isnan(boxes[i]).any() for i, c in enumerate(document.text) if not c.isspace())


# --- what is in the file beside page text


@pytest.mark.parametrize(
    ("title", "metadata"),
    [
        ("Review of the death of Child K", {"title": "Review of the death of Child K"}),
        ("Microsoft Word - Child K final.docx", {"title": "Child K final"}),
        ("untitled", {}),
        ("Microsoft Word - Document1", {}),
        ("", {}),
        ("2023", {}),
    ],
)
def test_title(title: str, metadata: dict[str, str]) -> None:
    sheet = Sheet().lines(100, FULL)
    sheet.canvas.setTitle(title)
    assert read_pdf(sheet.bytes(), LIMITS).metadata == metadata


def test_what_is_typed_into_a_form_field_is_read() -> None:
    sheet = Sheet().lines(60, "Name of the trust:")
    sheet.canvas.acroForm.textfield(name="trust", value="Northshire NHS Trust", x=60, y=480, width=250, height=20)
    assert "Northshire NHS Trust" in text_of(sheet)


# --- what cannot be read


def damaged() -> bytes:
    data = three_pages().bytes()
    return data[: len(data) // 2]


def encrypted(user: str = "secret") -> bytes:
    return Sheet(encrypt=StandardEncryption(user, ownerPassword="owner", strength=128)).lines(100, FULL).bytes()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n", "cut short"),
        (b"Dear Sir, this is a letter", "not a PDF"),
        (damaged(), "cut short"),
        (encrypted(), "encrypted and needs a password"),
        (Sheet().bytes(), "no text"),
    ],
    ids=("empty", "cut short", "a letter", "damaged", "encrypted", "no text"),
)
def test_unreadable_says_why_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as caught:
        read_pdf(data, LIMITS)
    assert "\n" not in str(caught.value)


def test_a_pdf_encrypted_without_a_user_password_is_read() -> None:
    assert read_pdf(encrypted(user=""), LIMITS).text == FULL


@pytest.mark.parametrize("junk", [b"\0" * 9000, b"\r\n\r\n"])
def test_padding_after_the_end_is_no_damage(junk: bytes) -> None:
    assert read_pdf(Sheet().lines(100, FULL).bytes() + junk, LIMITS).text == FULL


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(max_pages=2), "3 pages; the limit is 2"),
        (Limits(max_chars=100), "more than 100 characters"),
        (Limits(seconds=0), "took more"),
    ],
)
def test_limits(limits: Limits, reason: str) -> None:
    with pytest.raises(LimitExceeded, match=reason):
        read_pdf(three_pages().bytes(), limits)


def scan(sheet: Sheet) -> Sheet:
    sheet.canvas.drawImage(grey(), 0, 0, WIDTH, HEIGHT)
    return sheet


def test_page_images_without_text_need_ocr() -> None:
    with pytest.raises(NeedsOCR, match=r"all pages are images without text"):
        read_pdf(scan(Sheet()).bytes(), LIMITS)


def test_some_page_images_without_text_are_named() -> None:
    sheet = scan(
        scan(Sheet().lines(100, FULL).next())
        .next()
        .lines(100, FULL, "and so on and on, page after page.", BODY[0])
        .next()
    )
    with pytest.raises(NeedsOCR, match=r"^pages 2, 4 are images"):
        read_pdf(sheet.bytes(), LIMITS)


def test_a_logo_and_a_signature_are_not_a_page_image() -> None:
    sheet = Sheet().lines(100, FULL).next()
    sheet.canvas.drawImage(grey(), 150, 500, 100, 60)
    sheet.canvas.drawImage(grey(), 60, 100, 80, 30)
    assert text_of(sheet) == FULL


def test_a_pale_background_under_text_is_not_a_page_image() -> None:
    sheet = Sheet()
    sheet.canvas.drawImage(grey(shade=235), 0, 0, WIDTH, HEIGHT)
    assert text_of(sheet.lines(100, "Signed by the coroner")) == "Signed by the coroner"
