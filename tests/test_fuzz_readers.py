"""Each reader reads what it is given or refuses it in one line: damaged samples, made-up structures, and all that broke one before.

`python scripts/fuzz_readers.py --minutes 10 --format pdf` goes on for longer.
"""

import json
import random
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ingest.memory import limit_memory

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from fuzz_targets import SEEDS, TARGETS, samples, seeds, try_reading  # noqa: E402
from mutations import mutated  # noqa: E402

EXAMPLES = {"docx": 25, "html": 25, "zip": 6, "pdf": 40, "sentences-export": 8, "parquet": 40}
BOUNDED = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(autouse=True)
def _bounded_memory() -> Iterator[None]:
    """A reader that eats memory fails, and takes neither the tests nor the machine with it."""
    resource = pytest.importorskip("resource", reason="bounds on memory are those of Unix")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(2048)
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_a_damaged_sample_is_read_or_refused(name: str) -> None:
    @settings(BOUNDED, max_examples=EXAMPLES.get(name, 60))
    @given(st.integers(0, 2**40))
    def check(seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311
        try_reading(name, mutated(rng.choice(samples(name)), rng, samples(name)))

    check()


@pytest.mark.parametrize(
    "path", [p for name in sorted(TARGETS) for p in seeds(name)], ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_what_broke_a_reader_once_is_refused_or_read(path: Path) -> None:
    try_reading(path.parent.name, path.read_bytes())


def test_there_are_seeds_for_what_was_found() -> None:
    assert {p.parent.name for p in SEEDS.glob("*/*")} >= {"gold", "annotations", "qdpx", "docx", "jsonl", "taxonomy"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "text", "data", "value", "start", "end", "result", "annotations", "labels", "sentences", "choices", "from_name", "type"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("name", ["gold", "annotations", "sentences", "jsonl"])
def test_any_json_is_read_or_refused(name: str) -> None:
    @settings(BOUNDED, max_examples=60)
    @given(st.lists(JSON, max_size=3), st.booleans())
    def check(values: list[Any], as_list: bool) -> None:
        lines = json.dumps(values) if as_list else "\n".join(map(json.dumps, values))
        try_reading(name, lines.encode())

    check()


TAGS = st.sampled_from(
    [
        "p",
        "li",
        "ol",
        "table",
        "td",
        "tr",
        "article",
        "nav",
        "script",
        "svg",
        "b",
        "form",
        "html",
        "body",
        "title",
        "br",
    ]
)
HTML = st.recursive(
    st.text("aA <>&;\n\x00\u202e\ud7ff", max_size=12),
    lambda inner: st.builds(lambda t, a, c, end: f"<{t}{a}>{''.join(c)}{f'</{t}>' if end else ''}", TAGS,
                            st.sampled_from(["", " hidden", " style='display:none'", " value='99999999999'", " x=<"]),
                            st.lists(inner, max_size=3), st.booleans()),
    max_leaves=20,
)  # fmt: skip


@settings(BOUNDED, max_examples=40)
@given(HTML)
def test_any_tags_are_read_or_refused(html: str) -> None:
    try_reading("html", html.encode("utf-8", "surrogatepass"))


@settings(BOUNDED, max_examples=120)
@given(st.text('texid,;\t"\n\r=1 \x00', max_size=60))
def test_any_table_is_read_or_refused(rows: str) -> None:
    try_reading("table", f"id,text\n{rows}".encode())


NUMBERS = st.sampled_from(["0", "1", "-1", "12", "1e9", "99999999999", "-99999999999", "0.00001", "nan", ".", "9" * 39])
OPERATORS = st.one_of(
    st.builds("BT /F1 {} Tf {} {} Td ({}) Tj ET".format, NUMBERS, NUMBERS, NUMBERS, st.text("aB 1.-\\", max_size=6)),
    st.builds("{} {} {} {} {} {} cm".format, *[NUMBERS] * 6),
    st.builds("{} {} {} {} re f".format, *[NUMBERS] * 4),
    st.sampled_from(["q", "Q", "q " * 500, "BT", "ET", "/X1 Do", "[(a) -99999 (b)] TJ", "<FFFE> Tj"]),
)


def pdf(content: str, box: str, rotate: str) -> bytes:
    """A page with any content, and a form to draw. That a form may draw itself is in test_hostile_documents.py."""
    packed = zlib.compress(content.encode("latin-1", "replace"))
    drawn = zlib.compress(content.replace("/X1 Do", "").encode("latin-1", "replace"))
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {box}]/Rotate {rotate}/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>"
        "/XObject<</X1 6 0 R>>>>>>".encode(),
        f"<</Length {len(packed)}/Filter/FlateDecode>>stream\n".encode() + packed + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length {len(drawn)}/Filter/FlateDecode>>stream\n".encode() + drawn
        + b"\nendstream",
    )  # fmt: skip
    body = b"".join(b"%d 0 obj%s endobj\n" % (n, o) for n, o in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R/Size 7>>\nstartxref\n0\n%%EOF\n"


@settings(BOUNDED, max_examples=60)
@given(
    st.lists(OPERATORS, max_size=8),
    st.sampled_from(["595 842", "0 0", "1 99999999", "-5 -5", "1e30 1"]),
    st.sampled_from(["0", "90", "45", "-270"]),
)
def test_any_drawing_is_read_or_refused(content: list[str], box: str, rotate: str) -> None:
    try_reading("pdf", pdf("\n".join(content), box, rotate))
