"""Joins neighbouring mentions that name one actor: "officers at HMP X", "the ward of X Hospital", "X Trust (XT)"."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.extract.words import Mention, Tokens

ROLE_PLACED = {"at", "in", "of", "from", "within", "on", "for"}
BODY_PLACED = {"at", "of", "within", "from"}
ARTICLES = {"the", "a"}
OWNER: tuple[list[str], ...] = ([], ["'", "s"], ["'"])
OPENERS = {'"', "'", "“", "”", "the"}


def join(passage: Tokens, mentions: Iterable[Mention]) -> list[Mention]:
    """The mentions in order, those that belong together made one."""
    joined: list[Mention] = []
    for mention in mentions:
        if joined and (kept := _same(passage, joined[-1], mention)):
            joined[-1] = kept
        elif joined and _belong(passage, joined[-1], mention):
            joined[-1] = _one(passage, joined[-1], mention)
        else:
            joined.append(mention)
    return joined


def _one(passage: Tokens, left: Mention, right: Mention) -> Mention:
    head = left.head if passage.lower[left.end] in ROLE_PLACED else right.head
    entry = left.entry if left.entry.agency else right.entry
    return Mention(left.start, right.end, head, replace(entry, kind=right.entry.kind))


def _belong(passage: Tokens, left: Mention, right: Mention) -> bool:
    gap = passage.lower[left.end : right.start]
    if gap in OWNER:
        return True
    placed = {"role": ROLE_PLACED, "body": BODY_PLACED}.get(left.entry.kind, set())
    return right.entry.kind != "role" and gap[0] in placed and (gap[1:] == [] or gap[1:] in [[a] for a in ARTICLES])


def _same(passage: Tokens, left: Mention, right: Mention) -> Mention | None:
    """The longer of two names of one body, the shorter of which stands in brackets after it."""
    gap = passage.lower[left.end : right.start]
    if not gap or gap[0] != "(" or len(gap) > 3 or not set(gap[1:]) <= OPENERS:
        return None
    short = [_is_short(passage, mention) for mention in (left, right)]
    if short[0] == short[1]:
        return None
    kept, other = (right, left) if short[0] else (left, right)
    return kept if kept.entry.agency else replace(kept, entry=replace(kept.entry, agency=other.entry.agency))


def _is_short(passage: Tokens, mention: Mention) -> bool:
    word = passage.words[mention.start].rstrip("s")
    return mention.end == mention.start + 1 and len(word) > 1 and word[-1].isupper()
