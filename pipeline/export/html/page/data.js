// Data: JSON in this page, or scripts of the folder beside it (`fetch` cannot read files).
failings.chunk = (number, rows) => {
  failings.chunks.set(number, rows);
};

failings.loadChunk = (number) => {
  if (failings.chunks.has(number)) return Promise.resolve();
  if (!failings.waiting.has(number)) failings.waiting.set(number, failings.fetchChunk(number));
  return failings.waiting.get(number);
};

failings.fetchChunk = (number) => {
  const island = document.getElementById("chunk-" + number);
  if (island) {
    failings.chunk(number, JSON.parse(island.textContent));
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "data/findings-" + String(number).padStart(4, "0") + ".js";
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(script.src + " cannot be read; keep the folder whole"));
    document.head.append(script);
  });
};

// The id and the words of a finding whose chunk is loaded.
failings.words = (finding) => {
  const size = failings.index.chunk;
  return failings.chunks.get(Math.floor(finding / size))[finding % size];
};

failings.loadFindings = (findings) =>
  Promise.all([...new Set(findings.map((f) => Math.floor(f / failings.index.chunk)))].map(failings.loadChunk));

// Columns of a report in the index.
failings.REPORT = { id: 0, title: 1, date: 2, area: 3, words: 4, findings: 5, review: 6, page: 7 };

failings.link = (report, finding) => {
  const row = failings.index.reports[report];
  const target = finding ? "#f-" + finding : "#r-" + row[failings.REPORT.id];
  return failings.oneFile ? target : "reports/" + encodeURIComponent(row[failings.REPORT.page]) + target;
};

failings.start = () => {
  const island = document.getElementById("index");
  failings.oneFile = Boolean(island);
  if (island) failings.index = JSON.parse(island.textContent);
};
