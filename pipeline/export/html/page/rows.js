// Rows of the two tables, made as elements so that no text is ever read as HTML.
(() => {
  const element = (name, className, ...inside) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...inside);
    return made;
  };
  const cell = (label, ...inside) => {
    const made = element("td", "", ...inside);
    made.dataset.label = label;
    return made;
  };
  const link = (href, text) => {
    const made = element("a", "", text);
    made.href = href;
    return made;
  };

  const categories = (finding) => {
    const { index } = failings;
    const list = element("ul", "categories");
    for (const c of index.categorySets[index.category[finding]]) {
      list.append(element("li", "", element("span", "swatch k-" + index.categories[c][0]), index.categories[c][1]));
    }
    return list;
  };

  failings.findingRow = (finding) => {
    const { index, REPORT } = failings;
    const report = index.report[finding];
    const row = index.reports[report];
    const [id, words] = failings.words(finding);
    const assertion = index.assertions[index.assertion[finding]];
    const agencies = index.agencySets[index.agency[finding]].map((a) => index.agencyTypes[a][1]).join(", ");
    const review = ["", "needs review", "decided by people"][index.review[finding]];
    const score = element("span", "score", (index.score[finding] / 100).toFixed(2));
    return element("tr", "",
      cell("Finding", element("div", "quote", link(failings.link(report, id), words.replace(/\s+/g, " "))),
        element("div", "from", link(failings.link(report), row[REPORT.title]))),
      cell("Categories", categories(finding)),
      cell("Assertion", element("span", "assertion a-" + assertion[0], assertion[1])),
      cell("Kind of agency", agencies || "–"),
      cell("Year", row[REPORT.date].slice(0, 4) || "–"),
      cell("Area", row[REPORT.area] || "–"),
      cell("Score", score, ...(review ? [" ", element("span", index.review[finding] === 1 ? "review" : "reviewed", review)] : [])));
  };

  failings.reportRow = (report) => {
    const { REPORT } = failings;
    const row = failings.index.reports[report];
    const number = (label, value) => {
      const made = cell(label, value.toLocaleString("en-GB"));
      made.classList.add("number");
      return made;
    };
    return element("tr", "",
      cell("Report", link(failings.link(report), row[REPORT.title])),
      cell("Date", row[REPORT.date] || "–"), cell("Area", row[REPORT.area] || "–"),
      number("Words", row[REPORT.words]), number("Findings", row[REPORT.findings]), number("To review", row[REPORT.review]));
  };
})();
