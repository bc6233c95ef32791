"""Connect a running backend to a Label Studio project, once however often it is done, and let go of it."""

from typing import Any

from pipeline.annotate.backend import READ, SECRET_HEADER
from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.push import BACKEND

Json = dict[str, Any]


def connect_backend(server: LabelStudio, project: int, url: str, secret: str) -> None:
    """Have Label Studio ask the backend at `url` for predictions and tell it what annotators do; it must answer already.

    The webhook comes first: where one has the backend's address Label Studio adds none of its own, which would lack the secret.
    """
    hook: Json = {"url": f"{url}/webhook", "send_payload": False, "send_for_all_actions": False, "is_active": True,
                  "actions": list(READ), "headers": {SECRET_HEADER: secret}}  # fmt: skip
    _ensure(server, "/api/webhooks/", "/api/webhooks/{}/", project, hook)
    backend: Json = {"project": project, "url": url, "title": BACKEND, "auth_method": "BASIC_AUTH", "basic_auth_user": BACKEND,
                     "basic_auth_pass": secret}  # fmt: skip
    _ensure(server, "/api/ml/", "/api/ml/{}", project, backend)
    server.ask("PATCH", f"/api/projects/{project}/", json={"model_version": BACKEND})


def release_project(server: LabelStudio, project: int) -> None:
    """Show annotators stored predictions again, those that most tasks have, since without the backend they would see none."""
    versions: dict[str, int] = server.ask("GET", f"/api/projects/{project}/model-versions")
    stored = {version: count for version, count in versions.items() if count and version != BACKEND}
    most = max(stored, key=lambda version: stored[version], default="")
    server.ask("PATCH", f"/api/projects/{project}/", json={"model_version": most})


def _ensure(server: LabelStudio, every: str, one: str, project: int, wanted: Json) -> None:
    rows = server.ask("GET", every, params={"project": project})
    present = [row["id"] for row in rows if row["url"] == wanted["url"] or _is_ours(row)]
    if present:
        server.ask("PATCH", one.format(present[0]), json=wanted)
    else:
        server.ask("POST", every, json={**wanted, "project": project})
    for row in present[1:]:
        server.ask("DELETE", one.format(row))


def _is_ours(row: Json) -> bool:
    """Whether a backend or webhook is one that an earlier start made, perhaps at another address."""
    return row.get("title") == BACKEND or SECRET_HEADER in (row.get("headers") or {})
