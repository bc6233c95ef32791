"""A report in HTML that opens offline: one file, or a folder for many reports (`docs/html-report.md`)."""

from pipeline.export.html.write import write_html

__all__ = ["write_html"]
