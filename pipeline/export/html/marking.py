"""A report's text with its findings highlighted in place."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from pipeline.export.html.shown import ShownFinding
from pipeline.taxonomy import ID

_START = Markup('<a class="at" id="f-{id}" href="#f-{id}" aria-label="Finding {number}. {label}">{number}</a>')
_END = Markup('<span class="hidden end"> (end of finding {number}) </span>')
_MARK = Markup('<mark class="{classes}" data-f="{ids}">{words}</mark>')


def marked_text(text: str, findings: Sequence[ShownFinding]) -> Markup:
    """The text as HTML: a numbered link where a finding begins, `<mark>` on its words, a hidden note where it ends.

    Where findings overlap, the words that they share are a `<mark>` of their own that names them all.
    """
    return Markup("").join(_pieces(text, findings))


def _pieces(text: str, findings: Sequence[ShownFinding]) -> Iterator[Markup]:
    edges = sorted({0, len(text), *(f.start for f in findings), *(f.end for f in findings)})
    for start, end in pairwise(edges):
        yield from (_END.format(number=f.number) for f in findings if f.end == start)
        for f in findings:
            if f.start == start:
                yield _START.format(id=f.finding_id, number=f.number, label=f.label)
        yield _piece(text[start:end], [f for f in findings if f.start <= start and end <= f.end])
    yield from (_END.format(number=f.number) for f in findings if f.end == edges[-1])


def _piece(words: str, around: Sequence[ShownFinding]) -> Markup:
    if not around:
        return _escaped(words)
    ids = " ".join(f.finding_id for f in around)
    return _MARK.format(classes=" ".join(_classes(around)), ids=ids, words=_escaped(words))


def _classes(around: Sequence[ShownFinding]) -> Iterator[str]:
    """The colour of the last finding that begins here, its assertion, and whether others share the words."""
    finding = around[-1]
    if finding.categories and ID.fullmatch(finding.categories[0][0]):
        yield f"k-{finding.categories[0][0]}"
    if ID.fullmatch(finding.assertion):
        yield f"a-{finding.assertion}"
    if len(around) > 1:
        yield "shared"


def _escaped(words: str) -> Markup:
    """HTML has no NUL, and takes a lone surrogate for an error."""
    return escape(words.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
