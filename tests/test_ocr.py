import io

import numpy as np
import pypdfium2 as pdfium
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from pipeline.errors import NeedsOCR
from pipeline.extract.boxes import boxes_of
from pipeline.ingest import ocr, pdf
from pipeline.ingest.document import Limits
from pipeline.ingest.ocr import glyphs_of_words, ocr_available
from pipeline.ingest.pdf_layout import lines_of

needs_tesseract = pytest.mark.skipif(not ocr_available(), reason="needs pytesseract and tesseract")
TYPED = "This page was typed, and it has text of its own that is long enough to be no doubt at all about it, as here."
SCANNED = ["Observations were not recorded overnight", "because the chart was missing from the ward."]


def picture(*lines: str) -> ImageReader:
    """A page image with words in it, made by drawing a PDF page and rendering it."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(400, 600))
    canvas.setFont("Helvetica", 14)
    for number, line in enumerate(lines):
        canvas.drawString(50, 500 - 20 * number, line)
    canvas.showPage()
    canvas.save()
    with pdfium.PdfDocument(buffer.getvalue()) as document:
        page = document[0]
        bitmap = page.render(scale=3, grayscale=True)
        image = bitmap.to_pil().copy()
        bitmap.close()
        page.close()
    return ImageReader(image)


def mixed() -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(400, 600))
    canvas.setFont("Helvetica", 7)
    canvas.drawString(20, 500, TYPED)
    canvas.showPage()
    canvas.drawImage(picture(*SCANNED), 0, 0, 400, 600)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@needs_tesseract
def test_only_the_pages_without_text_go_through_ocr() -> None:
    document = pdf.read_pdf(mixed(), Limits())
    assert document.text.startswith(TYPED)
    assert document.text[document.pages[1].start :] == " ".join(SCANNED)
    at = document.text.index("recorded")
    (box,) = boxes_of(document.pages, at, at + len("recorded"))
    assert box.page == 2
    assert (box.x0, box.y0, box.y1) == pytest.approx(
        (50 + stringWidth("Observations were not ", "Helvetica", 14), 90, 101), abs=3
    )


@pytest.mark.parametrize(
    ("limits", "reason"), [(Limits(), r"pip install \"failings\[ocr\]\""), (Limits(ocr=False), "OCR is turned off")]
)
def test_without_ocr_the_pages_are_named_with_the_way_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, limits: Limits, reason: str
) -> None:
    monkeypatch.setattr(pdf, "ocr_available", lambda: False)
    with pytest.raises(NeedsOCR, match=f"^page 2 is an image without text; .*{reason}"):
        pdf.read_pdf(mixed(), limits)


def test_ocr_is_not_available_without_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.shutil, "which", lambda _: None)
    assert not ocr_available()


WORDS = {
    "text": ["", "No", "plan", "", "was", "", "Signed"],
    "left": [0, 30, 90, 0, 30, 0, 30],
    "top": [0, 60, 60, 0, 90, 0, 300],
    "width": [0, 30, 60, 0, 45, 0, 90],
    "height": [0, 15, 15, 0, 15, 0, 15],
    "block_num": [1, 1, 1, 1, 1, 2, 2],
    "par_num": [1, 1, 1, 1, 1, 1, 1],
    "line_num": [0, 1, 1, 2, 2, 0, 1],
}


def test_each_character_has_a_slice_of_its_words_box() -> None:
    lines = lines_of(glyphs_of_words(WORDS, 200, 300, 3), 0)
    assert [(line.text, line.paragraph) for line in lines] == [("No plan", 0), ("was", 0), ("Signed", 1)]
    assert lines[0].boxes[:2].tolist() == [[10, 20, 15, 25], [15, 20, 20, 25]]
    assert np.isnan(lines[0].boxes[2]).all()
    assert lines[0].boxes[3].tolist() == [30, 20, 35, 25]


def test_a_page_in_which_ocr_finds_nothing_has_no_lines() -> None:
    assert lines_of(glyphs_of_words({key: [] for key in WORDS}, 200, 300, 3), 0) == []
