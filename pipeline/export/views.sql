-- Counts by report and by mention, which answer different questions: in how many reports does it come up, and how often is it said?

CREATE VIEW category_counts AS
SELECT category, count(DISTINCT report_id) AS reports, count(*) AS mentions,
       (SELECT count(*) FROM reports) AS of_reports
FROM finding_categories JOIN findings USING (finding_id)
GROUP BY category
ORDER BY reports DESC, mentions DESC, category;

CREATE VIEW category_counts_by_year AS
SELECT r.year, c.category, count(DISTINCT f.report_id) AS reports, count(*) AS mentions,
       (SELECT count(*) FROM reports AS o WHERE o.year IS NOT DISTINCT FROM r.year) AS of_reports
FROM finding_categories AS c JOIN findings AS f USING (finding_id) JOIN reports AS r USING (report_id)
GROUP BY r.year, c.category
ORDER BY r.year, reports DESC, mentions DESC, c.category;

CREATE VIEW category_counts_by_agency AS
SELECT agency, agency_type, category, count(DISTINCT report_id) AS reports, count(DISTINCT finding_id) AS mentions
FROM actors JOIN finding_categories USING (finding_id) JOIN findings USING (finding_id)
WHERE role <> 'mentioned' AND agency IS NOT NULL
GROUP BY agency, agency_type, category
ORDER BY reports DESC, mentions DESC, agency, agency_type, category;

CREATE VIEW category_counts_by_agency_type AS
SELECT agency_type, category, count(DISTINCT report_id) AS reports, count(DISTINCT finding_id) AS mentions
FROM actors JOIN finding_categories USING (finding_id) JOIN findings USING (finding_id)
WHERE role <> 'mentioned'
GROUP BY agency_type, category
ORDER BY reports DESC, mentions DESC, agency_type, category;
