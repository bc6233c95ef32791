"""What Datasette is told: `metadata.toml`, and limits for one reader on one machine instead of the public web."""

import tomllib
from importlib.resources import files
from typing import Any

DATABASE = "findings"
HIDDEN = (
    "actors", "addressees", "answers", "facts", "failures", "finding_categories", "findings", "pages", "passages",
    "recommendations", "reports", "reviews", "runs", "sources", "superseded", "alembic_version",
)  # fmt: skip
SETTINGS: dict[str, Any] = {
    "allow_download": False,
    "default_cache_ttl": 0,
    "facet_time_limit_ms": 5_000,
    "sql_time_limit_ms": 20_000,
    "suggest_facets": False,
    "truncate_cells_html": 0,
}


def load_metadata() -> dict[str, Any]:
    """Datasette's metadata; the tables below the views stay out of sight, a click away."""
    metadata = tomllib.loads(files("pipeline.dashboard").joinpath("metadata.toml").read_text("utf-8"))
    tables = metadata["databases"][DATABASE]["tables"]
    tables.update({name: {"hidden": True} for name in HIDDEN})
    return metadata
