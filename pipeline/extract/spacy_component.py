"""The spaCy component `failings`: findings as spans of a Doc, for pipelines that spaCy runs."""

from typing import TYPE_CHECKING

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

if TYPE_CHECKING:
    from pipeline.report import Analysed, CategoryScore, Finding

KEY = "failings"


class FailingsComponent:
    """Puts a span for each finding and category into `doc.spans["failings"]`: `label_` is the category, `id_` the assertion.

    The group's attrs have a value a span, in the same order: `scores` (of the category), `assertion_scores`, `needs_review`,
    `agencies` (names, or words where the name is not known) and `offsets` [start, end) in `doc.text`, which a span rounds out
    to whole tokens.
    """

    def __init__(self, model: str | None, taxonomy: str | None, spans_key: str) -> None:
        self._model = model
        self._taxonomy = taxonomy
        self._key = spans_key

    def __call__(self, doc: Doc) -> Doc:
        """Find, and leave everything else in `doc` as it is."""
        doc.spans[self._key] = _group(doc, self._analysed(doc.text), self._key)
        return doc

    def _analysed(self, text: str) -> "Analysed":
        from pipeline.api.analysing import analyse  # noqa: PLC0415  (loads the model, when the first doc comes)

        return analyse(text, model=self._model, taxonomy=self._taxonomy)


@Language.factory(KEY, default_config={"model": None, "taxonomy": None, "spans_key": KEY})
def make_failings(
    nlp: Language,  # noqa: ARG001  (spaCy passes it)
    name: str,  # noqa: ARG001
    model: str | None,
    taxonomy: str | None,
    spans_key: str,
) -> FailingsComponent:
    """Make the component; `model` and `taxonomy` are as in `pipeline.analyse`."""
    return FailingsComponent(model, taxonomy, spans_key)


def _group(doc: Doc, analysed: "Analysed", key: str) -> SpanGroup:
    found = [(finding, category) for finding in analysed.findings for category in finding.categories]
    attrs = {
        "scores": np.array([category.score for _, category in found], np.float32),
        "assertion_scores": np.array([finding.assertion_score for finding, _ in found], np.float32),
        "needs_review": [finding.needs_review for finding, _ in found],
        "agencies": [[actor.agency or actor.text for actor in finding.actors] for finding, _ in found],
        "offsets": [[finding.start, finding.end] for finding, _ in found],
    }
    return SpanGroup(doc, name=key, spans=[_span(doc, *pair) for pair in found], attrs=attrs)


def _span(doc: Doc, finding: "Finding", category: "CategoryScore") -> Span:
    span = doc.char_span(
        finding.start, finding.end, label=category.id, span_id=finding.assertion, alignment_mode="expand"
    )
    assert span is not None  # noqa: S101  (a finding has words, and they are the doc's)
    return span
