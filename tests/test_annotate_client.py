import json
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from pipeline.annotate import label_studio
from pipeline.annotate.connection import connect_backend, release_project
from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.push import ensure_project, find_project, wanted_project
from pipeline.errors import AnnotateError
from pipeline.taxonomy import load_taxonomy

LEGACY, PERSONAL = "0123abcd", "head.body.sign"
Answer = httpx.Response | Exception


class Server:
    """Gives the answers in order, the last one for ever; notes what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def asked(self) -> list[tuple[str, str, str | None]]:
        return [(r.method, r.url.path, r.headers.get("Authorization")) for r in self.requests]


def connect(handler: Callable[[httpx.Request], httpx.Response], token: str = LEGACY) -> LabelStudio:
    return LabelStudio("http://ls:8080/", token, transport=httpx.MockTransport(handler))


def answer(value: Any = None, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=value)


def bad_gateway(status: int = 502) -> httpx.Response:
    return httpx.Response(status, html="<h1>Bad gateway</h1>")


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waiting takes no time; how long it would have taken."""
    seconds: list[float] = []
    monkeypatch.setattr(label_studio.time, "sleep", seconds.append)
    return seconds


def message(server: Server, method: str = "GET", path: str = "/api/projects/", token: str = LEGACY) -> str:
    with connect(server, token) as connection, pytest.raises(AnnotateError) as caught:
        connection.ask(method, path)
    return str(caught.value)


def test_a_legacy_token_is_sent_as_it_is() -> None:
    server = Server(answer({"email": "a@x.org"}))
    with connect(server, f" {LEGACY}\n") as connection:
        assert connection.whoami() == {"email": "a@x.org"}
    assert server.asked == [("GET", "/api/current-user/whoami", "Token 0123abcd")]


def test_a_server_that_is_down_is_named_by_its_address(waited: list[float]) -> None:
    server = Server(httpx.ConnectError("connection refused"))
    assert message(server) == (
        "no Label Studio at http://ls:8080: connection refused; is it running, and is the address right?"
    )
    assert (len(server.requests), waited) == (3, [0.5, 1.0])


def test_reading_is_tried_again_while_the_server_is_away(waited: list[float]) -> None:
    server = Server(bad_gateway(), httpx.ReadError("reset"), answer([1]))
    with connect(server) as connection:
        assert connection.ask("GET", "/api/x") == [1]
    assert (len(server.requests), waited) == (3, [0.5, 1.0])


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_stays_away_is_an_error(status: int) -> None:
    server = Server(bad_gateway(status))
    reason = httpx.codes.get_reason_phrase(status)
    assert message(server) == f"Label Studio at http://ls:8080: GET /api/projects/: {status} {reason}"
    assert len(server.requests) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", [bad_gateway(), httpx.ConnectError("refused"), httpx.ReadError("reset")])
def test_what_changes_something_is_never_sent_twice(method: str, failure: Answer) -> None:
    server = Server(failure)
    assert "http://ls:8080" in message(server, method)
    assert len(server.requests) == 1


def test_a_server_that_does_not_answer_in_time_is_not_asked_again() -> None:
    server = Server(httpx.ReadTimeout("slow"))
    assert message(server, "POST", "/api/projects/5/import") == (
        "Label Studio at http://ls:8080 did not answer POST /api/projects/5/import within 100 s; run the command again: "
        "what was done is kept, what was not is done then"
    )
    assert message(server).startswith("Label Studio at http://ls:8080 did not answer GET")
    assert len(server.requests) == 2


def test_a_broken_connection_says_to_run_the_command_again() -> None:
    told = message(Server(httpx.ReadError("reset by peer")), "POST", "/api/x")
    assert told == "Label Studio at http://ls:8080: POST /api/x: reset by peer; run the command again"


def test_a_wrong_token_is_told_with_where_to_get_another() -> None:
    server = Server(answer({"detail": "Invalid token."}, 401))
    assert message(server) == (
        "Label Studio at http://ls:8080 refuses the token (Invalid token.): copy a new one from Account & Settings, "
        "Access Token, into LABEL_STUDIO_API_KEY"
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "Schlüssel", "nul\x00"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(AnnotateError, match="the token holds white space or letters that no token has") as caught:
        connect(Server(answer()), token)
    assert token not in str(caught.value)


def test_a_personal_token_is_exchanged_once_for_a_short_lived_one() -> None:
    server = Server(answer({"access": "short"}), answer({}))
    with connect(server, PERSONAL) as connection:
        connection.ask("GET", "/api/a")
        connection.ask("POST", "/api/b")
    assert server.asked == [
        ("POST", "/api/token/refresh/", None),
        ("GET", "/api/a", "Bearer short"),
        ("POST", "/api/b", "Bearer short"),
    ]
    assert json.loads(server.requests[0].content) == {"refresh": PERSONAL}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_short_lived_token_that_ran_out_is_exchanged_again(method: str) -> None:
    server = Server(
        answer({"access": "one"}),
        answer({}),
        answer({"detail": "expired"}, 401),
        answer({"access": "two"}),
        answer([7]),
    )
    with connect(server, PERSONAL) as connection:
        connection.ask(method, "/api/a")
        assert connection.ask(method, "/api/b") == [7]
    assert server.asked[2:] == [
        (method, "/api/b", "Bearer one"),
        ("POST", "/api/token/refresh/", None),
        (method, "/api/b", "Bearer two"),
    ]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_personal_token_that_ran_out_is_told(status: int) -> None:
    told = message(Server(answer({"detail": "Token is invalid or expired"}, status)), token=PERSONAL)
    assert "refuses the token (Token is invalid or expired): copy a new one" in told
    assert PERSONAL not in told


def test_a_server_that_is_away_while_the_token_is_exchanged_is_asked_again() -> None:
    server = Server(bad_gateway(), answer({"access": "short"}), answer([1]))
    with connect(server, PERSONAL) as connection:
        assert connection.ask("GET", "/api/a") == [1]


@pytest.mark.parametrize("given", [answer({"token": "x"}), answer([])])
def test_an_exchange_that_gives_no_token_is_not_label_studio(given: httpx.Response) -> None:
    told = message(Server(given), token=PERSONAL)
    assert told == "http://ls:8080/api/token/refresh/ does not answer like Label Studio (no access)"


def test_a_deleted_project_is_told() -> None:
    server = Server(answer({"detail": "No Project matches the given query."}, 404))
    with connect(server) as connection, pytest.raises(AnnotateError, match="has no /api/projects/7/: has it been"):
        wanted_project(connection, "7")


def test_a_page_that_is_not_label_studio_is_told() -> None:
    told = message(Server(httpx.Response(200, html="<html>Welcome</html>")))
    assert told == "http://ls:8080/api/projects/ does not answer like Label Studio (no JSON)"


@pytest.mark.parametrize("given", [answer([]), answer({"rows": []}), answer(None)])
def test_a_list_of_another_form_is_not_label_studio(given: httpx.Response) -> None:
    with connect(Server(given)) as connection, pytest.raises(AnnotateError, match=r"\(no tasks\)"):
        list(connection.tasks(5))


def test_a_server_that_sends_us_elsewhere_is_told_with_where() -> None:
    server = Server(httpx.Response(301, headers={"location": "https://ls/api/projects/"}))
    assert message(server) == (
        "http://ls:8080 sends /api/projects/ on to https://ls/api/projects/: is the address right, https and all?"
    )


@pytest.mark.parametrize("url", ["localhost:8080", "ls", "", "ftp://ls", "http://", "http://ls:port"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(AnnotateError, match=r"is no address.*: give one like http://127\.0\.0\.1:8080"):
        LabelStudio(url, LEGACY)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"detail": "Validation error", "validation_errors": {"title": ["too long"]}},
         "Validation error; {'title': ['too long']}"),
        ({"title": ["too long"]}, "{'title': ['too long']}"),
        (["one", "two"], "['one', 'two']"),
        ({"detail": "x" * 999}, "x" * 300),
    ],
)  # fmt: skip
def test_what_the_server_says_of_an_error_is_passed_on(said: Any, told: str) -> None:
    assert (
        message(Server(answer(said, 400)), "POST") == f"Label Studio at http://ls:8080: POST /api/projects/: 400 {told}"
    )


def test_an_empty_answer_is_none() -> None:
    with connect(Server(httpx.Response(204))) as connection:
        assert connection.ask("DELETE", "/api/tasks/1/") is None


def paged(rows: Sequence[Any], items: str, total: str) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        page, size = int(request.url.params["page"]), int(request.url.params["page_size"])
        some = rows[(page - 1) * size : page * size]
        return (
            answer({items: some, total: len(rows)}) if some or page == 1 else answer({"detail": "Invalid page."}, 404)
        )

    return handler


@pytest.mark.parametrize("count", [0, 1, 100, 200, 250])
def test_all_pages_of_tasks_are_read(count: int) -> None:
    with connect(paged([{"id": n} for n in range(count)], "tasks", "total")) as connection:
        assert [task["id"] for task in connection.tasks(5)] == list(range(count))


def test_tasks_are_asked_for_with_all_fields_a_page_at_a_time() -> None:
    server = Server(
        answer({"tasks": [{"id": n} for n in range(100)], "total": 101}), answer({"tasks": [{}], "total": 101})
    )
    with connect(server) as connection:
        assert len(list(connection.tasks(5))) == 101
    assert [dict(r.url.params) for r in server.requests] == [
        {"project": "5", "fields": "all", "page": page, "page_size": "100"} for page in ("1", "2")
    ]


def test_users_are_known_by_their_number() -> None:
    with connect(Server(answer([{"id": 3, "email": "a@x.org"}, {"id": 4, "email": "b@x.org"}]))) as connection:
        assert connection.users() == {3: "a@x.org", 4: "b@x.org"}


def test_a_project_is_found_by_its_exact_title() -> None:
    rows = [{"id": 1, "title": "deaths 2"}, {"id": 2, "title": "deaths"}]
    with connect(paged(rows, "results", "count")) as connection:
        assert find_project(connection, "deaths") == {"id": 2, "title": "deaths"}
        assert find_project(connection, "none of it") is None
        with pytest.raises(AnnotateError, match="has no project 'none of it': `failings annotate push` makes it"):
            wanted_project(connection, "none of it")


def test_two_projects_of_one_title_must_be_told_apart_by_number() -> None:
    twins = paged([{"id": n, "title": "deaths"} for n in (1, 2)], "results", "count")
    reason = r"has 2 projects 'deaths': name one by its id \(1, 2\)"
    with connect(twins) as connection, pytest.raises(AnnotateError, match=reason):
        find_project(connection, "deaths")


def test_a_project_is_made_once_and_changed_only_where_it_differs() -> None:
    taxonomy = load_taxonomy()
    server = Server(answer({"results": [], "count": 0}), answer({"id": 1}))
    with connect(server) as connection:
        assert ensure_project(connection, "deaths", taxonomy, readers=None) == {"id": 1}
    made = json.loads(server.requests[1].content)
    assert (made["title"], made["maximum_annotations"], made["show_collab_predictions"]) == ("deaths", 1, True)
    server = Server(answer({"results": [{"id": 1, **made}], "count": 1}))
    with connect(server) as connection:
        ensure_project(connection, "deaths", taxonomy, readers=None)
        assert len(server.requests) == 1
        ensure_project(connection, "deaths", taxonomy, readers=2)
    assert json.loads(server.requests[2].content) == {"maximum_annotations": 2}


@pytest.mark.parametrize(
    ("versions", "shown"),
    [
        ({"old": 3, "new": 200, "failings": 900, "gone": 0}, "new"),
        ({"new": 200, "old": 3}, "new"),
        ({"failings": 9}, ""),
        ({}, ""),
    ],
)
def test_without_the_backend_the_stored_predictions_that_most_tasks_have_are_shown(
    versions: dict[str, int], shown: str
) -> None:
    server = Server(answer(versions), answer({}))
    with connect(server) as connection:
        release_project(connection, 5)
    assert json.loads(server.requests[1].content) == {"model_version": shown}


def test_the_backend_is_connected_once_however_often_it_is_done() -> None:
    url = "http://backend:9090"
    none = answer([])
    hooks, backends = (answer([{"id": n, "url": each} for n in (4, 8)]) for each in (f"{url}/webhook", url))
    first = Server(none, answer({}), none, answer({}))
    again = Server(hooks, answer({}), answer({}), backends, answer({}))
    for server in (first, again):
        with connect(server) as connection:
            connect_backend(connection, 5, url, "secret")
    assert [(r.method, r.url.path) for r in first.requests] == [
        ("GET", "/api/webhooks/"), ("POST", "/api/webhooks/"), ("GET", "/api/ml/"), ("POST", "/api/ml/"),
        ("PATCH", "/api/projects/5/"),
    ]  # fmt: skip
    assert [(r.method, r.url.path) for r in again.requests] == [
        ("GET", "/api/webhooks/"), ("PATCH", "/api/webhooks/4/"), ("DELETE", "/api/webhooks/8/"),
        ("GET", "/api/ml/"), ("PATCH", "/api/ml/4"), ("DELETE", "/api/ml/8"), ("PATCH", "/api/projects/5/"),
    ]  # fmt: skip
    assert json.loads(again.requests[-1].content) == {"model_version": "failings"}
