from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stamina
from pydantic import SecretStr

from pipeline.connectors.auth import Auth, Header, OAuth2, Query
from pipeline.connectors.credentials import read_secret
from pipeline.connectors.http_answers import Advice
from pipeline.connectors.http_client import HttpClient, Limits
from pipeline.connectors.pagers import AfterId, Cursor, LinkHeader, Listed, Offset, PageNumber, Pager, Step
from pipeline.connectors.patience import asked_wait_s, exhausted_wait_s
from pipeline.connectors.scans import ChangedSince, NewestFirst, Watermark
from pipeline.connectors.wire import Wire
from pipeline.connectors.woocommerce import WooCommerce
from pipeline.errors import PlaceRefused, RetryLater, StopSource

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=20, cap=True):
        yield


def open_client(
    handle: Callable[[httpx.Request], httpx.Response],
    auth: Auth | None = None,
    *,
    now: Callable[[], datetime] = lambda: NOW,
) -> HttpClient:
    return HttpClient(
        source="shop",
        base_url="https://shop.example/api",
        auth=auth,
        transport=httpx.MockTransport(handle),
        limits=Limits(delay_s=0, timeout_s=5, attempts=3, patience_s=60, max_body_bytes=10_000),
        advice=Advice("mend the credentials", "ask for permission", "check base_url"),
        sleep=lambda seconds: None,
        now=now,
    )


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "soon", "x-ratelimit-reset": "12"}, 12.0),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 45)}, 45.0),
        ({"x-ratelimit-reset": "2026-11-21T12:05:00.000Z"}, 300.0),
    ],
)
def test_a_refusal_says_how_long_to_wait(headers: Mapping[str, str], wait_s: float | None) -> None:
    assert asked_wait_s(headers, now=NOW) == wait_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 0.0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "30"}, 0.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, 30.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "5"}, 5.0),
        ({"x-ratelimit-remaining": "0"}, 0.0),
        ({"x-ratelimit-remaining": "many", "x-ratelimit-reset": "30"}, 0.0),
    ],
)
def test_an_allowance_is_watched(headers: Mapping[str, str], wait_s: float) -> None:
    assert exhausted_wait_s(headers, now=NOW) == wait_s


def test_an_allowance_that_is_used_up_for_long_is_left_to_the_next_run() -> None:
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "900"}

    with open_client(lambda request: httpx.Response(200, json=[], headers=spent)) as client:
        client.ask("/x")
        with pytest.raises(RetryLater, match=r"used up; it asks to come back at 2026-11-21 12:15:00 UTC"):
            client.ask("/x")


def test_a_secret_comes_from_the_variable_or_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of the file\n", encoding="utf-8")
    file = {"SHOP_TOKEN_FILE": str(tmp_path / "token")}

    from_file = read_secret("SHOP_TOKEN", file, source="shop", key="token_env")
    from_both = read_secret(
        "SHOP_TOKEN", file | {"SHOP_TOKEN": "of the variable"}, source="shop", key="token_env"
    )

    assert from_file.get_secret_value() == "of the file"
    assert from_both.get_secret_value() == "of the variable"
    assert "file" not in repr(from_file)


def test_a_secret_file_that_cannot_be_read_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(StopSource, match=r"SHOP_TOKEN_FILE names cannot be read \(FileNotFoundError\)"):
        read_secret("SHOP_TOKEN", {"SHOP_TOKEN_FILE": str(tmp_path / "none")}, source="shop", key="token_env")


def test_a_secret_in_the_query_goes_to_the_service_and_into_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(500)

    with (
        open_client(handle, Query(SecretStr("geheim"), "apikey")) as client,
        pytest.raises(RetryLater) as told,
    ):
        client.ask("/rows", {"page": 2})

    assert set(seen) == {"https://shop.example/api/rows?page=2&apikey=geheim"}
    assert "geheim" not in caplog.text + str(told.value)
    assert "rows?page=2" in caplog.text


def test_a_next_page_on_another_host_gets_no_credentials() -> None:
    with (
        open_client(lambda request: httpx.Response(200, json=[]), Header(SecretStr("geheim"))) as client,
        pytest.raises(StopSource, match=r"elsewhere\.example/2: the service names it as the next page"),
    ):
        client.ask("https://elsewhere.example/2")


def test_a_body_is_posted_as_json() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"got": json.loads(request.content), "by": request.method})

    with open_client(handle) as client:
        assert client.ask("/x", body={"page": 1}).content == {"got": {"page": 1}, "by": "POST"}


def test_a_redirect_that_would_lose_the_body_stops() -> None:
    moved = httpx.Response(302, headers={"Location": "https://shop.example/elsewhere"})

    with (
        open_client(lambda request: moved) as client,
        pytest.raises(StopSource, match=r"redirects to shop\.example in a way that loses what was asked"),
    ):
        client.ask("/x", body={"page": 1})


class TokenService:
    """Gives out tokens that it takes back after an hour, or when told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.valid = ""
        self.answer: Callable[[], httpx.Response] | None = None

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.example":
            self.asked.append(dict(httpx.QueryParams(request.content.decode())))
            self.valid = f"token{len(self.asked)}"
            told = {"access_token": self.valid, "expires_in": 3600, "refresh_token": "r2"}
            return self.answer() if self.answer else httpx.Response(200, json=told)
        proven = request.headers["authorization"] == f"Bearer {self.valid}"
        return httpx.Response(200 if proven else 401, json=[])


def oauth(now: Callable[[], datetime] = lambda: NOW, refresh: str | None = None) -> OAuth2:
    return OAuth2(
        "https://auth.example/token",
        SecretStr("client"),
        SecretStr("geheim"),
        now,
        SecretStr(refresh) if refresh else None,
        "read",
    )


def test_client_credentials_are_exchanged_for_a_token_once() -> None:
    service = TokenService()

    with open_client(service.handle, oauth()) as client:
        client.ask("/a")
        client.ask("/b")

    assert service.asked == [
        {
            "grant_type": "client_credentials",
            "client_id": "client",
            "client_secret": "geheim",
            "scope": "read",
        }
    ]


def test_a_token_is_renewed_before_it_runs_out_with_the_newest_refresh_token() -> None:
    service, moments = TokenService(), [NOW]

    with open_client(service.handle, oauth(lambda: moments[-1], "r1")) as client:
        client.ask("/a")
        moments.append(NOW + timedelta(minutes=59, seconds=30))
        client.ask("/b")

    assert [asked["refresh_token"] for asked in service.asked] == ["r1", "r2"]


def test_a_token_that_was_taken_back_is_renewed() -> None:
    service = TokenService()

    with open_client(service.handle, oauth()) as client:
        client.ask("/a")
        service.valid = "another"
        client.ask("/b")

    assert len(service.asked) == 2


@pytest.mark.parametrize(
    "answer", [httpx.Response(400, json={"error": "invalid_client"}), httpx.Response(200, text="x")]
)
def test_refused_client_credentials_stop_the_source(answer: httpx.Response) -> None:
    service = TokenService()
    service.answer = lambda: answer

    with (
        open_client(service.handle, oauth()) as client,
        pytest.raises(StopSource, match=rf"no token from auth.example \(HTTP {answer.status_code}\)"),
    ):
        client.ask("/a")


def test_a_token_service_that_is_away_is_asked_again() -> None:
    service = TokenService()
    service.answer = lambda: httpx.Response(503)

    with open_client(service.handle, oauth()) as client, pytest.raises(RetryLater, match="HTTP 503"):
        client.ask("/a")
    assert len(service.asked) == 3


def test_credentials_do_not_show_in_their_representation() -> None:
    shown = repr([oauth(refresh="r1-geheim"), Header(SecretStr("geheim")), Query(SecretStr("geheim"), "k")])

    assert "geheim" not in shown


class Rows:
    """A list of numbered rows, handed out in whatever way a pager asks for it."""

    def __init__(self, numbers: Sequence[int], size: int = 3) -> None:
        self.rows: list[dict[str, Any]] = [{"id": number, "at": minute(number)} for number in numbers]
        self.size = size
        self.asked: list[dict[str, str | int]] = []

    def __call__(self, params: Mapping[str, str | int], *, link: str | None = None) -> Listed:
        asked = {"link": link} if link else dict(params)
        self.asked.append(asked)
        start = int(asked.get("offset", asked.get("token", asked.get("link", 0))))
        if "page" in asked:
            start = (int(asked["page"]) - 1) * self.size
        rows = [row for row in self.rows if row["at"] >= asked.get("since", "")]
        rows = [row for row in rows if row["id"] > int(asked.get("min_id", -1))]
        chosen, rest = rows[start : start + self.size], rows[start + self.size :]
        following = start + self.size if rest else None
        return Listed(
            tuple(chosen),
            {"next": following, "more": bool(rest)},
            {"pages": str(-(-len(rows) // self.size)), "total": str(len(rows))},
            str(following) if rest else None,
        )


def minute(number: int) -> str:
    return f"{NOW - timedelta(days=1) + timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"


def ids(steps: Sequence[Step]) -> list[list[int]]:
    return [[row["id"] for row in step.rows if isinstance(row, dict)] for step in steps]


PAGERS: list[tuple[Pager, Any]] = [
    (PageNumber(size=3), {"page": 3}),
    (PageNumber(size=3, n_pages_header="pages"), {"page": 3}),
    (Offset(size=3), {"offset": 8}),
    (Offset(size=3, more_at="more"), {"offset": 8}),
    (LinkHeader(), {"link": "6"}),
    (Cursor(param="token", at="next"), {}),
    (AfterId(param="min_id"), {"after": "8"}),
    (Watermark(since_param="since", at="at", now=NOW), {"since": "2026-11-20T12:08:00+00:00"}),
    (
        ChangedSince(inner=PageNumber(size=3), at="at", now=NOW, overlap=timedelta(0)),
        {"mark": "2026-11-20T12:08:00+00:00"},
    ),
]


@pytest.mark.parametrize(("pager", "end"), PAGERS, ids=lambda one: type(one).__name__)
def test_a_pager_reads_all_and_goes_on_from_each_page(pager: Pager, end: Any) -> None:
    rows = Rows(range(1, 9))

    steps = list(pager.steps(rows, {}))

    seen = [set().union(*ids(steps[: n + 1])) for n in range(len(steps))]
    rests = [set().union(*ids(list(pager.steps(Rows(range(1, 9)), step.state)))) for step in steps[:-1]]
    assert [before | after for before, after in zip(seen, rests, strict=False)] == [set(range(1, 9))] * len(
        rests
    )
    assert steps[-1].state == end


@pytest.mark.parametrize("pager", [one for one, end in PAGERS if end], ids=lambda one: type(one).__name__)
def test_a_pager_finds_what_came_after_its_last_page(pager: Pager) -> None:
    end = list(pager.steps(Rows(range(1, 9)), {}))[-1].state

    found = set().union(*ids(list(pager.steps(Rows(range(1, 12)), end))))

    assert found >= {9, 10, 11}
    assert 1 not in found


@pytest.mark.parametrize("pager", [PageNumber(size=3), Offset(size=3)], ids=lambda one: type(one).__name__)
def test_a_service_that_sends_the_same_page_for_ever_stops_the_source(pager: Pager) -> None:
    same = Listed(({"id": 1}, {"id": 2}, {"id": 3}), {}, {})

    with pytest.raises(StopSource, match="sends the same page again whatever"):
        list(pager.steps(lambda params, *, link=None: same, {}))


@pytest.mark.parametrize("deleted", [[1], [2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7]])
@pytest.mark.parametrize("breaks_off", [False, True])
def test_rows_that_move_up_when_others_are_deleted_are_not_missed(
    deleted: list[int], *, breaks_off: bool
) -> None:
    pager = PageNumber(size=3, n_pages_header="pages", n_total_header="total")
    rows = Rows(range(1, 16))
    seen: set[int] = set()
    steps = pager.steps(rows, {})
    for _ in range(3):
        step = next(steps)
        seen |= set(ids([step])[0])
    rows.rows = [row for row in rows.rows if row["id"] not in deleted]

    rest = pager.steps(rows, step.state) if breaks_off else steps
    seen |= set().union(*ids(list(rest)))

    assert seen == set(range(1, 16))


def test_a_watermark_passes_many_changes_of_one_moment() -> None:
    rows = Rows(range(1, 9))
    for row in rows.rows:
        row["at"] = minute(1)

    steps = list(Watermark(since_param="since", at="at", now=NOW).steps(rows, {}))

    assert set().union(*ids(steps)) == set(range(1, 9))


def test_newest_first_stops_after_two_pages_without_anything_new() -> None:
    pager = NewestFirst(inner=PageNumber(size=3), at="at", now=NOW)
    end = list(pager.steps(Rows(range(30, 0, -1)), {}))[-1].state

    steps = list(pager.steps(Rows(range(32, 0, -1)), end))

    assert ids(steps) == [[32, 31, 30], [29, 28, 27], [26, 25, 24], []]


def test_newest_first_is_not_stopped_by_rows_that_are_pinned() -> None:
    pager = NewestFirst(inner=PageNumber(size=3), at="at", now=NOW)
    end = list(pager.steps(Rows(range(30, 0, -1)), {}))[-1].state

    steps = list(pager.steps(Rows([2, 3, 4, *range(32, 0, -1)]), end))

    assert ids(steps)[:2] == [[2, 3, 4], [32, 31, 30]]


def test_a_pass_that_broke_off_leaves_no_gap() -> None:
    pager = NewestFirst(inner=PageNumber(size=3), at="at", now=NOW)
    end = list(pager.steps(Rows(range(9, 0, -1)), {}))[-1].state
    broken = next(iter(pager.steps(Rows(range(20, 0, -1)), end)))

    rest = list(pager.steps(Rows(range(21, 0, -1)), broken.state))
    later = list(pager.steps(Rows(range(21, 0, -1)), rest[-1].state))

    found = set().union(*ids([broken, *rest, *later]))
    assert found >= set(range(10, 22))


def test_a_pass_whose_token_expired_begins_anew_and_leaves_no_gap() -> None:
    pager = NewestFirst(inner=Cursor(param="token", at="next"), at="at", now=NOW)
    end = list(pager.steps(Rows(range(9, 0, -1)), {}))[-1].state
    broken = next(iter(pager.steps(Rows(range(20, 0, -1)), end)))

    def expired(params: Mapping[str, str | int], *, link: str | None = None) -> Listed:
        if params.get("token") == "3":
            raise PlaceRefused("HTTP 400")
        return Rows(range(21, 0, -1), size=4)(params, link=link)

    found = set().union(*ids([broken, *pager.steps(expired, broken.state)]))

    assert broken.state["inner"] == {"token": "3"}
    assert found >= set(range(10, 22))


def test_a_service_that_refuses_the_first_page_stops_the_source() -> None:
    def refuse(params: Mapping[str, str | int], *, link: str | None = None) -> Listed:
        raise PlaceRefused("HTTP 400")

    pager = NewestFirst(inner=Cursor(param="token", at="next"), at="at", now=NOW)

    with pytest.raises(StopSource):
        list(pager.steps(refuse, {"inner": {"token": "3"}}))


def test_changed_since_hands_on_only_what_changed() -> None:
    pager = ChangedSince(inner=PageNumber(size=3), at="at", now=NOW, overlap=timedelta(0))
    end = list(pager.steps(Rows(range(1, 9)), {}))[-1].state
    rows = Rows(range(1, 9))
    rows.rows[1]["at"] = minute(50)

    assert set().union(*ids(list(pager.steps(rows, end)))) == {2, 8}


def shop(**arguments: Any) -> WooCommerce:
    given = {"base_url": "https://shop.example", "key_env": "K", "secret_env": "S", **arguments}
    return WooCommerce.model_validate({"name": "shop", "now": lambda: NOW, **given})


def test_a_certificate_of_an_own_authority_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(StopSource, match="ca_file or proxy cannot be used"):
        shop(root=tmp_path, ca_file="none.pem")._open_transport()


def test_a_transport_of_its_own_verifies_certificates() -> None:
    transport = shop()._open_transport()

    assert isinstance(transport, Wire)
    assert transport.context.check_hostname
    assert transport.context.verify_mode is ssl.CERT_REQUIRED
