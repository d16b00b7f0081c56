from __future__ import annotations

from datetime import UTC, datetime

import httpx

from pipeline.connectors.auth import Auth, Send, WithHeaders
from pipeline.connectors.pagers import Listed, Offset, PageNumber
from pipeline.connectors.windows import Window
from tests.checks import NOW

PAGES = [
    ({"id": 2, "changed": "2026-03-02T09:00:00Z"}, {"id": 3, "changed": "2026-03-02T10:00:00Z"}),
    ({"id": 1, "changed": "2026-03-02T08:00:00Z"},),
    (),
]


class Service:
    """Hands out pages and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str | int]] = []

    def load(self, params: dict[str, str | int], *, link: str | None = None) -> Listed:
        del link
        self.asked.append(dict(params))
        return Listed(PAGES[int(params["page"]) - 1], None, {})


def window() -> Window:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Window(inner=PageNumber(size=2), since_param="since", at="changed", now=NOW, start=start)


def test_the_moment_of_a_window_moves_once_all_of_it_was_read() -> None:
    service = Service()

    steps = list(window().steps(service.load, {}))

    assert [params["since"] for params in service.asked] == ["2026-01-01T00:00:00Z"] * 3
    assert [step.state["since"] for step in steps] == ["2026-01-01T00:00:00+00:00"] * 3 + [
        "2026-03-02T10:00:00+00:00"
    ]


def test_a_window_that_broke_off_goes_on_at_its_page_from_the_same_moment() -> None:
    first = next(iter(window().steps(Service().load, {})))
    service = Service()

    steps = list(window().steps(service.load, first.state))

    assert service.asked[0] == {"page": 2, "per_page": 2, "since": "2026-01-01T00:00:00Z"}
    assert steps[-1].state == {"since": "2026-03-02T10:00:00+00:00"}


def test_the_next_window_begins_a_little_before_the_last_change() -> None:
    service = Service()

    list(window().steps(service.load, {"since": "2026-03-02T10:00:00+00:00"}))

    assert service.asked[0]["since"] == "2026-03-02T09:58:00Z"


def test_a_list_that_says_how_many_rows_it_has_is_not_asked_for_an_empty_page() -> None:
    asked: list[object] = []

    def load(params: dict[str, str | int], *, link: str | None = None) -> Listed:
        del link
        asked.append(params["offset"])
        return Listed(({"id": params["offset"]},), {"total": 2}, {})

    list(Offset(size=1, total_at="total").steps(load, {}))

    assert asked == [0, 1]


class Lapsing(Auth):
    """A proof that can be had anew."""

    def sign(self, request: httpx.Request, send: Send) -> None:
        """The request has the proof."""
        del send
        request.headers["Authorization"] = "Bearer x"

    def renew(self) -> bool:
        """Return that there is another."""
        return True


def test_headers_beside_a_proof_leave_its_renewal_to_it() -> None:
    request = httpx.Request("GET", "https://shop.example")
    both = WithHeaders(Lapsing(), {"X-Owner": "1"})

    both.sign(request, lambda _: httpx.Response(200))

    assert (request.headers["x-owner"], request.headers["authorization"]) == ("1", "Bearer x")
    assert both.renew()
