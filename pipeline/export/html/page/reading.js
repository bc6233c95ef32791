// Reading a report: the note on a finding, and moving from one to the next.
(() => {
  const starts = [...document.querySelectorAll(".text .at")];
  const bar = document.getElementById("bar");
  const card = document.getElementById("card");
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  let at = -1;

  const idOf = (start) => start.id.slice(2);
  const pieces = (id) => document.querySelectorAll(`mark[data-f~="${CSS.escape(id)}"]`);

  // Scrolls the list beside the text, not the page.
  const showInList = (note) => {
    const list = note.closest(".found");
    const [inner, outer] = [note.getBoundingClientRect(), list.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top - 40;
  };

  const setCurrent = (place) => {
    document.querySelectorAll(".current").forEach((each) => each.classList.remove("current"));
    at = place;
    if (at < 0) return;
    pieces(idOf(starts[at])).forEach((each) => each.classList.add("current"));
    const note = document.getElementById("n-" + idOf(starts[at]));
    note.classList.add("current");
    showInList(note);
    document.getElementById("where").textContent = `${at + 1} of ${starts.length}`;
  };

  const go = (place) => {
    if (place < 0 || place >= starts.length) {
      document.getElementById("where").textContent = place < 0 ? "First finding" : "Last finding";
      return;
    }
    history.replaceState(null, "", "#" + starts[place].id);
    setCurrent(place);
    starts[place].focus({ preventScroll: true });
    starts[place].scrollIntoView({ block: "center", behavior: reduced.matches ? "auto" : "smooth" });
  };

  // Without a current finding, the first one below the top of the window is next.
  const step = (by) => {
    if (at >= 0) return go(at + by);
    const next = starts.findIndex((each) => each.getBoundingClientRect().top > 60);
    return go(by > 0 ? (next < 0 ? starts.length : next) : (next < 0 ? starts.length : next) - 1);
  };

  const follow = () => {
    if (!location.hash.startsWith("#f-")) return;
    const place = starts.findIndex((each) => "#" + each.id === location.hash);
    if (place < 0) return;
    setCurrent(place);
    starts[place].scrollIntoView({ block: "center" });
    starts[place].focus({ preventScroll: true });
  };

  const showCard = (ids, near) => {
    const notes = ids.map((id) => document.getElementById("n-" + id)).filter(Boolean);
    card.replaceChildren(...notes.map((note) => {
      const copy = document.createElement("div");
      copy.append(...[...note.cloneNode(true).children].slice(1));
      copy.querySelectorAll("a").forEach((link) => link.setAttribute("tabindex", "-1"));
      return copy;
    }));
    card.hidden = !notes.length;
    const box = near.getBoundingClientRect();
    const below = box.bottom + card.offsetHeight + 12 < innerHeight;
    card.style.top = `${below ? box.bottom + 4 : Math.max(4, box.top - card.offsetHeight - 4)}px`;
    card.style.left = `${Math.max(8, Math.min(box.left, document.documentElement.clientWidth - card.offsetWidth - 8))}px`;
  };
  const hideCard = () => {
    card.hidden = true;
  };

  const listenToWords = () => {
    let leaving = 0;
    document.addEventListener("mouseover", (event) => {
      const mark = event.target.closest?.("mark[data-f]");
      clearTimeout(leaving);
      if (mark) showCard(mark.dataset.f.split(" "), mark.getClientRects().length > 1 ? { getBoundingClientRect: () => lineAt(mark, event.clientY) } : mark);
      else if (!event.target.closest?.(".card")) leaving = setTimeout(hideCard, 250);
    });
    document.addEventListener("focusin", (event) => {
      if (event.target.matches(".at")) {
        setCurrent(starts.indexOf(event.target));
        if (event.target.matches(":focus-visible")) showCard([idOf(event.target)], event.target);
      } else if (!event.target.closest(".card")) hideCard();
    });
    addEventListener("scroll", hideCard, { passive: true });
  };
  const lineAt = (mark, y) => [...mark.getClientRects()].find((box) => y <= box.bottom) ?? mark.getBoundingClientRect();

  const listenToKeys = () => {
    const on = document.getElementById("keys-on");
    on.checked = failings.remembered("keys") !== "off";
    on.addEventListener("change", () => failings.remembered("keys", on.checked ? "on" : "off"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hideCard();
      const moves = { ArrowDown: 1, ArrowUp: -1 };
      if (event.altKey && event.key in moves) {
        event.preventDefault();
        step(moves[event.key]);
      }
      if (event.altKey || event.ctrlKey || event.metaKey || !on.checked) return;
      if (event.target.matches("input, select, textarea")) return;
      const letters = { n: 1, j: 1, p: -1, k: -1 };
      if (event.key in letters) step(letters[event.key]);
      if (event.key === "b") document.querySelector(".back a").click();
    });
  };

  const showBarWhileReading = () => {
    const seen = new Set();
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target);
      bar.hidden = !seen.size;
    });
    document.querySelectorAll("article.report").forEach((article) => watch.observe(article));
  };

  failings.startReading = () => {
    if (!bar || !starts.length) return;
    document.getElementById("where").textContent = `${starts.length} finding${starts.length === 1 ? "" : "s"}`;
    document.getElementById("previous").addEventListener("click", () => step(-1));
    document.getElementById("next").addEventListener("click", () => step(1));
    showBarWhileReading();
    listenToWords();
    listenToKeys();
    addEventListener("hashchange", follow);
    follow();
  };
})();

failings.begin = () => {
  if (document.getElementById("findings-table") && failings.index) {
    failings.startTables();
    failings.startCharts();
  }
  failings.startReading();
};
failings.start();
addEventListener("DOMContentLoaded", failings.begin);
