"""Findings for the terminal: one as lines, or a whole report with its findings highlighted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from pipeline.printable import one_line

STYLES = {
    "failing": "bold black on yellow",
    "alleged": "black on cyan",
    "recommendation": "black on green",
    "remedied": "black on white",
}


def finding_lines(record: Mapping[str, Any]) -> str:
    """A finding as a quote and a line of what it is, who is in it, and where."""
    place = f"{record['report_id']} [{record['start']}:{record['end']}]" + (
        f" page {record['page']}" if record["page"] else ""
    )
    parts = [label(record), *_who(record), *([f"concern {record['concern']}"] if record["concern"] else []), place]
    return f"{' '.join(record['quote'].split())}\n    {'; '.join(parts)}\n"


def _who(record: Mapping[str, Any]) -> Iterator[str]:
    """By whom the lapse, to whom the call, and who says so."""
    for role, word in (("responsible", "by"), ("addressee", "to")):
        names = dict.fromkeys(a["agency"] or " ".join(a["text"].split()) for a in record["actors"] if a["role"] == role)
        if names:
            yield f"{word} {', '.join(names)}"
    if record["speaker"]:
        yield f"said by {' '.join(record['speaker']['text'].split())}"


def label(record: Mapping[str, Any]) -> str:
    """Assertion and categories with their scores."""
    categories = ", ".join(f"{c['id']} {c['score']:.2f}" for c in record["categories"])
    return f"{record['assertion']}: {categories}{' (review)' if record['needs_review'] else ''}"


def highlighted(report: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """The report's head, its text with every finding highlighted and labelled, and a legend."""
    named = [f"{k}: {report[k]}" for k in ("title", "date", "area", "receiver", "url") if report[k]]
    head = map(one_line, [report["report_id"], f"source: {report['source']}", *named])
    yield Text("\n".join(head) + "\n", style="bold")
    text = Text()
    at = 0
    for record in records:
        text.append(_printable(report["text"][at : record["start"]]))
        text.append(_printable(record["quote"]), style=STYLES[record["assertion"]])
        text.append(f" [{label(record)}]", style="dim italic")
        at = record["end"]
    text.append(_printable(report["text"][at:]))
    yield text
    yield Text(f"\n{len(records)} findings", style="bold")


def _printable(text: str) -> str:
    """The text without control characters, which a terminal would obey."""
    return "".join(
        c if c in "\n\t" or c.isprintable() or c == " " else "\n" if c == "\x0b" else " "
        for c in text.replace("\r\n", "\n")
    )
