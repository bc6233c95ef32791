"""Passages that nobody labelled for the category at hand: what a head learns to leave alone."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.classify.sentences import LabelledText
from pipeline.report import Passage
from pipeline.taxonomy import Taxonomy


def taxonomy_sentences(taxonomy: Taxonomy, place: str) -> list[LabelledText]:
    """The examples of each category, and its near misses as sentences of none."""
    return [
        LabelledText(
            f"{place}: {sentence}", sentence, (Passage(0, len(sentence)),), (about,), f"{place}, [{category.id}]"
        )
        for category in taxonomy.categories
        for sentences, about in ((category.examples, frozenset({category.id})), (category.near_misses, frozenset()))
        for sentence in sentences
    ]


def taken_apart(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """Each passage as a text of its own, to be read without its context as single sentences are."""
    return [
        replace(text, text=quote, passages=(Passage(0, len(quote)),), categories=(categories,))
        for text in texts
        for passage, categories in zip(text.passages, text.categories, strict=True)
        for quote in (text.text[passage.start : passage.end],)
    ]
