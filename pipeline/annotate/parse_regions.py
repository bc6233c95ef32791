"""What an annotation's or a prediction's regions say: findings with their actors; nothing is guessed, what does not fit is a fault."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.annotate.records import ActorRole, Marked, MarkedActor, Part
from pipeline.annotate.regions import ACTOR, ASSERTION, CATEGORY, COMMENT, FULLY_READ, ROLES
from pipeline.errors import OffsetError
from pipeline.report import ASSERTIONS, Assertion, check_interval
from pipeline.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Fault:
    """What of an annotation cannot be read: `region` is the id of the region, or empty for the whole."""

    region: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an annotation's or a prediction's regions say; `faults` name the regions that are not in `marked`."""

    marked: tuple[Marked, ...]
    fully_read: bool
    comment: str
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class _Region:
    """The rows of one id: `place` in the part, None where no row says one that fits; `wrong` is what does not fit."""

    place: tuple[int, int] | None = None
    labels: list[str] = field(default_factory=list)
    assertions: list[str] = field(default_factory=list)
    actor: bool = False
    wrong: list[str] = field(default_factory=list)


def parse_result(result: Sequence[Mapping[str, Any]], part: Part, text: str, taxonomy: Taxonomy) -> Parsed:
    """Read the regions of an annotation or a prediction; `text` is that of the part. Nothing is guessed: what does not fit is a fault."""
    faults: list[Fault] = []
    regions = _regions(result, text, _ids(taxonomy), faults)
    actors = _actors(result, regions, faults)
    marked: dict[tuple[int, int], Marked] = {}
    for key, region in regions.items():
        start, end = region.place or (0, 0)
        place = (start + part.start, end + part.start)
        reason = _fault_of(region)
        if not reason and not region.actor and place in marked:
            reason = "a second finding on the same words: put its categories on the first one"
        if reason:
            faults.append(Fault(key, reason))
        elif not region.actor:
            mine = (replace(a, start=a.start + part.start, end=a.end + part.start) for a in actors.get(key, []))
            assertion: Assertion = region.assertions[0]  # type: ignore[assignment]
            marked[place] = Marked(*place, assertion, tuple(dict.fromkeys(region.labels)), tuple(sorted(mine)))
    ordered = tuple(marked[place] for place in sorted(marked))
    return Parsed(ordered, _ticked(result), _comment(result), tuple(faults))


def _ids(taxonomy: Taxonomy) -> dict[str, str]:
    return {c.id: c.id for c in taxonomy.categories} | {c.name: c.id for c in taxonomy.categories}


def _regions(
    result: Sequence[Mapping[str, Any]], text: str, ids: Mapping[str, str], faults: list[Fault]
) -> dict[str, _Region]:
    regions: dict[str, _Region] = {}
    for row in result:
        control, value, key = row.get("from_name"), row.get("value"), str(row.get("id", ""))
        if row.get("type") == "relation" or control in (FULLY_READ, COMMENT):
            continue
        if control not in (CATEGORY, ACTOR, ASSERTION):
            faults.append(Fault(key, f"control {control!r} is not one of ours"))
            continue
        region = regions.setdefault(key, _Region())
        _add(region, control, value if isinstance(value, Mapping) else {}, ids)
        _place(region, value if isinstance(value, Mapping) else {}, text)
    return regions


def _add(region: _Region, control: str, value: Mapping[str, Any], ids: Mapping[str, str]) -> None:
    if control == ACTOR:
        region.actor = True
    elif control == ASSERTION:
        region.assertions += value.get("choices") or []
    else:
        labels = value.get("labels") or []
        known = ", ".join(dict.fromkeys(ids.values()))
        region.wrong += [f"unknown category {name!r}; known: {known}" for name in labels if name not in ids]
        region.labels += [ids[name] for name in labels if name in ids]


def _place(region: _Region, value: Mapping[str, Any], text: str) -> None:
    fault = _misplaced(value, text)
    if fault:
        region.wrong.append(fault)
    elif region.place not in (None, (value["start"], value["end"])):
        region.wrong.append("its rows have different offsets")
    else:
        region.place = (value["start"], value["end"])


def _misplaced(value: Mapping[str, Any], text: str) -> str | None:
    start, end = value.get("start"), value.get("end")
    if type(start) is not int or type(end) is not int:
        return f"offsets {start!r} to {end!r} are not whole numbers"
    try:
        check_interval(start, end, within=len(text), what="region")
    except OffsetError as error:
        return str(error)
    words = value.get("text")
    if isinstance(words, str) and _bare(words) != _bare(text[start:end]):
        return f"[{start}, {end}) reads {text[start:end][:60]!r}, not {words[:60]!r}"
    return None


def _bare(words: str) -> str:
    """Without white space: Label Studio's page writes line ends as a backslash and an n."""
    return re.sub(r"\\n|\s", "", words)


def _fault_of(region: _Region) -> str | None:
    if region.wrong:
        return "; ".join(dict.fromkeys(region.wrong))
    if region.actor:
        return "both a finding and an actor: mark the actor as a region of its own" if region.labels else None
    if not region.labels:
        return "no category"
    if len(region.assertions) != 1:
        return f"{len(region.assertions) or 'no'} assertions; exactly one of {', '.join(ASSERTIONS)} is needed"
    if region.assertions[0] not in ASSERTIONS:
        return f"unknown assertion {region.assertions[0]!r}; valid: {', '.join(ASSERTIONS)}"
    return None


def _actors(
    result: Sequence[Mapping[str, Any]], regions: Mapping[str, _Region], faults: list[Fault]
) -> dict[str, list[MarkedActor]]:
    """Actors by the region of their finding: related to it, or else in it."""
    found: dict[str, list[MarkedActor]] = {}
    related = set()
    relations = [row for row in result if row.get("type") == "relation"]
    said_first = sorted(relations, key=lambda row: not row.get("labels"))
    for row in said_first:
        ends = [str(row.get("from_id", "")), str(row.get("to_id", ""))]
        findings = [e for e in ends if e in regions and not regions[e].actor]
        actors = [e for e in ends if e in regions and regions[e].actor]
        labels = row.get("labels") or []
        if len(findings) != 1 or len(actors) != 1 or len(labels) > 1 or any(label not in ROLES for label in labels):
            reason = f"relation {labels} to {ends[1]}: not from a finding to an actor as {' or '.join(ROLES)}"
            faults.append(Fault(ends[0], reason))
            continue
        related.add(actors[0])
        if not _attach(found, regions, findings[0], actors[0], labels[0] if labels else None):
            faults.append(Fault(actors[0], f"both {' and '.join(ROLES)} of {findings[0]}: keep one relation"))
    for key, region in regions.items():
        if region.actor and not _fault_of(region) and region.place and key not in related:
            finding = _closest_around(region.place, regions)
            if finding:
                _attach(found, regions, finding, key, None)
            else:
                faults.append(Fault(key, "an actor that is in no finding and related to none"))
    return found


def _closest_around(actor: tuple[int, int], regions: Mapping[str, _Region]) -> str | None:
    """The shortest finding in which the actor stands."""
    around = {
        key: region.place[1] - region.place[0]
        for key, region in regions.items()
        if region.place and not region.actor and region.place[0] <= actor[0] and actor[1] <= region.place[1]
    }
    return min(around, key=lambda key: around[key], default=None)


def _attach(
    found: dict[str, list[MarkedActor]],
    regions: Mapping[str, _Region],
    finding: str,
    actor: str,
    role: ActorRole | None,
) -> bool:
    """Add an actor to a finding; without a role it has that which the assertion makes usual. False where it has another one already."""
    place = regions[actor].place
    if place is None:
        return True
    usual: ActorRole = "addressee" if regions[finding].assertions[:1] == ["recommendation"] else "responsible"
    mine = found.setdefault(finding, [])
    known = next((a.role for a in mine if (a.start, a.end) == place), None)
    if known is None:
        mine.append(MarkedActor(*place, role or usual))
    return role is None or known in (None, role)


def _ticked(result: Sequence[Mapping[str, Any]]) -> bool:
    return any(row.get("from_name") == FULLY_READ and (row.get("value") or {}).get("choices") for row in result)


def _comment(result: Sequence[Mapping[str, Any]]) -> str:
    texts = [(row.get("value") or {}).get("text") for row in result if row.get("from_name") == COMMENT]
    parts = [part for text in texts if text for part in ([text] if isinstance(text, str) else text)]
    return "\n".join(parts)
