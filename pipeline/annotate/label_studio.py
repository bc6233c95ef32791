"""Talk to a Label Studio server over its API; what goes wrong becomes an AnnotateError that says what to do."""

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from pipeline.errors import AnnotateError

SECONDS = 100.0
TRIES = 3
PAGE = 100
SHOWN = 300
REFRESH = "/api/token/refresh/"
AWAY = (502, 503, 504)
EXAMPLE = "http://127.0.0.1:8080"
Json = dict[str, Any]


class LabelStudio:
    """A connection. `token` is a personal access token, which is exchanged for short-lived ones, or a legacy token.

    Source of what the API does: the server's own code, 1.23.2 (Apache-2.0).
    """

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = _one_word(token)
        try:
            self._client = httpx.Client(base_url=self.url, timeout=SECONDS, transport=transport)
        except httpx.InvalidURL as error:
            raise AnnotateError(f"{url!r} is no address ({error}): give one like {EXAMPLE}") from error
        if self._client.base_url.scheme not in ("http", "https") or not self._client.base_url.host:
            raise AnnotateError(f"{url!r} is no address of a server: give one like {EXAMPLE}")
        self._authorisation = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def whoami(self) -> Json:
        """The user to whom the token belongs."""
        user: Json = self.ask("GET", "/api/current-user/whoami")
        return user

    def projects(self, title: str) -> list[Json]:
        """All projects of exactly this title."""
        found = self._pages("/api/projects/", {"title": title})
        return [project for project in found if project["title"] == title]

    def tasks(self, project: int) -> Iterator[Json]:
        """All tasks of a project with their data, predictions and annotations."""
        return self._pages("/api/tasks/", {"project": project, "fields": "all"}, items="tasks")

    def users(self) -> dict[int, str]:
        """The e-mail address of every user by id."""
        rows = self.ask("GET", "/api/users/")
        return {row["id"]: row["email"] for row in rows}

    def ask(self, method: str, path: str, *, json: Any = None, params: Json | None = None) -> Any:
        """Send a request and return the answer's JSON, None when it is empty; what only reads is tried again while the server is away."""
        tries = TRIES if method == "GET" else 1
        for attempt in range(tries):
            try:
                response = self._send(method, path, json, params)
                if response.status_code not in AWAY or attempt + 1 == tries:
                    return self._read(response, method, path)
            except httpx.ConnectError as error:
                if attempt + 1 == tries:
                    raise AnnotateError(
                        f"no Label Studio at {self.url}: {error}; is it running, and is the address right?"
                    ) from error
            except httpx.TimeoutException as error:
                raise AnnotateError(
                    f"Label Studio at {self.url} did not answer {method} {path} within {SECONDS:.0f} s; run the command again: "
                    "what was done is kept, what was not is done then"
                ) from error
            except httpx.HTTPError as error:
                if attempt + 1 == tries:
                    raise AnnotateError(
                        f"Label Studio at {self.url}: {method} {path}: {error}; run the command again"
                    ) from error
            time.sleep(0.5 * (attempt + 1))
        raise AssertionError("the last try returns or raises")

    def _send(self, method: str, path: str, json: Any, params: Json | None) -> httpx.Response:
        def send() -> httpx.Response:
            headers = {"Authorization": self._authorisation}
            return self._client.request(method, path, json=json, params=params, headers=headers)

        if not self._authorisation and (away := self._authorise()):
            return away
        response = send()
        if response.status_code == 401 and self._authorisation.startswith("Bearer"):
            response = self._authorise() or send()  # an access token lives five minutes
        return response

    def _authorise(self) -> httpx.Response | None:
        """Get ready to send; the answer when it says that the server is away."""
        if self._token.count(".") != 2:
            self._authorisation = f"Token {self._token}"
            return None
        response = self._client.post(REFRESH, json={"refresh": self._token})
        if response.status_code in AWAY:
            return response
        if response.status_code in (400, 401, 403):
            raise self._refused(response)
        answer = self._read(response, "POST", REFRESH)
        if not isinstance(answer, dict) or "access" not in answer:
            raise AnnotateError(f"{self.url}{REFRESH} does not answer like Label Studio (no access)")
        self._authorisation = f"Bearer {answer['access']}"
        return None

    def _refused(self, response: httpx.Response) -> AnnotateError:
        return AnnotateError(
            f"Label Studio at {self.url} refuses the token ({_said(response)}): copy a new one from Account & Settings, "
            "Access Token, into LABEL_STUDIO_API_KEY"
        )

    def _read(self, response: httpx.Response, method: str, path: str) -> Any:
        if response.status_code == 401:
            raise self._refused(response)
        if response.status_code == 404:
            raise AnnotateError(
                f"Label Studio at {self.url} has no {path}: has it been deleted, and is the address right?"
            )
        if response.is_redirect:
            raise AnnotateError(
                f"{self.url} sends {path} on to {response.headers.get('location')}: is the address right, https and all?"
            )
        if response.is_error:
            raise AnnotateError(
                f"Label Studio at {self.url}: {method} {path}: {response.status_code} {_said(response)}"
            )
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise AnnotateError(f"{self.url}{path} does not answer like Label Studio (no JSON)") from error

    def _pages(self, path: str, params: Json, *, items: str = "results") -> Iterator[Json]:
        page, seen = 1, 0
        while True:
            answer = self.ask("GET", path, params={**params, "page": page, "page_size": PAGE})
            if not isinstance(answer, dict) or items not in answer:
                raise AnnotateError(f"{self.url}{path} does not answer like Label Studio (no {items})")
            rows: Sequence[Json] = answer[items]
            yield from rows
            seen += len(rows)
            total = answer.get("total") or answer.get("count") or seen
            if not rows or seen >= total:
                return
            page += 1


def _said(response: httpx.Response) -> str:
    """What the server says of an error, in one short line."""
    try:
        answer = response.json()
    except ValueError:
        return response.reason_phrase
    parts = [answer.get("detail"), answer.get("validation_errors")] if isinstance(answer, dict) else []
    return "; ".join(str(part) for part in parts if part)[:SHOWN] or str(answer)[:SHOWN]


def _one_word(token: str) -> str:
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise AnnotateError("the token holds white space or letters that no token has: copy it again, whole and alone")
    return token
