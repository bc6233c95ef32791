"""Input that cannot be read: a reason each, and the rest of the batch unharmed."""

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.ingest.document import Limits

Run = Callable[..., subprocess.CompletedProcess[str]]


def pdf(*, encrypted: bool = False, text: bool = True) -> bytes:
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    lib = pytest.importorskip("reportlab.lib.pdfencrypt")
    out = io.BytesIO()
    page = canvas.Canvas(out, encrypt=lib.StandardEncryption("secret") if encrypted else None)
    if text:
        page.drawString(72, 700, "Nobody told the crew that the ward was full.")
    else:
        image = pytest.importorskip("PIL.Image").new("RGB", (600, 800), "grey")
        from reportlab.lib.utils import ImageReader

        page.drawImage(ImageReader(image), 0, 0, 595, 842)
    page.showPage()
    page.save()
    return out.getvalue()


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def write_bad(folder: Path) -> dict[str, str]:
    """Write one bad file of each kind; return a part of the reason expected for each."""
    files: dict[str, tuple[bytes, str]] = {
        "empty.txt": (b"", "empty"),
        "blank.txt": (b" \n\t\n", "empty"),
        "truncated.pdf": (pdf()[:600], "PDF"),
        "encrypted.pdf": (pdf(encrypted=True), "encrypted"),
        "scan.pdf": (pdf(text=False), "OCR"),
        "binary.txt": (bytes(range(256)) * 20, "binary"),
        "invalid.txt": (b"The caf\xc3\x28 was shut that day. " * 40 + b"\x81 end.", "invalid UTF-8"),
        "columns.csv": (b"ref,colour\n1,red\n2,blue\n", "column"),
        "bomb.zip": (zipped(**{"bomb.txt": b"0" * (60 << 20)}), "zip bomb"),
        "tricks.zip": (zipped(**{"../../escape.txt": b"Nobody told the crew."}), "unsafe path"),
        "broken.docx": (zipped(**{"word/document.xml": b"<w:document"}), "Word"),
        "photo.jpg": (b"\xff\xd8\xff\xe0" + b"\0" * 64, "not a supported type"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    with (folder / "huge.txt").open("wb") as huge:
        for _ in range(200):
            huge.write(b"Nobody told the crew.\n" * 47_663)
    return {name: reason for name, (_, reason) in files.items()} | {"huge.txt": "bytes"}


def test_each_bad_file_has_a_reason_and_the_good_ones_are_read(failings: Run, tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    folder.mkdir()
    expected = write_bad(folder)
    (folder / "good.txt").write_text("Nobody told the crew about the warning marker on the address.")
    (folder / "zz-good.pdf").write_bytes(pdf())
    run = failings("run", "batch", "--json", "--no-ocr")
    assert run.returncode == 1, run.stderr
    summary = json.loads(run.stdout)
    reasons = {f["source"]: f["reason"] for f in summary["failures"]}
    for name, part in expected.items():
        matching = [reason for source, reason in reasons.items() if source.startswith(f"batch/{name}")]
        assert len(matching) == 1, (name, reasons)
        assert part.casefold() in (matching[0] + name).casefold() if name == "bomb.zip" else part in matching[0], (
            matching
        )
        assert "\n" not in matching[0]
    assert summary["counts"] == {"new": 2, "failed": len(expected)}
    assert not (tmp_path / "escape.txt").exists()
    assert all(f"failed: {source}" in run.stderr for source in reasons)
    assert failings("verify").returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(failings: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("text")
    secret.chmod(0)
    run = failings("run", "secret.txt", "--json")
    assert "permission denied" in json.loads(run.stdout)["failures"][0]["reason"]


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [("--max-pages", 1, "pages"), ("--max-bytes", 500, "bytes"), ("--max-seconds", 0.001, "seconds")],
)
def test_limits_are_options(failings: Run, samples: Path, option: str, value: float, reason: str) -> None:
    run = failings("run", samples / "reg28_prison_night.pdf", option, value, "--json")
    assert run.returncode == 1
    assert reason in json.loads(run.stdout)["failures"][0]["reason"]


def test_a_failure_is_forgotten_once_the_file_is_mended(failings: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"")
    assert failings("run", "a.txt").returncode == 1
    (tmp_path / "a.txt").write_text("Nobody told the crew.")
    run = failings("run", "a.txt", "--json")
    assert (run.returncode, json.loads(run.stdout)["failures"]) == (0, [])


def test_limits_have_sensible_defaults() -> None:
    assert Limits() == Limits(max_bytes=100 << 20, max_pages=5_000, max_chars=20_000_000, seconds=300.0, ocr=True)
