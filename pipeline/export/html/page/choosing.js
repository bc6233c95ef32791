// Which findings fit what the reader chose, and in which order.
failings.NONE = "none"; // without a date, an area or an agency
failings.WRONG = "wrong"; // failing or alleged

(() => {
  const { NONE, WRONG } = failings;
  const WENT_WRONG = ["failing", "alleged"];

  // The test of a finding against what the reader chose.
  failings.fits = (chosen) => {
    const { index, REPORT } = failings;
    const tests = [];
    const among = (id, column, list, sets) => {
      if (!id) return;
      const at = list.findIndex((each) => each[0] === id);
      const good = sets.map((set) => (id === NONE ? !set.length : set.includes(at)));
      tests.push((f) => good[column[f]]);
    };
    const { category, also, assertion, agency, year, area, score, to, review, words } = chosen;
    among(category, index.category, index.categories, index.categorySets);
    among(also, index.category, index.categories, index.categorySets);
    among(agency, index.agency, index.agencyTypes, index.agencySets);
    if (assertion) {
      const good = index.assertions.map(([id]) => id === assertion || (assertion === WRONG && WENT_WRONG.includes(id)));
      tests.push((f) => good[index.assertion[f]]);
    }
    const ofReport = (wanted, value) => tests.push((f) => value(index.reports[index.report[f]]) === (wanted === NONE ? "" : wanted));
    if (year) ofReport(year, (r) => r[REPORT.date].slice(0, 4));
    if (area) ofReport(area, (r) => r[REPORT.area]);
    if (to) tests.push((f) => index.score[f] <= Math.round(100 * Number(to)));
    if (score) tests.push((f) => index.score[f] >= Math.round(100 * Number(score)));
    if (review) tests.push((f) => index.review[f] === Number(review));
    if (words) {
      const all = words.toLowerCase().split(/\s+/).filter(Boolean);
      tests.push((f) => {
        const quote = failings.words(f)[1].toLowerCase();
        return all.every((word) => quote.includes(word));
      });
    }
    return (f) => tests.every((test) => test(f));
  };

  const names = (sets, list) => sets.map((set) => set.map((at) => list[at][1]).join(", "));
  failings.findingKey = (sort) => {
    const { index, REPORT } = failings;
    const report = (column) => (f) => index.reports[index.report[f]][column];
    const categories = names(index.categorySets, index.categories);
    const agencies = names(index.agencySets, index.agencyTypes);
    return {
      place: (f) => f, category: (f) => categories[index.category[f]], assertion: (f) => index.assertions[index.assertion[f]][1],
      agency: (f) => agencies[index.agency[f]], year: report(REPORT.date), area: report(REPORT.area), score: (f) => index.score[f],
    }[sort];
  };

  // Sorts numbers of rows; "-key" is downwards, rows without a value come last.
  failings.sorted = (rows, sort, keyOf) => {
    const down = (sort || "").startsWith("-");
    const key = keyOf((sort || "").replace("-", ""));
    if (!key) return rows;
    const compare = new Intl.Collator("en").compare;
    const values = new Map();
    const ranks = [...new Set(rows.map((row) => {
      const value = key(row);
      values.set(row, value);
      return value;
    }))].sort((a, b) => (typeof a === "number" ? a - b : compare(a, b)));
    const rank = new Map(ranks.map((value, at) => [value, value === "" ? Infinity : down ? -at : at]));
    return [...rows].sort((a, b) => rank.get(values.get(a)) - rank.get(values.get(b)) || a - b);
  };
})();
