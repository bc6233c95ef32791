"""Label Studio's labelling interface, made from the taxonomy. `annotations/labelling.xml` is that of the shipped one."""

from collections.abc import Iterator
from colorsys import hls_to_rgb, rgb_to_hls
from xml.sax.saxutils import quoteattr

from pipeline.annotate.regions import ACTOR, ACTOR_LABEL, ASSERTION, CATEGORY, COMMENT, FULLY_READ, ROLES, TEXT
from pipeline.export.colours import Colour, colour_of
from pipeline.report import ASSERTIONS
from pipeline.taxonomy import Taxonomy

CATEGORY_KEYS = "1234567890qwertyuiop"
ASSERTION_KEYS = "asdf"
ACTOR_KEY = "g"
READ_KEY = "x"
LIGHTNESS = 0.45
ACTOR_COLOUR = "#5f6b7a"
SAID = {
    "failing": "Something went wrong, was lacking or still is, by the report's own account",
    "alleged": "A claim by a family, party or witness that the report only reports",
    "recommendation": "What should be done, without describing the lapse",
    "remedied": "A lapse has been put right, practice was good, or a failing is denied",
}

_STYLE = """
    .labels-bar { position: sticky; top: 0; z-index: 5; background: var(--color-neutral-background, #fff); padding-bottom: 4px;
      border-bottom: 1px solid var(--color-neutral-border, #ccc); }
    .labels-bar > div { margin: 2px 0 !important; }
    .report-text { max-width: 75ch; line-height: 1.6; white-space: pre-wrap; }
    .report-place { color: #666; font-size: 12px; }
"""


def labelling_config(taxonomy: Taxonomy) -> str:
    """The interface as XML: a region has categories (core ones first) and an assertion, actors are regions related to it."""
    return "\n".join(["<View>", f"  <Style>{_STYLE}  </Style>", *_controls(taxonomy), "</View>", ""])


def _controls(taxonomy: Taxonomy) -> Iterator[str]:
    yield '  <View className="labels-bar">'
    yield f'    <Labels name="{CATEGORY}" toName="{TEXT}" choice="multiple" showInline="true">'
    in_order = sorted(taxonomy.categories, key=lambda c: not c.core)
    for number, category in enumerate(in_order):
        colour = _dark(colour_of(category.id))
        key = f' hotkey="{CATEGORY_KEYS[number]}"' if number < len(CATEGORY_KEYS) else ""
        hint = quoteattr(category.definition)
        yield f'      <Label value={quoteattr(category.name)} background="{colour}"{key} hint={hint}/>'
    yield "    </Labels>"
    yield f'    <Labels name="{ACTOR}" toName="{TEXT}" showInline="true">'
    hint = quoteattr(
        "Words that name who is responsible, or whom the recommendation addresses; relate the finding to them"
    )
    yield f'      <Label value="{ACTOR_LABEL}" background="{ACTOR_COLOUR}" hotkey="{ACTOR_KEY}" hint={hint}/>'
    yield "    </Labels>"
    yield (
        f'    <Choices name="{ASSERTION}" toName="{TEXT}" perRegion="true" whenTagName="{CATEGORY}" choice="single-radio"'
        ' showInline="true" required="true" requiredMessage="Say for every finding how the report puts it">'
    )
    for assertion, key in zip(ASSERTIONS, ASSERTION_KEYS, strict=True):
        yield f'      <Choice value="{assertion}" hotkey="{key}" hint={quoteattr(SAID[assertion])}/>'
    yield "    </Choices>"
    yield "  </View>"
    yield '  <Header value="$title" size="4"/>'
    yield '  <View className="report-place"><Header value="$place" size="6"/></View>'
    yield '  <View className="report-text">'
    yield f'    <Text name="{TEXT}" value="$text" granularity="symbol" saveTextResult="no"/>'
    yield "  </View>"
    yield "  <Relations>"
    yield from (f'    <Relation value="{role}"/>' for role in ROLES)
    yield "  </Relations>"
    yield f'  <Choices name="{FULLY_READ}" toName="{TEXT}" choice="multiple" showInline="true">'
    yield f'    <Choice value="I have read all of this part" hotkey="{READ_KEY}"/>'
    yield "  </Choices>"
    yield f'  <TextArea name="{COMMENT}" toName="{TEXT}" placeholder="Comment (optional)" rows="2" maxSubmissions="1"/>'


def _dark(colour: Colour) -> str:
    """The colour of highlights made dark enough for the white words that Label Studio puts on it; it fades it on the text by itself."""
    hue, _, saturation = rgb_to_hls(*(part / 255 for part in colour))
    return "#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in hls_to_rgb(hue, LIGHTNESS, saturation)))
