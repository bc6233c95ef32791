"""What is fuzzed: each reader as a function of bytes, the errors that it may raise, and where its first samples come from."""

import gzip
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.annotate import readings
from pipeline.annotate.pull import pull
from pipeline.annotate.records import Marked, MarkedActor, Part
from pipeline.annotate.regions import Suggested, as_result
from pipeline.classify import label_studio
from pipeline.classify.gold import read_gold
from pipeline.classify.sentences import read_sentences
from pipeline.commands.annotate_pull import _exported
from pipeline.errors import AnnotateError, FailingsError, GoldError, InputError, TaxonomyError
from pipeline.extract.segment import load_segmenter
from pipeline.importing.coded_readings import readings_of
from pipeline.importing.project_file import NAMESPACE
from pipeline.importing.refi_qda import read_project
from pipeline.ingest.document import Limits
from pipeline.ingest.formats import FORMATS
from pipeline.ingest.sources import Rejected, digest, discover, read
from pipeline.report import sha256
from pipeline.taxonomy import load_taxonomy

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "tests" / "data" / "fuzz"
LIMITS = Limits(max_bytes=8 << 20, max_pages=200, max_chars=2_000_000, seconds=20.0, ocr=False)
WORDS = "Nobody told the crew that the gate was locked. The ward had no bed for her, as the nurse put it."


@dataclass(frozen=True)
class Target:
    """A reader: it takes bytes and returns, or raises one of `refuses`."""

    read: Callable[[bytes], object]
    refuses: tuple[type[FailingsError], ...]
    suffixes: tuple[str, ...] = ()
    made: Callable[[], list[bytes]] = field(default=list)


@contextmanager
def _file(data: bytes, suffix: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="failings-fuzz-") as folder:
        path = Path(folder) / f"given{suffix}"
        path.write_bytes(data)
        yield path


def _document(suffix: str) -> Callable[[bytes], object]:
    reader = next(f.read for f in FORMATS if suffix in f.suffixes)
    if reader is None:
        raise KeyError(suffix)
    return lambda data: reader(data, LIMITS)


def _sources(suffix: str) -> Callable[[bytes], object]:
    """Find and read all reports that a file holds; what is refused inside it is not an error."""

    def read_all(data: bytes) -> object:
        with _file(data, suffix) as path:
            for found in discover([str(path)], limits=LIMITS):
                if not isinstance(found, Rejected):
                    try:
                        digest(found)
                        read(found, limits=LIMITS)
                    except InputError:
                        pass
        return None

    return read_all


def _qdpx(data: bytes) -> object:
    with _file(data, ".qdpx") as path:
        return readings_of(read_project(path), load_taxonomy())


def _gold(data: bytes) -> object:
    with _file(data, ".jsonl") as path:
        return list(read_gold(path))


@cache
def _segmenter() -> object:
    """SpaCy's recogniser, loaded once and not for each file."""
    return load_segmenter()


def _sentences(suffix: str) -> Callable[[bytes], object]:
    def read_all(data: bytes) -> object:
        label_studio.load_segmenter = _segmenter
        with _file(data, suffix) as path:
            return read_sentences(path, {"restraint": "restraint", "Restraint": "restraint"})

    return read_all


def _annotations(data: bytes) -> object:
    with _file(data, ".json") as path:
        project = readings.read_project(_exported(path), {}, load_taxonomy())
    return pull(project, lambda *_: None, lambda _: ())


def _taxonomy(data: bytes) -> object:
    with _file(data, ".toml") as path:
        return load_taxonomy(path)


def _made_zip() -> list[bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted((ROOT / "samples" / "reports").iterdir()):
            if path.stat().st_size < 20_000:
                package.writestr(f"reports/{path.name}", path.read_bytes())
    return [packed.getvalue()]


def _made_tables() -> list[bytes]:
    rows = [{"id": f"r{n}", "title": "One", "date": "2024-01-02", "text": f"{WORDS} {n}"} for n in range(5)]
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return [
        lines,
        gzip.compress(lines),
        b'id;text\r\n1;"a ""b"" c"\r\n2;d\r\n',
        f"text\tid\n{WORDS}\t1\n".encode("utf-16"),
    ]


def _made_parquet() -> list[bytes]:
    packed = io.BytesIO()
    pq.write_table(pa.table({"id": ["a", "b"], "text": [WORDS, WORDS], "date": ["2024", None]}), packed)
    return [packed.getvalue()]


def _made_qdpx() -> list[bytes]:
    project = (
        f'<?xml version="1.0" encoding="utf-8"?><Project name="p" origin="QualCoder" xmlns="{NAMESPACE[1:-1]}">'
        '<Users><User guid="{U-1}" name="Ann"/></Users><CodeBook><Codes><Code guid="c-1" name="failing" isCodable="true">'
        '<Code guid="c-2" name="restraint" isCodable="true"/></Code></Codes></CodeBook><Sources>'
        '<TextSource guid="t-1" name="one" plainTextPath="internal://t-1.txt">'
        '<PlainTextSelection guid="s-1" startPosition="0" endPosition="20"><Description>assertion: failing</Description>'
        '<Coding guid="k-1" creatingUser="u-1"><CodeRef targetGUID="c-2"/></Coding></PlainTextSelection></TextSource>'
        '<TextSource guid="t-2" name="two"><PlainTextContent>Words.</PlainTextContent></TextSource></Sources></Project>'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("project.qde", project)
        package.writestr("sources/t-1.txt", WORDS)
    return [packed.getvalue()]


def _made_gold() -> list[bytes]:
    end = WORDS.index(".") + 1
    label = {
        "start": 0,
        "end": end,
        "assertion": "failing",
        "categories": ["restraint"],
        "actors": [{"start": 0, "end": 6}],
    }
    section = {"start": 0, "end": end, "name": "concerns"}
    row = {
        "id": "a",
        "text": WORDS,
        "sentences": [[0, end], [end + 1, len(WORDS)]],
        "labels": [label],
        "sections": [section],
    }
    return [(json.dumps(row) + "\n").encode() * 2]


def _made_annotations() -> list[bytes]:
    part = Part("r1", sha256(WORDS.encode()), 0, len(WORDS))
    marked = Marked(0, WORDS.index(".") + 1, "failing", ("restraint",), (MarkedActor(0, 6, "responsible"),))
    result = as_result([Suggested(marked, {"restraint": 0.9}, 0.9)], part, load_taxonomy())
    data = {
        "key": part.key,
        "report_id": "r1",
        "text_sha256": part.text_sha256,
        "start": 0,
        "end": len(WORDS),
        "text": WORDS,
    }
    annotation = {
        "id": 5,
        "completed_by": {"id": 1, "email": "a@x.org"},
        "result": result,
        "updated_at": "2024-01-01T00:00:00Z",
    }
    prediction = {"id": 8, "model_version": "m", "result": result, "created_at": "2023-01-01T00:00:00Z"}
    return [json.dumps([{"id": 1, "data": data, "annotations": [annotation], "predictions": [prediction]}]).encode()]


def _made_sentences() -> list[bytes]:
    row = {"sentence": WORDS, "categories": ["restraint"], "report": "a", "assertion": "failing"}
    return [
        (json.dumps(row) + "\n").encode() * 3,
        *_made_gold(),
        f'sentence,categories,report\n"{WORDS}",restraint,a\n'.encode(),
    ]


def _made_export() -> list[bytes]:
    end = WORDS.index(".") + 1
    span = {"id": "s1", "from_name": "category", "to_name": "text", "type": "labels",
            "value": {"start": 0, "end": end, "text": WORDS[:end], "labels": ["Restraint"]}}  # fmt: skip
    annotation = {"id": 1, "completed_by": 1, "was_cancelled": False, "result": [span]}
    task = {"id": 3, "data": {"text": WORDS, "report_id": "r"}, "annotations": [annotation], "predictions": [7]}
    return [json.dumps([task, task]).encode()]


def _made_taxonomy() -> list[bytes]:
    return [(ROOT / "pipeline" / "taxonomy.toml").read_bytes()]


TARGETS: dict[str, Target] = {
    "text": Target(_document(".txt"), (InputError,), (".txt",)),
    "markdown": Target(_document(".md"), (InputError,), (".md",)),
    "html": Target(_document(".html"), (InputError,), (".html",)),
    "docx": Target(_document(".docx"), (InputError,), (".docx",)),
    "pdf": Target(_document(".pdf"), (InputError,), (".pdf",)),
    "table": Target(_sources(".csv"), (InputError,), (".csv",), _made_tables),
    "jsonl": Target(_sources(".jsonl"), (InputError,), (), _made_tables),
    "parquet": Target(_sources(".parquet"), (InputError,), (), _made_parquet),
    "zip": Target(_sources(".zip"), (InputError,), (), _made_zip),
    "qdpx": Target(_qdpx, (InputError,), (), _made_qdpx),
    "gold": Target(_gold, (GoldError,), (), _made_gold),
    "sentences": Target(_sentences(".jsonl"), (GoldError,), (), _made_sentences),
    "sentences-csv": Target(_sentences(".csv"), (GoldError,), (), _made_sentences),
    "sentences-export": Target(_sentences(".json"), (GoldError,), (), _made_export),
    "annotations": Target(_annotations, (AnnotateError,), (), _made_annotations),
    "taxonomy": Target(_taxonomy, (TaxonomyError,), (), _made_taxonomy),
}


@cache
def samples(name: str) -> tuple[bytes, ...]:
    """Good files of a target's kind, and the seeds of what was found before."""
    target = TARGETS[name]
    reports = sorted((ROOT / "samples" / "reports").iterdir())
    found = [path.read_bytes() for path in reports if path.suffix in target.suffixes]
    return (*found, *target.made(), *(path.read_bytes() for path in seeds(name)))


def seeds(name: str) -> list[Path]:
    """Small files that broke a target once."""
    return sorted((SEEDS / name).glob("*")) if (SEEDS / name).is_dir() else []


def try_reading(name: str, data: bytes) -> str | None:
    """Read; return why it was refused, or None. Anything that is no refusal is raised."""
    target = TARGETS[name]
    try:
        target.read(data)
    except target.refuses as error:
        reason = str(error)
        if not reason or "\n" in reason:
            raise AssertionError(f"a reason of no or several lines: {reason!r}") from error
        return reason
    except MemoryError:
        sys.stderr.write(f"{name}: out of memory\n")
        raise
    return None
