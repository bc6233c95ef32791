"""What stands between a browser and the dashboard: only this machine's own names, and nothing from any other host."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Any, Send], Awaitable[None]]

OWN_NAMES = ("127.0.0.1", "localhost")
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


def guarded(app: App) -> App:
    """Refuse requests under other names (a web page may point its own at 127.0.0.1), and tell browsers to fetch nothing elsewhere."""

    async def answer(scope: Message, receive: Any, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
            await send(message)

        if scope["type"] == "http" and _host(scope) not in OWN_NAMES:
            await _refuse(send_with_policy)
        else:
            await app(scope, receive, send_with_policy)

    return answer


def _host(scope: Message) -> str:
    named = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return str(named.decode("latin-1").rpartition(":")[0] or named.decode("latin-1"))


async def _refuse(send: Send) -> None:
    start = {"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"text/plain; charset=utf-8")]}
    await send(start)
    await send({"type": "http.response.body", "body": b"open the dashboard as http://127.0.0.1 or http://localhost\n"})
