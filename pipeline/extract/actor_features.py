"""What the choice of actors goes by: the names of the features of each mention in a passage."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extract.clauses import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    MODALS,
    NEGATIVES,
    PREPOSITIONS,
    Clause,
    Verb,
    at,
    clause,
    form,
    lists,
    there_was,
)
from pipeline.extract.words import Mention, Tokens
from pipeline.report import Assertion

STRANGER, NUMBER, NO_CLASS = "*", "0", -1
WINDOW, NEAR, STEM = 10, 4, 6
LONGEST_PHRASE = 5
CROSSED = ("kind=", "type=", "left=", "phrase=", "last=", "right=", "number,kind=", "begun,kind=")


@dataclass(frozen=True, slots=True)
class Statement:
    """A passage that is a finding, how it puts the failure, and what it is about."""

    start: int
    end: int
    assertion: Assertion = "failing"
    categories: tuple[str, ...] = ()
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that may be features: those of the lexicon, and classes of words that are used alike."""

    familiar: frozenset[str]
    classes: Mapping[str, int]


def describe(
    passage: Tokens, mentions: Sequence[Mention], statement: Statement, vocabulary: Vocabulary
) -> list[set[str]]:
    """The names of the features of each of the passage's mentions.

    A word in capitals that is not familiar, such as a person's name, is no part of them.
    """
    if not mentions:
        return []
    low = [_masked(word, lower, vocabulary.familiar) for word, lower in zip(passage.words, passage.lower, strict=True)]
    negative = any(word in NEGATIVES for word in low)
    there, opening = there_was(low), " ".join(low[:2])
    described = []
    for number, (mention, (first, last)) in enumerate(zip(mentions, lists(low, mentions), strict=True)):
        around = clause(low, mentions[first].start, mentions[last].end)
        features = {
            f"open={opening}",
            f"listed={first != last},{number == first}",
            *_self(passage, low, mention),
            *_around(low, mention, negative=negative),
            *_place(low, mentions, number),
            *_clause(around, _kind(mention), vocabulary.classes),
            *_beside(low, mentions, number),
        }
        if there:
            features |= {f"there={there}", f"there,l={there},{around.left}"}
        features.update(_stated(features, statement))
        described.append(features)
    return described


def _masked(word: str, lower: str, familiar: frozenset[str]) -> str:
    if word == lower:
        return NUMBER if word[0].isdigit() else word
    return lower if lower in familiar else STRANGER


def _self(passage: Tokens, low: list[str], mention: Mention) -> Iterator[str]:
    start, end = mention.start, mention.end
    phrase = " ".join(low[mention.head : end]) if end - mention.head <= LONGEST_PHRASE else low[end - 1]
    yield f"kind={_kind(mention)}"
    yield f"type={mention.entry.type}"
    yield f"phrase={phrase}"
    yield f"full={' '.join(low[start:end])}"
    yield f"last={low[end - 1]}"
    yield f"width={min(end - start, 5)}"
    yield f"capital={passage.words[start][0].isupper()}{passage.words[end - 1][0].isupper()}{low[end - 1]}"


def _around(low: list[str], mention: Mention, *, negative: bool) -> Iterator[str]:
    start, end, kind, type_ = mention.start, mention.end, _kind(mention), mention.entry.type
    last, article = low[end - 1], at(low, start - 1)
    article = article if article in DETERMINERS else ""
    before = start - 1 - bool(article)
    owns = at(low, end) == "'"
    after = end + (2 if owns and at(low, end + 1) == "s" else int(owns))
    left, left2, right, right2 = at(low, before), at(low, before - 1), at(low, after), at(low, after + 1)
    verb = after
    while verb < min(len(low), after + 6) and low[verb] in AUXILIARIES:
        verb += 1
    helpers = " ".join(low[after:verb])
    yield from (f"det={article}", f"det,last={article},{last}", f"det,kind={article},{kind}", f"owns={owns}{kind}")
    yield from (f"left={left}", f"left2={left2} {left}", f"left,det={left},{article}", f"left,last={left},{last}")
    yield from (f"left,kind={left},{kind}", f"left,type={left},{type_}", f"governor={left2[:STEM]},{left}")
    yield from (
        f"right={right}",
        f"right2={right} {right2}",
        f"right,last={right},{last}",
        f"right,kind={right},{kind}",
    )
    yield from (f"right,type={right},{type_}", f"left,right={left},{right}", f"negative={negative},{left}")
    if helpers:
        yield from (f"helpers={helpers}", f"helpers,kind={helpers},{kind}", f"verb={at(low, verb)[:STEM]}")
    yield from (f"L={word[:STEM]}" for word in low[max(0, start - WINDOW) : start])
    yield from (f"l={word[:STEM]}" for word in low[max(0, start - NEAR) : start])
    yield from (f"R={word[:STEM]}" for word in low[end : end + WINDOW])
    yield from (f"r={word[:STEM]}" for word in low[end : end + NEAR])
    begun = any(word in AUXILIARIES for word in low[:start])
    yield from (f"begun,kind={begun},{kind}", f"begun,left={begun},{left}")


def _place(low: list[str], mentions: Sequence[Mention], number: int) -> Iterator[str]:
    mention, count = mentions[number], min(len(mentions), 5)
    yield from (f"number={min(number, 3)}", f"count={count}", f"number,count={min(number, 3)},{count}")
    yield f"number,kind={min(number, 2)},{_kind(mention)}"
    yield f"from start={min(mention.start, 40) // 3}"
    yield f"to end={min(len(low) - mention.end, 12)}"
    yield f"length={min(len(low), 80) // 8}"


def _clause(around: Clause, kind: str, classes: Mapping[str, int]) -> Iterator[str]:
    left, governor, begun, subject = around.left, around.governor, around.begun, around.subject
    if left in PREPOSITIONS:
        yield from (f"prep={left},{governor[:STEM]}", f"prep,kind={left},{kind}")
        yield f"prep,class={left},{classes.get(governor, NO_CLASS)}"
    else:
        yield f"left class={classes.get(left, NO_CLASS)}"
    opener, before = around.opener, around.before_opener
    yield from (f"bound={opener},{begun}", f"bound2={before[:STEM]},{opener},{begun}")
    yield f"bound,kind={opener},{begun},{kind}"
    yield f"bound,class={classes.get(before, NO_CLASS)},{opener},{begun}"
    yield f"subject={subject}"
    if begun:
        yield from _object(around, classes)
    if around.verb:
        yield from _verb(around.verb, kind, classes, subject=subject)
    else:
        right = around.right
        yield from (f"verbless={subject},{right[:STEM]},{left}", f"verbless,kind={subject},{kind},{left}")
        yield f"verbless,class={subject},{classes.get(right, NO_CLASS)}"
    if around.owns:
        yield f"owned={around.right[:STEM]}"
    yield f"right class={classes.get(around.right, NO_CLASS)}"


def _object(around: Clause, classes: Mapping[str, int]) -> Iterator[str]:
    words, left = around.words, around.left
    last = max(i for i, word in enumerate(words) if word in AUXILIARIES)
    verb = at(words, last + 1)
    helpers = [word for word in words[: last + 1] if word in AUXILIARIES]
    passive = not BE.isdisjoint(words)
    yield from (f"by verb={verb[:STEM]}", f"by verb,left={verb[:STEM]},{left}", f"by helpers={' '.join(helpers)}")
    yield f"by class={classes.get(verb, NO_CLASS)},{left}"
    yield f"by negative={any(word in NEGATIVES for word in words)},{left}"
    yield f"by voice={form(verb)},{passive},{left}"


def _verb(verb: Verb, kind: str, classes: Mapping[str, int], *, subject: bool) -> Iterator[str]:
    stem, voice, negated = verb.word[:STEM], verb.voice, verb.negated
    modal = next((word for word in verb.helpers if word in MODALS), "")
    yield from (f"voice={voice},{negated},{(verb.gap + 2) // 3}", f"voice,subject={voice},{negated},{subject}")
    yield from (f"voice,modal={voice},{negated},{modal},{subject}", f"voice,kind={voice},{negated},{subject},{kind}")
    yield from (f"voice,verb={stem},{voice}", f"verb,negated={stem},{negated},{subject}", f"voice,by={voice},{verb.by}")
    yield f"verb class={classes.get(verb.word, NO_CLASS)},{voice},{negated}"
    yield f"all helpers={' '.join(verb.helpers)},{subject}"


def _beside(low: list[str], mentions: Sequence[Mention], number: int) -> Iterator[str]:
    """Of the mentions before and after it."""
    mention = mentions[number]
    for side, i in (("<", number - 1), (">", number + 1)):
        if 0 <= i < len(mentions):
            other = mentions[i]
            gap = low[min(mention.end, other.end) : max(mention.start, other.start)]
            yield f"{side}kind={_kind(other)},{_kind(mention)}"
            yield f"{side}type={other.entry.type},{mention.entry.type}"
            yield f"{side}same={other.entry.type == mention.entry.type}"
            yield f"{side}last={low[other.end - 1]}"
            yield f"{side}gap={' '.join(gap) if len(gap) < 4 else min(len(gap) // 4, 6)}"


def _stated(features: set[str], statement: Statement) -> list[str]:
    crossed = [name for name in features if name.startswith(CROSSED)]
    abouts = (*statement.categories, statement.assertion)
    return [f"section={statement.section}", *abouts, *(f"{about}&{name}" for about in abouts for name in crossed)]


def _kind(mention: Mention) -> str:
    return mention.entry.kind + ("+" if mention.entry.agency else "")
