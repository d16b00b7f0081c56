"""The battery of every connector that asks a service over HTTP: what it has to do, one check each.

A connector joins by a line in ``CONNECTORS`` and a file in ``tests/fixtures/http_services``: a service that answers
from its recorded page, and its ``CASES``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError, RetryLater, SettingsError, StopSource
from pipeline.records import Page
from tests.checks import N_SAMPLES, NOW, SECRET, Sample, errors_of, items_of, samples
from tests.fixtures.services import COMPANY, Fault, Service

TOKEN = "geheim-XYZ-777"
ENVIRONMENT = {"SHOP_TOKEN": TOKEN, "SHOP_KEY": "ck_12"}


@dataclass(frozen=True)
class HttpCase:
    """A service that a connector reads.

    Args:
        name: In the ids of the tests.
        kind: Key of ``CONNECTORS``.
        service: Answers as the service does.
        field: Field of a message without which it cannot be read.
        noun: What a dead letter calls a message.
        native_id: What a sample is called in this source.
        permission: A word of what is said on 403.
        edits_after: How long after the first reading an edit is seen at the latest.
        proof: The header of a request that proves who asks; empty: there is none.
        proof_header: Its name.
        document: What its answers are.
        odd_texts: Texts that they can hold.
    """

    name: str
    kind: str
    arguments: Mapping[str, object]
    service: type[Service]
    field: str
    noun: str
    native_id: Callable[[int], str]
    permission: str
    edits_after: timedelta = timedelta(0)
    proof: str = ""
    proof_header: str = "authorization"
    document: str = "JSON"
    odd_texts: tuple[str, ...] = ("", "خط\nدوم", "😀 👩🏽‍🚀", "a\x01b", "x\ud83dy")

    def build(
        self,
        service: Service,
        *,
        now: datetime = NOW,
        naps: list[float] | None = None,
        environment: Mapping[str, str] = ENVIRONMENT,
        **arguments: object,
    ) -> Connector:
        """Return the connector of a service."""
        slept: list[float] = [] if naps is None else naps
        network = Network(httpx.MockTransport(service.handle), slept.append, environment)
        given = {"base_url": "https://shop.example", **self.arguments, **arguments}
        return build_connector("shop", self.kind, given, now=lambda: now, network=network)

    def ids(self, n: int = N_SAMPLES) -> set[str]:
        """Return the native ids of the first samples."""
        return {self.native_id(number) for number in range(1, n + 1)}


def answering(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Fault:
    """Return a fault that answers with a status."""
    kind = {"content-type": "application/json"}
    return lambda: httpx.Response(status, headers={**kind, **(headers or {})}, content=body)


def read_until_error(connector: Connector, since: str | None = None) -> tuple[list[Page], str]:
    """Return the pages until the source fails, and what it says then."""
    pages: list[Page] = []
    try:
        pages.extend(_collect(connector.fetch(since), pages))
    except BazkhordError as error:
        return pages, str(error)
    return pages, ""


def _collect(found: Iterator[Page], pages: list[Page]) -> list[Page]:
    pages.extend(found)
    return []


def last_bookmark(pages: Sequence[Page]) -> str | None:
    """Return the bookmark that the store would hold after these pages."""
    return next((page.bookmark for page in reversed(pages) if page.bookmark), None)


def ids_of(pages: Sequence[Page]) -> set[str]:
    """Return the native ids of all items."""
    return {item.native_id for item in items_of(pages)}


def check_every_message_is_read_whole(case: HttpCase) -> None:
    pages = list(case.build(case.service(samples(3))).fetch(None))

    read = sorted((item.native_id, item.source, item.text, item.created_at) for item in items_of(pages))
    assert read == [
        (case.native_id(1), "shop", "پیام شمارهٔ 1", datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC)),
        (case.native_id(2), "shop", "پیام شمارهٔ 2", datetime(2023, 11, 14, 22, 15, 20, tzinfo=UTC)),
        (case.native_id(3), "shop", "پیام شمارهٔ 3", datetime(2023, 11, 14, 22, 16, 20, tzinfo=UTC)),
    ]
    assert errors_of(pages) == []


def check_items_are_frozen_and_times_are_utc(case: HttpCase) -> None:
    (item,) = items_of(list(case.build(case.service(samples(1))).fetch(None)))

    with pytest.raises(FrozenInstanceError):
        item.text = "x"  # type: ignore[misc]
    assert item.created_at is not None
    assert item.created_at.tzinfo is UTC


def check_what_the_company_says_is_left_out(case: HttpCase) -> None:
    pages = list(case.build(case.service(samples(2))).fetch(None))

    assert [item for item in items_of(pages) if COMPANY in item.text] == []
    assert len(items_of(pages)) == 2


def check_native_ids_are_unique(case: HttpCase) -> None:
    pages = list(case.build(case.service(samples())).fetch(None))

    assert ids_of(pages) == case.ids()
    assert len(items_of(pages)) == N_SAMPLES


def check_reading_goes_on_from_every_bookmark(case: HttpCase) -> None:
    connector = case.build(case.service(samples()))
    pages = list(connector.fetch(None))

    found = [
        ids_of(pages[:n]) | ids_of(list(connector.fetch(page.bookmark)))
        for n, page in enumerate(pages, 1)
        if page.bookmark
    ]

    assert len(found) >= 3
    assert [ids for ids in found if ids != case.ids()] == []


def check_a_bookmark_is_small_json(case: HttpCase) -> None:
    pages = list(case.build(case.service(samples())).fetch(None))

    bookmarks = [page.bookmark for page in pages if page.bookmark]
    assert [one for one in bookmarks if len(one) > 1000 or not isinstance(json.loads(one), dict)] == []
    assert len(bookmarks) == len(pages)


def check_a_pull_that_breaks_off_anywhere_loses_nothing(case: HttpCase) -> None:
    service = case.service(samples())
    list(case.build(service).fetch(None))
    n_requests = len(service.requests)

    for broken_at in range(1, n_requests + 1):
        service = case.service(samples())
        service.fail_from = (broken_at, answering(500))
        connector = case.build(service, attempts=1)
        before, complaint = read_until_error(connector)
        service.fail_from = None
        after = list(connector.fetch(last_bookmark(before)))

        assert "HTTP 500" in complaint
        assert ids_of(before) | ids_of(after) == case.ids()


def check_reading_twice_gives_the_same(case: HttpCase) -> None:
    connector = case.build(case.service(samples()))

    assert list(connector.fetch(None)) == list(connector.fetch(None))


def check_what_was_read_to_its_end_is_not_all_read_again(case: HttpCase) -> None:
    service = case.service(samples())
    connector = case.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))
    n_requests = len(service.requests)

    again = items_of(list(connector.fetch(bookmark)))

    assert len(again) < N_SAMPLES
    assert len(service.requests) - n_requests < n_requests


def check_what_is_written_later_is_read_next_time(case: HttpCase) -> None:
    service = case.service(samples())
    connector = case.build(service)
    bookmark = last_bookmark(list(connector.fetch(None)))

    service.add(Sample(26, "پیام تازه", 1_700_090_000))

    texts = {item.native_id: item.text for item in items_of(list(connector.fetch(bookmark)))}
    assert texts[case.native_id(26)] == "پیام تازه"


def check_what_is_written_while_reading_is_not_lost(case: HttpCase) -> None:
    service = case.service(samples())
    service.before[2] = lambda: service.add(Sample(26, "پیام تازه", 1_700_090_000))
    connector = case.build(service)

    first = list(connector.fetch(None))
    second = list(connector.fetch(last_bookmark(first)))

    assert ids_of(first) | ids_of(second) == case.ids(26)


def check_an_edited_message_comes_again_under_its_id(case: HttpCase) -> None:
    service = case.service(samples())
    bookmark = last_bookmark(list(case.build(service).fetch(None)))

    service.add(Sample(4, "ویرایش شد", 1_700_000_240))

    later = case.build(service, now=NOW + case.edits_after)
    texts = {item.native_id: item.text for item in items_of(list(later.fetch(bookmark)))}
    assert texts[case.native_id(4)] == "ویرایش شد"


def check_an_empty_source_gives_nothing(case: HttpCase) -> None:
    pages = list(case.build(case.service([])).fetch(None))

    assert items_of(pages) == []
    assert errors_of(pages) == []


def check_changed_arguments_read_a_source_again(case: HttpCase) -> None:
    service = case.service(samples(2))
    bookmark = last_bookmark(list(case.build(service).fetch(None)))

    moved = case.build(service, base_url="https://other.example")

    assert ids_of(list(moved.fetch(bookmark))) == case.ids(2)


def check_constants_fill_what_the_service_does_not_say(case: HttpCase) -> None:
    service = case.service(samples(2))
    bookmark = last_bookmark(list(case.build(service).fetch(None)))
    without = items_of(list(case.build(service).fetch(None)))

    branded = case.build(service, constants={"brand": "نیک‌سبد", "product": "چای"})

    items = items_of(list(branded.fetch(bookmark)))
    assert [(item.brand, item.product) for item in items] == [
        ("نیک‌سبد", one.product or "چای") for one in without
    ]
    assert len(items) == 2


def check_a_bookmark_of_another_source_reads_all(case: HttpCase) -> None:
    connector = case.build(case.service(samples(2)))
    own = json.loads(last_bookmark(list(connector.fetch(None))) or "{}")

    for bookmark in ('{"offset": 17}', "17", "[]", "no json", json.dumps(own | {"kind": "another"})):
        assert ids_of(list(connector.fetch(bookmark))) == case.ids(2)


def check_settings_of_the_way_keep_the_bookmark(case: HttpCase) -> None:
    service = case.service(samples())
    bookmark = last_bookmark(list(case.build(service).fetch(None)))

    slower = case.build(service, delay_s=2, timeout_s=5, attempts=2)

    assert len(items_of(list(slower.fetch(bookmark)))) < N_SAMPLES


def check_the_proof_goes_with_every_request(case: HttpCase) -> None:
    service = case.service(samples())

    list(case.build(service).fetch(None))

    assert {request.headers.get(case.proof_header, "") for request in service.requests} == {case.proof}


def check_a_missing_secret_names_its_variable(case: HttpCase) -> None:
    connector = case.build(case.service([]), environment={"SHOP_KEY": "ck_12"})

    _, complaint = read_until_error(connector)

    assert ("SHOP_TOKEN" in complaint and "SHOP_TOKEN_FILE" in complaint) == bool(case.proof)


def check_refused_credentials_stop_and_name_them(case: HttpCase) -> None:
    service = case.service(samples(2))
    service.fail_from = (1, answering(401))

    with pytest.raises(StopSource) as stopped:
        list(case.build(service).fetch(None))

    assert "HTTP 401" in str(stopped.value)
    assert ("SHOP_TOKEN" in str(stopped.value)) == bool(case.proof)
    assert len(service.requests) == 1


def check_a_missing_permission_stops_and_names_it(case: HttpCase) -> None:
    service = case.service(samples(2))
    service.fail_from = (1, answering(403))

    with pytest.raises(StopSource, match=f"source shop: https://shop.example/.*HTTP 403.*{case.permission}"):
        list(case.build(service).fetch(None))


def check_a_wrong_address_stops_and_names_the_setting(case: HttpCase) -> None:
    service = case.service(samples(2))
    service.fail_from = (1, answering(404))

    with pytest.raises(StopSource, match=r"HTTP 404.*check base_url"):
        list(case.build(service).fetch(None))


def check_passing_failures_are_tried_again(case: HttpCase) -> None:
    service = case.service(samples())
    service.faults = {
        1: answering(500),
        2: answering(429),
        3: answering(429, {"Retry-After": "7"}),
        5: lambda: httpx.ReadTimeout("slow"),
        6: lambda: httpx.ConnectError("refused"),
        7: answering(200, body=b'{"tickets": [{"id'),
        8: answering(503, {"Retry-After": "Sat, 21 Nov 2026 12:00:09 GMT"}),
    }

    pages = list(case.build(service).fetch(None))

    assert ids_of(pages) == case.ids()
    assert errors_of(pages) == []


def check_lasting_failures_ask_to_run_again_later(case: HttpCase) -> None:
    for fault, words in (
        (answering(500), "HTTP 500"),
        (answering(429), "HTTP 429"),
        (lambda: httpx.ConnectTimeout("slow"), "no answer within 30 seconds"),
        (lambda: httpx.ConnectError("refused"), "the connection failed (ConnectError)"),
        (answering(200, body=b'[{"id": 1'), f"no whole {case.document}"),
    ):
        service = case.service(samples())
        service.fail_from = (2, fault)

        with pytest.raises(RetryLater) as told:
            list(case.build(service, attempts=3).fetch(None))

        assert words in str(told.value)
        assert "nothing is lost" in str(told.value)
        assert len(service.requests) == 4


def check_a_long_wait_is_left_to_the_next_run(case: HttpCase) -> None:
    service = case.service(samples())
    service.fail_from = (1, answering(429, {"Retry-After": "3600"}))

    with pytest.raises(RetryLater, match="come back at 2026-11-21 13:00:00 UTC"):
        list(case.build(service).fetch(None))
    assert len(service.requests) == 1


def check_a_web_page_in_place_of_json_stops(case: HttpCase) -> None:
    service = case.service(samples(2))
    service.fail_from = (1, answering(200, {"content-type": "text/html"}, b"<html>sign in</html>"))

    with pytest.raises(StopSource, match=f"web page instead of {case.document}: check base_url"):
        list(case.build(service).fetch(None))


def check_a_message_that_lacks_a_field_costs_no_other(case: HttpCase) -> None:
    service = case.service(samples(5))
    service.spoil = lambda message: _drop(message, case.field, only="پیام شمارهٔ 3")

    pages = list(case.build(service).fetch(None))

    assert ids_of(pages) == {case.native_id(n) for n in (1, 2, 4, 5)}
    assert errors_of(pages) == [(f"{case.noun} {case.native_id(3)}", case.native_id(3))]
    assert [case.field in letter.error for page in pages for letter in page.dead_letters] == [True]


def check_a_renamed_field_stops_and_is_named(case: HttpCase) -> None:
    service = case.service(samples())
    service.spoil = lambda message: _drop(message, case.field)

    with pytest.raises(
        StopSource, match=rf"source shop: no {case.noun} of a whole page has the field {case.field}"
    ):
        list(case.build(service).fetch(None))


def _drop(message: dict[str, Any], field: str, *, only: str = "") -> None:
    if only in str(message[field]):
        message[f"new_{field}"] = message.pop(field)


def check_a_date_of_no_known_shape_is_a_dead_letter(case: HttpCase) -> None:
    service = case.service([Sample(1, "خوب", "چند روز پیش"), Sample(2, "بد")])

    pages = list(case.build(service).fetch(None))

    assert ids_of(pages) == {case.native_id(2)}
    assert [native_id for _, native_id in errors_of(pages)] == [case.native_id(1)]
    assert ["known formats" in one.error for page in pages for one in page.dead_letters] == [True]


def check_a_date_in_the_future_is_a_dead_letter(case: HttpCase) -> None:
    soon, late = (int((NOW + timedelta(minutes=minutes)).timestamp()) for minutes in (4, 6))

    pages = list(case.build(case.service([Sample(1, "خوب", soon), Sample(2, "بد", late)])).fetch(None))

    assert ids_of(pages) == {case.native_id(1)}
    assert [native_id for _, native_id in errors_of(pages)] == [case.native_id(2)]


def check_texts_are_read_as_they_are(case: HttpCase) -> None:
    texts = [*case.odd_texts, "خیلی دیر رسید " * 50_000 + "."]
    given = [Sample(number, text) for number, text in enumerate(texts, 1)]

    pages = list(case.build(case.service(given)).fetch(None))

    read = {item.native_id: item.text for item in items_of(pages)}
    assert read == {case.native_id(number): text for number, text in enumerate(texts, 1)}


def check_an_answer_that_is_too_long_stops(case: HttpCase) -> None:
    service = case.service([Sample(1, "خیلی دیر رسید " * 500)])

    with pytest.raises(StopSource, match=r"longer than max_body_bytes \(2048\)"):
        list(case.build(service, max_body_bytes=2048).fetch(None))


def check_a_redirect_to_another_host_gets_no_credentials(case: HttpCase) -> None:
    service = case.service(samples(2))

    def move() -> httpx.Response:
        address = service.requests[0].url.copy_with(host="elsewhere.example")
        return httpx.Response(307, headers={"Location": str(address)})

    service.faults = {1: move}

    _, complaint = read_until_error(case.build(service))

    asked = [request.url.host for request in service.requests]
    assert "redirects to elsewhere.example" in complaint
    assert "elsewhere.example" not in asked


def check_a_redirect_on_the_same_host_is_followed(case: HttpCase) -> None:
    service = case.service(samples(2))

    def move() -> httpx.Response:
        return httpx.Response(308, headers={"Location": str(service.requests[0].url)})

    service.faults = {1: move}

    assert ids_of(list(case.build(service).fetch(None))) == case.ids(2)


def check_a_used_up_allowance_is_waited_for(case: HttpCase) -> None:
    service = case.service(samples())
    page = service.answer
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "40"}

    def answer(request: httpx.Request) -> httpx.Response:
        response = page(request)
        response.headers.update(spent)
        return response

    service.answer = answer  # type: ignore[method-assign]
    naps: list[float] = []

    pages = list(case.build(service, naps=naps).fetch(None))

    assert ids_of(pages) == case.ids()
    assert naps == [40.0] * (len(service.requests) - 1)


def check_requests_are_a_polite_delay_apart(case: HttpCase) -> None:
    service = case.service(samples(2))
    naps: list[float] = []

    list(case.build(service, naps=naps, delay_s=1.5).fetch(None))

    assert naps == [1.5] * (len(service.requests) - 1)


def check_nothing_that_is_said_or_kept_shows_a_secret(
    case: HttpCase, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shy = [Sample(number, SECRET, SECRET if number % 2 else 1_700_000_000) for number in range(1, 9)]
    told: list[str] = []
    for fault in (
        None,
        answering(401),
        answering(403),
        answering(500),
        answering(200, body=b"{"),
        answering(200),
    ):
        service = case.service(shy)
        if fault:
            service.fail_from = (2, fault)
        connector = case.build(service, attempts=2)
        pages, complaint = read_until_error(connector)
        told += [
            complaint,
            repr(connector),
            connector.model_dump_json(),
            *(str(page.bookmark) for page in pages),
        ]
        told += [letter.error + letter.position for page in pages for letter in page.dead_letters]

    whole = caplog.text + " ".join(told)
    secrets = [TOKEN, "ck_12", *case.proof.split()[1:], *SECRET.split()]
    assert [secret for secret in secrets if secret in whole] == []
    assert "known formats" in whole


def check_a_pasted_secret_is_not_shown(case: HttpCase) -> None:
    keys = [key for key in case.arguments if key.endswith("_env")]
    connector = case.build(case.service([]), **dict.fromkeys(keys, "geheim-XYZ-778"))

    _, complaint = read_until_error(connector)

    assert ("does not name an environment variable" in complaint) == bool(keys)
    assert "778" not in complaint


def check_an_address_with_a_password_is_refused_unseen(case: HttpCase) -> None:
    with pytest.raises(SettingsError, match="source shop: base_url holds a name, a password") as refused:
        case.build(case.service([]), base_url="https://me:geheim-XYZ-777@shop.example")

    assert TOKEN not in str(refused.value)


def check_credentials_do_not_go_unencrypted(case: HttpCase) -> None:
    service = case.service(samples(2))

    _, complaint = read_until_error(case.build(service, base_url="http://shop.example"))
    pages, _ = read_until_error(case.build(service, base_url="http://shop.example", plain_http=True))

    assert ("anybody on the way" in complaint) == bool(case.proof)
    assert ids_of(pages) == case.ids(2)


def check_an_unknown_argument_says_which_is_nearest(case: HttpCase) -> None:
    with pytest.raises(SettingsError, match=r"no argument 'base_ur' \(nearest: 'base_url'\)"):
        case.build(case.service([]), base_ur="x")


def check_any_answer_ends_in_our_own_errors(case: HttpCase) -> None:
    for body in (
        b"",
        b"\x00\xff" * 99,
        b"[" * 9_000,
        b"[1, null]",
        b'"',
        b'{"messages": 5}',
        b"null",
        b"[{}]",
    ):
        service = case.service(samples(3))
        service.fail_from = (1, answering(200, body=body))

        pages, complaint = read_until_error(case.build(service, attempts=1))

        assert items_of(pages) == []
        assert complaint or errors_of(pages)


HTTP_CHECKS = tuple(check for name, check in sorted(globals().items()) if name.startswith("check_"))
