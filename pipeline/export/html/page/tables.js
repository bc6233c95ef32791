// The tables: filter, sort, turn pages. What the reader chose is in the address, so that going back finds it again.
(() => {
  const PAGE = matchMedia('(max-width: 46rem)').matches ? 20 : 50;
  const KEYS = ["words", "category", "also", "assertion", "agency", "year", "area", "score", "to", "review", "report", "sort", "page", "rsort", "rpage"];
  const { NONE, WRONG } = failings;
  let chosen = {};
  let drawn = 0;

  const fromAddress = () => {
    const given = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
    return Object.fromEntries(KEYS.filter((k) => given.get(k)).map((k) => [k, given.get(k)]));
  };
  const toAddress = () => {
    const search = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", search ? "#?" + search : location.pathname + location.search);
  };

  const show = (section, rows, { sort, page, row, noun, total }) => {
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    const at = Math.min(Math.max(1, Number(page) || 1), pages);
    section.querySelector("tbody").replaceChildren(...rows.slice((at - 1) * PAGE, at * PAGE).map(row));
    section.querySelector("table").hidden = !rows.length;
    const count = rows.length.toLocaleString("en-GB");
    const of = rows.length === total ? "" : " of " + total.toLocaleString("en-GB");
    section.querySelector(".state").textContent = rows.length || total ? `${count}${of} ${noun}` : `No ${noun}`;
    section.querySelector(".pager").hidden = pages === 1;
    section.querySelector(".turned").textContent = `Page ${at} of ${pages}`;
    section.querySelector("[data-turn='-1']").disabled = at === 1;
    section.querySelector("[data-turn='1']").disabled = at === pages;
    for (const head of section.querySelectorAll("th[data-sort]")) {
      const mine = (sort || "").replace("-", "") === head.dataset.sort;
      if (mine) head.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    return at;
  };

  const drawFindings = async () => {
    const turn = ++drawn;
    const { index } = failings;
    const section = document.getElementById("findings");
    const all = index.report.map((_, f) => f);
    if (chosen.words) {
      section.querySelector(".state").textContent = "Searching …";
      await failings.loadFindings(all);
    }
    const rows = failings.sorted(all.filter(failings.fits(chosen)), chosen.sort, failings.findingKey);
    const at = Math.min(Math.max(1, Number(chosen.page) || 1), Math.max(1, Math.ceil(rows.length / PAGE)));
    await failings.loadFindings(rows.slice((at - 1) * PAGE, at * PAGE));
    if (turn !== drawn) return;
    show(section, rows, { sort: chosen.sort, page: at, row: failings.findingRow, noun: "findings", total: all.length });
    document.body.dataset.ready = String(turn);
  };

  const drawReports = () => {
    const { index, REPORT } = failings;
    const all = index.reports.map((_, r) => r);
    const words = (chosen.report || "").toLowerCase().split(/\s+/).filter(Boolean);
    const said = (r) => [REPORT.title, REPORT.area, REPORT.date, REPORT.id].map((c) => index.reports[r][c]).join(" ").toLowerCase();
    const fitting = words.length ? all.filter((r) => words.every((word) => said(r).includes(word))) : all;
    const rows = failings.sorted(fitting, chosen.rsort, (sort) => sort in REPORT && ((r) => index.reports[r][REPORT[sort]]));
    show(document.getElementById("reports"), rows,
      { sort: chosen.rsort, page: chosen.rpage, row: failings.reportRow, noun: "reports", total: all.length });
  };

  const fail = (error) => {
    document.querySelector("#findings .state").textContent = error.message;
  };
  const draw = () => {
    drawFindings().catch(fail);
    drawReports();
  };

  const set = (changes) => {
    chosen = Object.fromEntries(Object.entries({ ...chosen, ...changes }).filter(([, value]) => value));
    toAddress();
    draw();
  };

  const fill = () => {
    const { index, REPORT } = failings;
    const form = document.getElementById("filters");
    const options = (name, pairs) => {
      const select = form.elements[name];
      select.append(...pairs.map(([value, text]) => new Option(text, value)));
      select.closest("label").hidden = pairs.length < 1;
    };
    const different = (of) => [...new Set(index.reports.map(of))].filter(Boolean).sort().map((each) => [each, each]);
    options("category", index.categories);
    options("also", index.categories);
    options("assertion", [[WRONG, "Failing or alleged"], ...index.assertions]);
    const without = (some, text) => (some ? [[NONE, text]] : []);
    options("agency", [...index.agencyTypes, ...without(index.agencySets.some((set) => !set.length), "nobody named")]);
    options("year", [...different((r) => r[REPORT.date].slice(0, 4)).reverse(), ...without(index.reports.some((r) => !r[REPORT.date]), "no date")]);
    options("area", [...different((r) => r[REPORT.area]), ...without(index.reports.some((r) => !r[REPORT.area]), "no area")]);
  };
  const showChosen = () => {
    for (const form of [document.getElementById("filters"), document.getElementById("report-filters")]) {
      form.hidden = false;
      for (const control of form.elements) if (control.name) control.value = chosen[control.name] || "";
    }
  };

  const listen = (section, form, sortKey, pageKey) => {
    let waiting = 0;
    const changed = (event) => {
      if (!event.target.name) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => set({ [event.target.name]: event.target.value.trim(), [pageKey]: "" }), event.type === "input" ? 200 : 0);
    };
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => {
      set(Object.fromEntries([...form.elements].filter((c) => c.name).map((c) => [c.name, ""]).concat([[pageKey, ""]])));
    });
    section.querySelector("thead").addEventListener("click", (event) => {
      const head = event.target.closest("th[data-sort]");
      if (!head || !event.target.closest("button")) return;
      const sort = head.dataset.sort;
      set({ [sortKey]: chosen[sortKey] === sort ? "-" + sort : sort, [pageKey]: "" });
    });
    section.querySelector(".pager").addEventListener("click", (event) => {
      const turn = Number(event.target.dataset.turn);
      if (!turn) return;
      set({ [pageKey]: String((Number(chosen[pageKey]) || 1) + turn) });
      section.scrollIntoView();
    });
  };

  // Filter the findings as somebody chose in a chart.
  failings.choose = (filter) => {
    chosen = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
    history.pushState(null, "", "#?" + new URLSearchParams(chosen));
    showChosen();
    draw();
    document.getElementById("findings").scrollIntoView();
    document.querySelector("#filters [name='words']").focus({ preventScroll: true });
  };

  failings.startTables = () => {
    fill();
    listen(document.getElementById("findings"), document.getElementById("filters"), "sort", "page");
    listen(document.getElementById("reports"), document.getElementById("report-filters"), "rsort", "rpage");
    const restore = () => {
      if (location.hash && !location.hash.startsWith("#?")) return;
      chosen = fromAddress();
      showChosen();
      draw();
    };
    addEventListener("popstate", restore);
    chosen = fromAddress();
    showChosen();
    draw();
    if (Object.keys(chosen).length) document.getElementById("findings").scrollIntoView();
  };
})();
