"""Tokens that this side signs: renewed in time, asked for once, and never shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import jwt
import pytest
from pydantic import SecretStr

from pipeline.connectors.auth import Auth, SignedTransport
from pipeline.connectors.signed_token import ServiceAccount, SignedToken
from pipeline.errors import StopSource
from tests.checks import NOW
from tests.fixtures.signing import as_pem, elliptic_key, rsa_key

TOKENS = "https://tokens.example/token"


@dataclass
class Clock:
    """A clock that tests move."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Counter:
    """Takes any proof but those it refuses, and notes them; gives out numbered tokens."""

    refuse: Callable[[str], bool] = lambda proof: False
    token_status: int = 200
    proofs: list[str] = field(default_factory=list)
    n_tokens: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKENS:
            self.n_tokens += 1
            told = {"access_token": f"t{self.n_tokens}", "expires_in": 3600}
            return httpx.Response(self.token_status, json=told if self.token_status == 200 else {})
        proof = request.headers["authorization"].removeprefix("Bearer ")
        self.proofs.append(proof)
        return httpx.Response(401 if self.refuse(proof) else 200)


def ask(auth: Auth, counter: Counter) -> Callable[[], int]:
    transport = SignedTransport(httpx.MockTransport(counter), auth)
    request = httpx.Request("GET", "https://shop.example/")
    return lambda: transport.handle_request(request).status_code


def signed(now: Callable[[], datetime], key: str | None = None) -> SignedToken:
    secret = SecretStr(key or as_pem(elliptic_key()))
    return SignedToken(claims={"iss": "team"}, key=secret, key_id="K1", now=now)


def account(now: Callable[[], datetime], key: str | None = None) -> ServiceAccount:
    secret = SecretStr(key or as_pem(rsa_key()))
    return ServiceAccount(TOKENS, SecretStr("a@b.example"), client_secret=secret, now=now, scope="read")


def runs_out(token: str) -> int:
    said = jwt.decode(token, options={"verify_signature": False})
    return int(said["exp"] - NOW.timestamp())


def test_a_token_is_signed_anew_a_minute_before_it_runs_out() -> None:
    clock, counter = Clock(), Counter()
    send = ask(signed(clock), counter)

    for minutes in (0, 13, 14, 20):
        clock.moment = NOW + timedelta(minutes=minutes)
        send()

    assert [runs_out(token) for token in counter.proofs] == [900, 900, 1740, 1740]
    assert counter.proofs[0] == counter.proofs[1]


def test_a_token_is_fetched_anew_a_minute_before_it_runs_out() -> None:
    clock, counter = Clock(), Counter()
    send = ask(account(clock), counter)

    for minutes in (0, 58, 59, 60):
        clock.moment = NOW + timedelta(minutes=minutes)
        send()

    assert counter.proofs == ["t1", "t1", "t2", "t2"]


@pytest.mark.parametrize("make", [signed, account])
def test_a_token_that_is_refused_at_its_first_use_is_not_tried_again(make: Callable[[Clock], Auth]) -> None:
    counter = Counter(refuse=lambda _: True)

    status = ask(make(Clock()), counter)()

    assert (status, len(counter.proofs)) == (401, 1)


def test_a_fetched_token_that_was_taken_back_is_renewed_once() -> None:
    counter = Counter()
    send = ask(account(Clock()), counter)
    send()
    counter.refuse = lambda proof: proof == "t1"

    status = send()

    assert (status, counter.proofs) == (200, ["t1", "t1", "t2"])


def test_a_signed_token_that_was_taken_for_old_is_signed_once_more() -> None:
    counter, clock = Counter(), Clock()
    send = ask(signed(clock), counter)
    send()
    clock.moment = NOW + timedelta(minutes=1)
    counter.refuse = lambda proof: runs_out(proof) == 900

    status = send()

    assert (status, [runs_out(proof) for proof in counter.proofs]) == (200, [900, 900, 960])


@pytest.mark.parametrize(
    ("make", "choose", "algorithm"),
    [
        (signed, lambda: "geheim-XYZ-777", "ES256"),
        (signed, lambda: as_pem(rsa_key()), "ES256"),
        (signed, lambda: as_pem(elliptic_key())[:120], "ES256"),
        (account, lambda: "geheim-XYZ-777", "RS256"),
        (account, lambda: as_pem(elliptic_key()), "RS256"),
    ],
    ids=["no key", "of another kind", "cut off", "no account's key", "of another kind than an account's"],
)
def test_a_key_that_cannot_sign_is_named_and_not_shown(
    make: Callable[[Clock, str], Auth], choose: Callable[[], str], algorithm: str
) -> None:
    key = choose()

    with pytest.raises(StopSource) as stopped:
        ask(make(Clock(), key), Counter())()

    told = f"{stopped.value} {stopped.value.__cause__} {stopped.value.__suppress_context__}"
    assert f"cannot sign with {algorithm}: expected its whole file" in told
    assert [part for part in key.split() if len(part) > 12 and part in told] == []


@pytest.mark.parametrize("status", [429, 500])
def test_a_service_that_has_no_token_now_is_asked_again_later(status: int) -> None:
    counter = Counter(token_status=status)

    assert ask(account(Clock()), counter)() == status
    assert counter.proofs == []


def test_an_account_that_is_refused_a_token_says_what_to_check() -> None:
    with pytest.raises(
        StopSource, match=r"no token from tokens.example \(HTTP 400\): check that the service"
    ):
        ask(account(Clock()), Counter(token_status=400))()


def test_no_log_and_no_representation_shows_key_or_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    counter = Counter()
    proofs = [signed(Clock()), account(Clock())]

    for proof in proofs:
        ask(proof, counter)()

    shown = f"{caplog.text} {proofs}"
    keys = (as_pem(elliptic_key()) + as_pem(rsa_key())).splitlines()
    secrets = [line for line in keys if not line.startswith("-")] + [counter.proofs[0], "t1'"]
    assert [secret for secret in secrets if secret in shown] == []
