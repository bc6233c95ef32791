"""The JavaScript of others that draws the charts, checked against the hashes in `vendor/vendor.toml`."""

import tomllib
from functools import cache
from importlib.resources import files

from pipeline.errors import FailingsError
from pipeline.report import sha256

_FOLDER = "pipeline.export.html"
_MODULE = (  # vega-interpreter is published as a module only, and a page opened from a file cannot load modules
    ("import { ascending, isString, DisallowedObjectProperties } from 'vega-util';",
     "var vegaInterpreter = (() => {\nconst { ascending, isString, DisallowedObjectProperties } = vega;"),
    ("export { expression as expressionInterpreter };", "return { expressionInterpreter: expression };\n})();"),
)  # fmt: skip


@cache
def chart_runtime() -> str:
    """One script: the licences as a comment, then every file of `vendor.toml` in its order.

    Raises:
        FailingsError: a file is not the one that was published.
    """
    folder = files(_FOLDER).joinpath("vendor")
    parts = ["/*!\n" + folder.joinpath("LICENCES.txt").read_text("utf-8") + "*/"]
    for name, row in tomllib.loads(folder.joinpath("vendor.toml").read_text("utf-8")).items():
        file = row["path"].rpartition("/")[2]
        data = folder.joinpath(file).read_bytes()
        if sha256(data) != row["sha256"]:
            raise FailingsError(f"{file} is not that of {name} {row['version']}; install failings again")
        parts.append(_as_script(data.decode()))
    return "\n".join(parts) + "\n"


def _as_script(source: str) -> str:
    for line, instead in _MODULE:
        source = source.replace(line, instead)
    return "\n".join(line for line in source.split("\n") if not line.startswith("//# sourceMappingURL="))
