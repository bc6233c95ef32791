"""MkDocs hook: fill the places of docs/*.md that are made from the code, the models' figures, the notebook, or another file.

A place is `<!-- made: NAME [FILE] -->` ... `<!-- end -->`; what is between them is for those who read the page in the repository.
"""

import json
import re
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pipeline.errors
from pipeline.cli import make_parser
from pipeline.taxonomy import Category, load_taxonomy

ROOT = Path(__file__).parent.parent
PLACE = re.compile(r"<!-- made: (\w+) ?(\S*) -->.*?<!-- end -->", re.DOTALL)
MODELS = ("minilm", "large")


def on_page_markdown(markdown: str, **_given: Any) -> str:
    """The page with all its places filled."""
    return PLACE.sub(lambda place: MAKERS[place[1]](place[2]), markdown)


def included(name: str) -> str:
    """A Markdown file of the repository without its front matter."""
    return re.sub(r"\A---\n.*?\n---\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def demo(name: str) -> str:
    """What the README shows of `make demo`."""
    [shown] = re.findall(r"`make demo` ends like this:\n\n((?:    .*\n|\n)+)", included(name))
    return str(shown)


def errors(_given: str) -> str:
    """The tree of errors."""
    return f"```text\n{pipeline.errors.__doc__}```"


def categories(_given: str) -> str:
    """Every category of the shipped taxonomy."""
    return "\n".join(_category(category) for category in load_taxonomy().categories)


def _category(category: Category) -> str:
    kind = "one of the core four" if category.core else "further category"
    head = f"### {category.name} {{ #{category.id} }}\n\n`{category.id}`, {kind}. {category.definition}\n"
    return f"{head}\n{_list('Belongs here', category.examples)}\n{_list('Looks like it and does not', category.near_misses)}"


def _list(title: str, lines: Sequence[str]) -> str:
    return f"{title}:\n\n" + "".join(f"- {line}\n" for line in lines) if lines else ""


def commands(_given: str) -> str:
    """Every command with its arguments, from the parser itself."""
    return "\n".join(_command(parser, about) for parser, about in leaves(make_parser()))


def leaves(parser: ArgumentParser, about: str = "") -> Iterator[tuple[ArgumentParser, str]]:
    """The parsers of commands that have no commands of their own, with what each is for."""
    below = next((action for action in parser._actions if isinstance(action, _SubParsersAction)), None)
    if below is None:
        yield parser, about
        return
    told = {choice.dest: choice.help or "" for choice in below._choices_actions}
    for name, child in below.choices.items():
        yield from leaves(child, told.get(name, ""))


def _command(parser: ArgumentParser, about: str) -> str:
    about = re.sub("%%", "%", about)
    rows = "".join(_row(parser, action) for action in parser._actions if action.dest != "help")
    end = f"\n{parser.epilog}\n" if parser.epilog else ""
    return f"## {parser.prog}\n\n{about[:1].upper()}{about[1:]}.\n\n| argument | what |\n| --- | --- |\n{rows}{end}"


def _row(parser: ArgumentParser, action: Action) -> str:
    if action.help == SUPPRESS:
        return ""
    about = parser._get_formatter()._expand_help(action)
    return f"| {_names(action)} | {_cell(about)}{'; required' if action.required and action.option_strings else ''} |\n"


def _names(action: Action) -> str:
    value = "" if action.nargs == 0 else str(action.metavar or " or ".join(action.choices or ()) or action.dest.upper())
    if not action.option_strings:
        return f"`{value}`" + (" ..." if action.nargs in ("+", "*") else "")
    return ", ".join(f"`{name} {value}`" if value else f"`{name}`" for name in action.option_strings)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("$", "&#36;")


def figures(_given: str) -> str:
    """F1 of each category for both shipped models, the weakest first."""
    metrics = [json.loads((ROOT / "models" / name / "metrics.json").read_text(encoding="utf-8")) for name in MODELS]
    first, second = (metric["by_category"] for metric in metrics)
    names = {category.id: category.name for category in load_taxonomy().categories}
    rows = "".join(
        f"| {names[key]} | {first[key]['f1']:.2f} | {second[key]['f1']:.2f} | {first[key]['support']} |\n"
        for key in sorted(first, key=lambda key: first[key]["f1"])
    )
    return f"| category | F1, default model | F1, large model | sentences |\n| --- | ---: | ---: | ---: |\n{rows}"


def notebook(name: str) -> str:
    """A notebook as Markdown, with the outputs that it was saved with."""
    cells = json.loads((ROOT / name).read_text(encoding="utf-8"))["cells"]
    return "\n".join(_cell_of(cell) for cell in cells)


def _cell_of(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return source.replace("](../", "](") + "\n"
    return f"```python\n{source}\n```\n" + "".join(_output(output) for output in cell["outputs"])


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "image/svg+xml" in data:
        drawn = b64encode("".join(data["image/svg+xml"]).encode()).decode()
        return f'\n<img class="chart" alt="The chart that this cell draws" src="data:image/svg+xml;base64,{drawn}">\n'
    text = "".join(output.get("text") or data.get("text/plain", ""))
    return f"\n```text\n{text.rstrip()}\n```\n"


MAKERS: dict[str, Callable[[str], str]] = {
    "include": included, "demo": demo, "errors": errors, "categories": categories, "commands": commands, "figures": figures,
    "notebook": notebook,
}  # fmt: skip
