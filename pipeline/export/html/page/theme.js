// Light or dark: as the system has it until the reader chooses.
"use strict";
const failings = { index: null, chunks: new Map(), waiting: new Map() };

failings.remembered = (key, value) => {
  try {
    if (value !== undefined) localStorage.setItem("failings-" + key, value);
    return localStorage.getItem("failings-" + key);
  } catch {
    return value ?? null; // a browser may refuse storage to files
  }
};

(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
    document.dispatchEvent(new Event("themed"));
  };
  const chosen = failings.remembered("theme");
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    failings.remembered("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
})();
