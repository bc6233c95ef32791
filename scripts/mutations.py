"""Damage and malice done to good files, the same for the same random generator: bytes, length fields, zip members, XML, JSON."""

import io
import json
import random
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

_TAG = re.compile(rb"<[^<>]{0,400}>")
_NUMBER = re.compile(rb"\d+")
_WORD = re.compile(rb"[A-Za-z_:/]{3,20}")
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"255",
    b"65536",
    b"2147483647",
    b"4294967296",
    b"99999999999999999999",
    b"1e400",
    b"007",
)
_BYTES = (b"\x00", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b"\r", b"\n", b'"', b"<", b"]]>", b"&a;", b"\xed\xa0\x80",
          b"\xf0\x9f\x9a\x91", b"\x1f\x8b\x08", b"PK\x03\x04", b"%PDF-1.7\n",
          b"\\u0000", b"[" * 3000, b"<b>" * 400, b"(" * 2000)  # fmt: skip
_ENTITIES = (
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY x SYSTEM "file:///etc/hostname">]>'
)
_NAMES = (
    "../up.txt",
    "/root.txt",
    "C:\\x.txt",
    "a\x00b",
    "word/document.xml",
    "[Content_Types].xml",
    "x" * 5000,
    "sources/../x",
)
_MOST = 4 << 20

Mutation = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def mutated(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """`data` with one to six things done to it; pieces are taken from `others`."""
    result = data
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        result = _mutation(result, rng)(result, rng, others)[:_MOST]
    return result


def _mutation(data: bytes, rng: random.Random) -> Mutation:
    if data.startswith(b"PK") and rng.random() < 0.7:
        return rng.choice((_members, _members, _headers))
    if b"FlateDecode" in data and rng.random() < 0.4:
        return _streams
    if data.lstrip()[:1] in {b"{", b"["} and rng.random() < 0.6:
        return _values
    if data.lstrip()[:1] == b"<" and rng.random() < 0.6:
        return _tags
    return rng.choice((_flip, _flip, _cut, _truncate, _double, _splice, _number, _number, _insert, _swap))


def _place(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + int(2 ** rng.uniform(0, 12)))


def _flip(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _n in range(rng.choice((1, 4, 16, 64)) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _cut(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _place(data, rng)
    return data[:start] + data[end:]


def _truncate(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _double(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _place(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 1, 2, 50)) + data[end:]


def _splice(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others) if others else data
    start, end = _place(other, rng)
    at, until = _place(data, rng)
    return data[:at] + other[start:end] + data[until:]


def _number(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _insert(data, rng, ())
    match = rng.choice(found)
    return data[: match.start()] + rng.choice(_NUMBERS) + data[match.end() :]


def _insert(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_BYTES) + data[at:]


def _swap(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    """Put one word or name of the file in the place of another."""
    found = list(_WORD.finditer(data))
    if len(found) < 2:
        return _flip(data, rng, ())
    here, there = rng.choice(found), rng.choice(found)
    return data[: here.start()] + there.group() + data[here.end() :]


def _tags(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:  # noqa: PLR0911
    """Do something to a tag: leave it out, double it, nest it deeply, swap two, change an attribute, define entities."""
    found = list(_TAG.finditer(data))
    if not found:
        return _flip(data, rng, others)
    here, there = rng.choice(found), rng.choice(found)
    what = rng.randrange(6)
    if what == 0:
        return data[: here.start()] + data[here.end() :]
    if what == 1:
        return data[: here.end()] + here.group() * rng.choice((1, 3, 300)) + data[here.end() :]
    if what == 2:
        return data[: here.start()] + there.group() + data[here.end() :]
    if what == 3:
        tag = _number(here.group(), rng, ()) if rng.random() < 0.6 else _flip(here.group(), rng, ())
        return data[: here.start()] + tag + data[here.end() :]
    if what == 4:
        start, end = sorted((here.start(), there.start()))
        return data[:end] + data[start:end] + data[end:]
    at = found[0].end() if found[0].group().startswith(b"<?xml") else found[0].start()
    return data[:at] + _ENTITIES + data[at : here.end()] + rng.choice((b"&c;", b"&x;")) + data[here.end() :]


def _values(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Put another value in the place of one in a line of JSON, or leave it out."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    try:
        root = [json.loads(lines[at])]
    except (ValueError, RecursionError):
        return _flip(data, rng, others)
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict | list):
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            places += [(here, key) for key in keys]
            waiting += [here[key] for key in keys]
    holder, key = rng.choice(places)
    other, other_key = rng.choice(places)
    values = (
        None,
        True,
        -1,
        0,
        10**30,
        1.5,
        "",
        "x",
        "\x00\x1b",
        "\ud800",
        [],
        {},
        [[]],
        [None],
        {"id": None},
        other[other_key],
    )
    if rng.random() < 0.15:
        del holder[key]
    else:
        holder[key] = rng.choice(values)
    try:
        lines[at] = json.dumps(root[0] if root else None).encode()
    except (ValueError, RecursionError):
        return _flip(data, rng, others)
    return b"\n".join(lines)


def _members(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change what a zip archive holds and pack it well again, so that the damage reaches the readers of its members."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = [(info.filename, package.read(info)) for info in package.infolist()]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, ValueError, OSError):
        return _flip(data, rng, others)
    if not members:
        return _flip(data, rng, others)
    at = rng.choices(range(len(members)), [1 + len(content) ** 0.3 for _, content in members])[0]
    name, content = members[at]
    what = rng.random()
    if what < 0.75:
        members[at] = (name, mutated(content, rng, [c for _, c in members]))
    elif what < 0.85:
        del members[at]
    elif what < 0.95:
        members[at] = (rng.choice((*_NAMES, rng.choice(members)[0])), content)
    else:
        members.append((rng.choice(_NAMES), rng.choice(members)[1]))
    return _packed(members)


def _packed(members: Sequence[tuple[str, bytes]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same name twice is meant
        for name, content in members:
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            package.writestr(info, content)
    return packed.getvalue()


def _headers(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    """Change a field in one of a zip archive's headers: sizes, offsets, methods, flags."""
    found = [m.start() for m in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", data)]
    at = rng.choice(found or [0]) + rng.randrange(4, 46)
    value = struct.pack("<I", rng.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFF, rng.randrange(1 << 32))))
    width = rng.choice((1, 2, 4))
    return data[:at] + value[:width] + data[at + width :]


def _streams(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Unpack a stream of a PDF, damage its content and put it back, with a length that may be wrong."""
    found = [m for m in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL) if m[1][:1] == b"x"]
    if not found:
        return _flip(data, rng, others)
    match = rng.choice(found)
    try:
        content = zlib.decompress(match[1])
    except zlib.error:
        return _flip(data, rng, others)
    damaged = zlib.compress(rng.choice((_number, _flip, _double, _swap, _cut))(content, rng, others))
    return data[: match.start(1)] + damaged + data[match.end(1) :]
