"""The charts of a report: the question each answers, a sentence with the answer, and the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.export.html.counting import BINS, NO_AGENCY, NO_AREA, NO_DATE, Count, Counts, leaders
from pipeline.export.html.shown import assertion_name, category_name
from pipeline.export.html.specs import Row, Spec, bars, cells, columns
from pipeline.export.html.wording import agency_name, first_pair, plural, said_of_leaders

AREAS = 25
NONE, WRONG = "none", "wrong"  # how a filter asks for findings without a date or an agency, and for what went wrong
SURE, UNSURE = "the model is sure of", "need review"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with the sentence that says what it shows; `table` has the same numbers, `head` its columns."""

    id: str
    question: str
    sentence: str
    spec: Spec
    head: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]
    counted_by: bool = True


def charts_of(counts: Counts) -> tuple[Chart, ...]:
    """The charts for which there is anything to show."""
    if not counts.findings:
        return ()
    makers = (_categories, _assertions, _years, _agencies, _together, _areas, _scores)
    return tuple(chart for chart in (make(counts) for make in makers) if chart.table)


def _categories(counts: Counts) -> Chart:
    rows = [_row(n, Category=category_name(c), filter=_where(counts, category=c)) for c, n in counts.categories.items()]
    rows.sort(key=lambda row: -row["reports"])
    sentence = said_of_leaders({category_name(c): n for c, n in counts.categories.items()}, counts.reports)
    return _chart(
        "categories",
        "What went wrong, and how often?",
        sentence,
        bars(rows, "Category", "Category"),
        ("Category",),
        rows,
    )


def _years(counts: Counts) -> Chart:
    rows = [
        _row(n, Category=category_name(c), Year=year, filter=_where(counts, category=c, year=NONE if year == NO_DATE else year))
        for (c, year), n in counts.by_year.items()
    ]  # fmt: skip
    years = sorted({row["Year"] for row in rows} - {NO_DATE}) + [NO_DATE] * any(r["Year"] == NO_DATE for r in rows)
    undated = counts.reports_by_year.get(NO_DATE, 0)
    parts = [
        f"{plural(counts.reports - undated, 'report')} with a date" + (f", {undated:,} without." if undated else ".")
    ]
    top = leaders({k: n for k, n in counts.by_year.items() if k[1] != NO_DATE}, lambda n: n.reports)
    if top:
        (category, year), more = top[0], f" ({len(top) - 1:,} more are as full)" if len(top) > 1 else ""
        parts.append(
            f"The fullest cell is {category_name(category)} in {year}{more}: {counts.by_year[top[0]].reports:,} of that year’s "
            f"{plural(counts.reports_by_year[year], 'report')}. A year with more reports has more of everything."
        )
    return _grid(
        "years", "When was it reported?", " ".join(parts), rows=rows, across="Year", order=years, counts=counts
    )


def _agencies(counts: Counts) -> Chart:
    rows = [
        _row(n, Category=category_name(c), Agency=agency_name(t), filter=_where(counts, category=c, agency=NONE if t == NO_AGENCY else t))
        for (c, t), n in counts.by_agency.items()
    ]  # fmt: skip
    order = sorted({row["Agency"] for row in rows} - {agency_name(NO_AGENCY)})
    order += [agency_name(NO_AGENCY)] * any(row["Agency"] == agency_name(NO_AGENCY) for row in rows)
    named = {k: n for k, n in counts.by_agency.items() if k[1] != NO_AGENCY}
    top = leaders(named, lambda n: n.reports)
    sentence = f"{plural(counts.unattributed.mentions, 'finding')} of {counts.went_wrong.mentions:,} name nobody."
    if top:
        pair = first_pair([(c, agency_name(t)) for c, t in top])
        sentence += f" Otherwise most frequent: {pair}, {plural(named[top[0]].reports, 'report')}."
        sentence += " A finding with two kinds of agency counts for both."
    return _grid(
        "agencies", "Whose failings are they?", sentence, rows=rows, across="Agency", order=order, counts=counts
    )


def _areas(counts: Counts) -> Chart:
    named = {area: n for area, n in counts.areas.items() if area != NO_AREA}
    rows = [_row(n, Area=area, filter=_where(counts, area=area)) for area, n in list(named.items())[:AREAS]]
    unnamed = counts.areas.get(NO_AREA, Count(0, 0))
    more = f" The {AREAS} with the most reports of {len(named):,} are shown." if len(named) > AREAS else ""
    without = (
        f" {plural(unnamed.reports, 'report')} with {plural(unnamed.mentions, 'mention')} name no area."
        if unnamed.reports
        else ""
    )
    return _chart(
        "areas",
        "Where?",
        said_of_leaders(named, counts.reports) + more + without,
        bars(rows, "Area", "Area"),
        ("Area",),
        rows,
    )


def _together(counts: Counts) -> Chart:
    rows = []
    for (a, b), n in counts.together.items():
        filters = _where(counts, category=a, also=b)
        rows.append(_row(n, Category=category_name(a), With=category_name(b), filter=filters))
        rows.append(_row(n, Category=category_name(b), With=category_name(a), filter=filters))
    order = [category_name(c) for c in counts.categories]
    by_report = leaders(counts.together, lambda n: n.reports)
    by_mention = leaders(counts.together, lambda n: n.mentions)
    sentence = "By report: both are somewhere in the same report. By mention: the same finding has both; a cell leads to these."
    if by_report:
        sentence += (
            f" Most often together in a report: {first_pair(by_report)} ({counts.together[by_report[0]].reports:,})"
        )
        sentence += (
            f"; in a finding: {first_pair(by_mention)} ({counts.together[by_mention[0]].mentions:,})."
            if by_mention
            else "."
        )
    return _grid(
        "together", "What goes wrong together?", sentence, rows=rows, across="With", order=order, counts=counts
    )


def _assertions(counts: Counts) -> Chart:
    rows = [_row(n, Assertion=assertion_name(a), filter={"assertion": a}) for a, n in counts.assertions.items()]
    shares_of = sorted(rows, key=lambda row: -row["mentions"])
    shares = ", ".join(f"{row['Assertion'].lower()} {row['mentions'] / counts.findings:.0%}" for row in shares_of)
    sentence = f"Of {plural(counts.findings, 'finding')}: {shares}."
    return _chart(
        "assertions", "How do the reports put it?", sentence, bars(rows, "Assertion", "Assertion"), ("Assertion",), rows
    )


def _scores(counts: Counts) -> Chart:
    rows = [_bin(place, n, half=UNSURE if unsure else SURE) for (place, unsure), n in sorted(counts.scores.items())]
    sentence = (
        f"{plural(counts.to_review, 'finding')} of {counts.findings:,} ({counts.to_review / counts.findings:.0%}) need review. "
        "The score is that of a finding’s most probable category, 1.00 where people decided."
    )
    spec = columns(rows, titles=("Score", "Findings"), halves=(SURE, UNSURE))
    return _chart(
        "scores", "How sure is the model?", sentence, spec, ("Score", "Findings that"), rows, counted_by=False
    )


def _bin(place: int, count: Count, *, half: str) -> Row:
    """A row for findings with scores in hundredths from `low` to before `high`; the last holds 1.00 too."""
    low, high = place / BINS, (place + 1) / BINS
    chosen = {"score": f"{low:.2f}", "to": f"{high - 0.01:.2f}" if high < 1 else ""}
    shown = {"from": low, "to": high, "Score": f"{low:.2f} to {high:.2f}", "half": half, "Findings that": half}
    return _row(count, **shown, filter=chosen)


def _where(counts: Counts, **chosen: str) -> dict[str, str]:
    """The filter of the table that shows what is counted."""
    only_wrong = counts.went_wrong.mentions < counts.findings
    return chosen | ({"assertion": WRONG} if only_wrong else {})


def _row(count: Count, **shown: object) -> Row:
    return {**shown, **count._asdict()}


def _grid(
    id_: str, question: str, sentence: str, *, rows: list[Row], across: str, order: Sequence[str], counts: Counts
) -> Chart:
    down = [category_name(c) for c in counts.categories]
    titles = {"With": "and", "Agency": "Kind of agency"}.get(across, across)
    spec = cells(rows, across, "Category", titles=(titles, "Category"), order=(order, down))
    rows = sorted(rows, key=lambda row: (down.index(row["Category"]), order.index(row[across])))
    return _chart(id_, question, sentence, spec, ("Category", across), rows)


def _chart(
    id_: str,
    question: str,
    sentence: str,
    spec: Spec,
    names: tuple[str, ...],
    rows: Sequence[Row],
    *,
    counted_by: bool = True,
) -> Chart:
    table = tuple((*(str(row[name]) for name in names), f"{row['reports']:,}", f"{row['mentions']:,}") for row in rows)
    return Chart(id_, question, sentence, spec, (*names, "Reports", "Mentions"), table, counted_by)
