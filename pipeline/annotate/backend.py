"""An ML backend that speaks Label Studio's protocol: live predictions, and word of what annotators do.

Source of the protocol: Label Studio's own code, `ml/api_connector.py` and `webhooks/utils.py` of 1.23.2 (Apache-2.0).
"""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from secrets import compare_digest
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.annotate.model_shelf import ModelShelf
from pipeline.annotate.running_model import RunningModel
from pipeline.annotate.training import Trainer
from pipeline.errors import UsageError

SECRET_HEADER = "X-Failings-Secret"  # noqa: S105
SHORTEST_SECRET = 16
MOST_BYTES = 64 * 2**20
READ = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
TRAIN = "START_TRAINING"
ACTIONS = (*READ, TRAIN)
GONE = 499
_log = logging.getLogger(__name__)
Json = dict[str, Any]


def make_app(
    model: RunningModel, trainer: Trainer, shelf: ModelShelf, *, secret: str, most_bytes: int = MOST_BYTES
) -> FastAPI:
    """The server. Every request must carry `secret`, in the header X-Failings-Secret or as the password of HTTP Basic.

    The trainer starts and ends with it. Nothing but the predictions takes time: Label Studio waits a second for health and webhook,
    three for setup, within an annotator's request. Raise UsageError when the secret is too short, or no header can carry it.
    """
    _check_secret(secret)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        trainer.start()
        yield
        await asyncio.to_thread(trainer.stop)

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(_Guard, secret=secret)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(Exception)(_failed)

    @app.get("/")
    async def status() -> Json:
        state = asdict(trainer.state)
        return {"model_version": model.version, "train_after": trainer.schedule.train_after, **state}

    @app.get("/health")
    async def health() -> Json:
        return {"status": "UP", "model_version": model.version}

    @app.post("/setup")
    async def setup(request: Request) -> Json:
        await _body(request, most_bytes)
        return {"model_version": model.version}

    @app.get("/versions")
    async def versions() -> Json:
        return {"versions": list(dict.fromkeys([model.version, *shelf.versions]))}

    @app.post("/predict")
    async def predict(request: Request) -> Any:
        tasks = (await _body(request, most_bytes)).get("tasks")
        if not isinstance(tasks, list):
            raise HTTPException(400, "no list of tasks")
        results = []
        for task in tasks:
            if await request.is_disconnected():
                return JSONResponse({"error": "nobody waits any longer"}, GONE)
            results.append(await asyncio.wrap_future(model.prediction(task)))
        return {"results": results}

    @app.post("/webhook")
    async def webhook(request: Request) -> Json:
        action = (await _body(request, most_bytes)).get("action")
        if action in ACTIONS:
            trainer.wake(force=action == TRAIN)
        return {"status": "heard" if action in ACTIONS else "ignored", "training": trainer.state.training}

    return app


def _check_secret(secret: str) -> None:
    if len(secret) < SHORTEST_SECRET:
        raise UsageError(f"the secret has {len(secret)} characters: use {SHORTEST_SECRET} or more")
    if not (secret.isascii() and secret.isprintable() and secret == secret.strip()):
        raise UsageError("the secret must be of printable ASCII characters, without a space at either end")


async def _body(request: Request, most_bytes: int) -> Json:
    """The JSON object that was sent; 413 when it is too large, 400 when it is none."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > most_bytes:
            raise HTTPException(413, f"more than {most_bytes} bytes")
    try:
        body = await asyncio.to_thread(json.loads, content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "not a JSON object")
    return body


async def _refused(_: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _failed(request: Request, _: Exception) -> JSONResponse:
    """The server's log has the rest, since Starlette raises the error again after the answer."""
    return JSONResponse({"error": f"{request.url.path} failed: see the log of `failings annotate serve`"}, 500)


class _Guard:
    """Lets no request in that does not carry the secret."""

    def __init__(self, app: ASGIApp, *, secret: str) -> None:
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._admits(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        _log.info("refused %s %s: no secret, or a wrong one", scope["method"], scope["path"])
        reason = {"error": f"send the secret as {SECRET_HEADER}, or as the password of HTTP Basic"}
        headers = {"WWW-Authenticate": 'Basic realm="failings"'}
        await JSONResponse(reason, 401, headers)(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        given = (headers.get(SECRET_HEADER, ""), _password(headers.get("Authorization", "")))
        return any(compare_digest(words.encode(), self._secret) for words in given)


def _password(authorisation: str) -> str:
    scheme, _, credentials = authorisation.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
