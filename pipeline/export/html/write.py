"""Write a report in HTML: one file where the path ends in .html, else a folder with a page a report."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.export.html.charts import charts_of
from pipeline.export.html.counting import counts_of
from pipeline.export.html.index import CHUNK, Entry, chunk_script, entry, index_of, index_script
from pipeline.export.html.marking import marked_text
from pipeline.export.html.pages import beside, inlined, render, script, style
from pipeline.export.html.shown import (
    Record,
    ShownFinding,
    ShownReport,
    category_order,
    in_step,
    shown_finding,
    shown_report,
)
from pipeline.export.html.vendored import chart_runtime
from pipeline.export.html.whole_folder import whole_folder
from pipeline.export.whole_file import whole_file

_INDEX_LINKS = ("vega.js", "report.js", "../data/index.js")
_PAGE_LINKS = ("report.js",)


@dataclass(slots=True)
class _Gathered:
    """What is kept of reports and findings while they go by."""

    reports: list[ShownReport] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    versions: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, report: Record, findings: Iterable[ShownFinding]) -> ShownReport:
        findings = list(findings)
        shown = shown_report(report, findings)
        self.entries += [entry(len(self.reports), finding) for finding in findings]
        self.reports.append(shown)
        self.versions.add((report["model"], report["taxonomy"], report["pipeline"]))
        return shown

    def values(self) -> dict[str, Any]:
        """What the summary shows."""
        counts = counts_of(self.reports, self.entries)
        found = sorted({c for e in self.entries for c in e.categories}, key=category_order)
        return {"counts": counts, "charts": charts_of(counts), "versions": sorted(self.versions), "found": found,
                "index": index_of(self.reports, self.entries)}  # fmt: skip


def write_html(records: Iterable[Record], path: Path, *, reports: Iterable[Record]) -> int:
    """Write export records and the reports that they are in, in the same order; return how many findings.

    Raises:
        UsageError: `path` cannot be written, or is a folder that holds something else.
    """
    write = _write_file if path.suffix.lower() in (".html", ".htm") else _write_folder
    return write(_read(records, reports), path)


def _read(records: Iterable[Record], reports: Iterable[Record]) -> Iterator[tuple[Record, list[ShownFinding]]]:
    for report, mine in in_step(reports, records):
        yield report, [shown_finding(number, record) for number, record in enumerate(mine, 1)]


def _write_file(read: Iterable[tuple[Record, list[ShownFinding]]], path: Path) -> int:
    gathered, articles, rows = _Gathered(), list[dict[str, Any]](), list[tuple[str, str]]()
    for report, findings in read:
        shown = gathered.add(report, findings)
        articles.append({"report": shown, "findings": findings, "text": marked_text(report["text"], findings)})
        rows += [(f.finding_id, f.quote) for f in findings]
    values = gathered.values()
    chunks = [rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)]
    with whole_file(path) as file:
        file.write(render("one_file.html", inlined(values["found"]), articles=articles, chunks=chunks, **values))
    return len(gathered.entries)


def _write_folder(read: Iterable[tuple[Record, list[ShownFinding]]], path: Path) -> int:
    with whole_folder(path) as folder:
        for name in ("assets", "data", "reports"):
            (folder / name).mkdir()
        gathered = _Gathered()
        _write_pages(read, folder, gathered)
        values = gathered.values()
        page = beside("", _INDEX_LINKS)
        _write(folder / "index.html", render("index.html", page, **values))
        _write(folder / "data" / "index.js", index_script(values["index"]))
        _write(folder / "assets" / "report.css", style(values["found"]))
        _write(folder / "assets" / "report.js", script())
        _write(folder / "assets" / "vega.js", chart_runtime())
    return len(gathered.entries)


def _write_pages(read: Iterable[tuple[Record, list[ShownFinding]]], folder: Path, gathered: _Gathered) -> None:
    """A page a report, and the words of the findings in chunks."""
    page, chunk, number = beside("../", _PAGE_LINKS), list[tuple[str, str]](), 0
    for report, findings in read:
        shown = gathered.add(report, findings)
        text: Markup = marked_text(report["text"], findings)
        _write(folder / "reports" / shown.page, render("report.html", page, report=shown, findings=findings, text=text))
        chunk += [(f.finding_id, f.quote) for f in findings]
        while len(chunk) >= CHUNK:
            _write(folder / "data" / f"findings-{number:04}.js", chunk_script(number, chunk[:CHUNK]))
            chunk, number = chunk[CHUNK:], number + 1
    if chunk:
        _write(folder / "data" / f"findings-{number:04}.js", chunk_script(number, chunk))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
