// Charts, drawn when they come into view, without `eval`: Vega's expressions are interpreted.
(() => {
  const views = new Map();
  const by = () => document.querySelector("[name='by']:checked").value;

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const named = { ink: "--ink", paper: "--paper", accent: "--accent", second: "--second",
      low: "--low", high: "--high", line: "--line" };
    return Object.fromEntries(Object.entries(named).map(([key, property]) => ["@" + key, style.getPropertyValue(property).trim()]));
  };
  const coloured = (spec, given) => JSON.parse(spec, (_, value) => (typeof value === "string" ? given[value] ?? value : value));
  const config = (given) => ({
    font: "system-ui, sans-serif", view: { stroke: null },
    axis: { labelColor: given["@ink"], titleColor: given["@ink"], gridColor: given["@line"], labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
    legend: { labelColor: given["@ink"], labelFontSize: 12 },
  });

  const draw = (figure) => {
    const given = colours();
    const spec = coloured(figure.querySelector(".spec").textContent, given);
    const place = figure.querySelector(".drawing");
    views.get(figure)?.finalize();
    const { spec: compiled } = vegaLite.compile(spec, { config: config(given) });
    const view = new vega.View(vega.parse(compiled, {}, { ast: true }), {
      expr: vegaInterpreter.expressionInterpreter, renderer: "svg", container: place, hover: true,
    });
    views.set(figure, view);
    view.signal("by", by());
    view.addEventListener("click", (_, item) => item?.datum?.filter && failings.choose(item.datum.filter));
    view.run(); // at once, so that it is there when the page is printed
    place.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the table below says the same
    figure.dataset.drawn = "yes";
  };

  failings.startCharts = () => {
    const figures = [...document.querySelectorAll(".chart")];
    if (!figures.length) return;
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((e) => e.isIntersecting)) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "300px" });
    figures.forEach((figure) => seen.observe(figure));
    const choice = document.getElementById("by");
    choice.hidden = false;
    choice.addEventListener("change", () => views.forEach((view) => view.signal("by", by()).run()));
    document.addEventListener("themed", () => [...views.keys()].forEach(draw));
    let theme;
    addEventListener("beforeprint", () => {
      theme = document.documentElement.dataset.theme ?? "";
      document.documentElement.dataset.theme = "light";
      figures.forEach(draw);
    });
    addEventListener("afterprint", () => {
      document.documentElement.dataset.theme = theme;
      figures.forEach(draw);
    });
  };
})();
