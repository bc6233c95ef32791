"""Decides to which of a passage's mentions the lapse or the recommendation is attributed: a logistic model over words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.extract.mentions import Mention, Tokens

WEIGHTS_PATH = Path(__file__).with_name("attribution.json")
KEYS = {"bias", "threshold", "weights"}
EDGE, STRANGER, NUMBER = "^", "*", "0"
WINDOW, NEAR, STEM = 10, 4, 6
LONGEST_PHRASE = 5
DETERMINERS = frozenset(
    "the a an all any his her their its your our other another these those this that both each every some no many".split()
)
AUXILIARIES = frozenset(
    "is are was were has have had did do does should could would must may might can cannot will failed fails need needs "
    "not been to never be also then only made took gave used".split()
)
NEGATIVES = frozenset(
    "not never no lack lacked failed failure failures fail without unable insufficient inadequate poor missed omitted none "
    "nor neither delay delayed".split()
)


@dataclass(frozen=True, slots=True)
class Selector:
    """Weights of named features; a mention whose probability reaches `threshold` is an actor."""

    bias: float
    threshold: float
    weights: Mapping[str, float]

    def probability(self, features: set[str]) -> float:
        """The probability that gold would mark a mention with these features."""
        weights = self.weights
        return 1 / (1 + exp(-self.bias - fsum(weights[name] for name in features if name in weights)))


def load_selector(path: Path = WEIGHTS_PATH) -> Selector:
    """Read the weights that `scripts/train_actors.py` wrote; ModelError when they cannot be used."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if set(data) != KEYS:
            raise ModelError(f"{path.name}: keys are {sorted(data)}, must be {sorted(KEYS)}")
        weights = {str(name): float(weight) for name, weight in data["weights"].items()}
        return Selector(float(data["bias"]), float(data["threshold"]), weights)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path.name}: cannot be read: {error}") from error


def describe(passage: Tokens, mentions: Sequence[Mention], *, familiar: frozenset[str]) -> list[set[str]]:
    """The names of the features of each of the passage's mentions.

    A word in capitals that is not `familiar`, such as a person's name, is no part of them.
    """
    low = [_masked(word, lower, familiar) for word, lower in zip(passage.words, passage.lower, strict=True)]
    negative = any(word in NEGATIVES for word in low)
    return [
        {*_self(passage, low, mention), *_around(low, mention, negative=negative), *_place(low, mentions, number)}
        for number, mention in enumerate(mentions)
    ]


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
    last, article = low[end - 1], _at(low, start - 1)
    article = article if article in DETERMINERS else ""
    before = start - 1 - bool(article)
    owns = _at(low, end) == "'"
    after = end + (2 if owns and _at(low, end + 1) == "s" else int(owns))
    left, left2, right, right2 = _at(low, before), _at(low, before - 1), _at(low, after), _at(low, after + 1)
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
        yield from (f"helpers={helpers}", f"helpers,kind={helpers},{kind}", f"verb={_at(low, verb)[:STEM]}")
    for word in low[max(0, start - WINDOW) : start]:
        yield f"L={word[:STEM]}"
    for word in low[max(0, start - NEAR) : start]:
        yield f"l={word[:STEM]}"
    for word in low[end : end + WINDOW]:
        yield f"R={word[:STEM]}"
    for word in low[end : end + NEAR]:
        yield f"r={word[:STEM]}"
    begun = any(word in AUXILIARIES for word in low[:start])
    yield from (f"begun,kind={begun},{kind}", f"begun,left={begun},{left}")


def _place(low: list[str], mentions: Sequence[Mention], number: int) -> Iterator[str]:
    mention, count = mentions[number], min(len(mentions), 5)
    yield from (f"number={min(number, 3)}", f"count={count}", f"number,count={min(number, 3)},{count}")
    yield f"number,kind={min(number, 2)},{_kind(mention)}"
    yield f"from start={min(mention.start, 40) // 3}"
    yield f"to end={min(len(low) - mention.end, 12)}"
    yield f"length={min(len(low), 80) // 8}"


def _kind(mention: Mention) -> str:
    return mention.entry.kind + ("+" if mention.entry.agency else "")


def _at(words: list[str], i: int) -> str:
    return words[i] if 0 <= i < len(words) else EDGE
