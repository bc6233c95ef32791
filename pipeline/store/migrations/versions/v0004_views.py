"""Views for dashboards and BI tools: flat, with dates as years, names joined, and nothing of a report's text but quotes.

`pipeline/store/views.py` lists their columns, docs/dashboards.md says what they mean. A later migration that rebuilds a table below a
view has to drop the views first and make them again.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

# What the report's table or file says goes before what was read from its words.
HEADS = """
SELECT report_id, title, said_date AS date,
    CASE WHEN length(said_date) >= 4 AND ltrim(substr(said_date, 1, 4), '0123456789') = ''
        THEN CAST(substr(said_date, 1, 4) AS INTEGER) END AS year,
    area, coroner, source, url
FROM (
    SELECT r.report_id, r.source, r.title, r.url, {date} AS said_date, {area} AS area, {coroner} AS coroner
    FROM reports r
) AS said
"""
SAID = (
    "coalesce(r.{0}, "
    "(SELECT value FROM facts WHERE facts.report_id = r.report_id AND field = '{0}' ORDER BY number LIMIT 1))"
)

JOINED = "(SELECT {join}({what}, '; ') FROM ({rows}) AS sorted)"
CATEGORIES = "SELECT category FROM finding_categories c WHERE c.finding_id = f.finding_id ORDER BY score DESC, category"
AGENCIES = (
    "SELECT agency FROM actors a WHERE a.finding_id = f.finding_id AND role <> 'mentioned' AND agency IS NOT NULL "
    "GROUP BY agency ORDER BY min(start_char), agency"
)
TYPES = (
    "SELECT agency_type FROM actors a WHERE a.finding_id = f.finding_id AND role <> 'mentioned' "
    "GROUP BY agency_type ORDER BY min(start_char), agency_type"
)
ADDRESSEES = (
    "SELECT coalesce(agency, text) AS addressee FROM addressees a WHERE a.recommendation_id = c.recommendation_id "
    "GROUP BY coalesce(agency, text) ORDER BY min(start_char), coalesce(agency, text)"
)

FINDINGS = """
SELECT f.finding_id, f.quote, f.assertion, f.assertion_score,
    ({categories} LIMIT 1) AS category,
    (SELECT max(score) FROM finding_categories c WHERE c.finding_id = f.finding_id) AS category_score,
    {joined_categories} AS categories, {joined_agencies} AS agencies, {joined_types} AS agency_types,
    f.needs_review, f.reviewed_by, f.report_id, r.title, r.date, r.year, r.area, r.coroner, r.source, r.url,
    f.section, f.concern, f.speaker_kind, f.page, f.start_char, f.end_char, f.link, f.id
FROM findings f JOIN v_reports r ON r.report_id = f.report_id
"""

FINDING_CATEGORIES = """
SELECT f.finding_id, c.category, c.score, f.assertion, f.needs_review, f.reviewed_by, f.report_id, r.title, r.date, r.year, r.area
FROM finding_categories c
JOIN findings f ON f.finding_id = c.finding_id
JOIN v_reports r ON r.report_id = f.report_id
"""

BY_YEAR_CATEGORY = """
SELECT year, category, count(*) AS mentions, count(DISTINCT report_id) AS reports
FROM v_finding_categories GROUP BY year, category
"""

AGENCY_COUNTS = """
SELECT a.agency, a.agency_type, count(DISTINCT a.finding_id) AS findings, count(DISTINCT f.report_id) AS reports
FROM actors a JOIN findings f ON f.finding_id = a.finding_id
WHERE a.role <> 'mentioned' AND a.agency IS NOT NULL
GROUP BY a.agency, a.agency_type
"""

RECOMMENDATIONS = """
SELECT c.recommendation_id, c.quote, {joined_addressees} AS addressees, c.deadline,
    (SELECT count(*) FROM answers a WHERE a.recommendation_id = c.recommendation_id) AS answers,
    c.concern, c.report_id, r.title, r.date, r.year, r.area, r.source, r.url, c.start_char, c.end_char
FROM recommendations c JOIN v_reports r ON r.report_id = c.report_id
"""

COOCCURRENCE = """
SELECT near.category_a, near.category_b, coalesce(same.findings, 0) AS findings, near.reports
FROM (
    SELECT a.category AS category_a, b.category AS category_b, count(*) AS reports
    FROM (SELECT DISTINCT report_id, category FROM v_finding_categories) AS a
    JOIN (SELECT DISTINCT report_id, category FROM v_finding_categories) AS b
        ON a.report_id = b.report_id AND a.category < b.category
    GROUP BY a.category, b.category
) AS near
LEFT JOIN (
    SELECT a.category AS category_a, b.category AS category_b, count(*) AS findings
    FROM finding_categories a JOIN finding_categories b ON a.finding_id = b.finding_id AND a.category < b.category
    GROUP BY a.category, b.category
) AS same ON same.category_a = near.category_a AND same.category_b = near.category_b
"""


def upgrade() -> None:
    """Make the views."""
    for name, query in views_sql(op.get_bind().dialect.name).items():
        op.execute(f"CREATE VIEW {name} AS {query.strip()}")


def views_sql(dialect: str) -> dict[str, str]:
    """The query of each view in the order of making."""
    join = "group_concat" if dialect == "sqlite" else "string_agg"

    def joined(what: str, rows: str) -> str:
        return JOINED.format(join=join, what=what, rows=rows)

    return {
        "v_reports": HEADS.format(**{name: SAID.format(name) for name in ("date", "area", "coroner")}),
        "v_findings": FINDINGS.format(
            categories=CATEGORIES,
            joined_categories=joined("category", CATEGORIES),
            joined_agencies=joined("agency", AGENCIES),
            joined_types=joined("agency_type", TYPES),
        ),
        "v_finding_categories": FINDING_CATEGORIES,
        "v_findings_by_year_category": BY_YEAR_CATEGORY,
        "v_agencies": AGENCY_COUNTS,
        "v_recommendations": RECOMMENDATIONS.format(joined_addressees=joined("addressee", ADDRESSEES)),
        "v_cooccurrence": COOCCURRENCE,
    }
