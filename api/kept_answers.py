"""An answer that was given a moment ago is given again, to whoever asks the same.

A dashboard that hangs in ten offices asks ten times at once, and while messages are classified the store changes
every few seconds. So an answer is counted once however many ask for it, is kept as long as the store stays
the same, and where it changed for ``lag_s`` seconds. What is written through this service itself (corrections,
events, alerts that are acknowledged) counts at once; messages that are pushed wait for the model anyhow.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.marks import Marks
from api.request_state import route_of

MAX_BYTES, MAX_ANSWER_BYTES = 64 * 2**20, 2**20
KEPT_HEADERS = ("content-type", "content-disposition")
CHANGES_NO_ANSWER = frozenset({"/v1/feedback", "/v1/webhooks/{name}", "/v1/analyze", "/v1/session"})


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered, under which mark of the store, and when (seconds of a clock that only runs forward)."""

    body: bytes
    headers: dict[str, str]
    etag: str
    mark: str
    at_s: float


class KeptAnswers:
    """The answers of one service, for one event loop.

    Args:
        lag_s: How long an answer may be given after the store changed.
        clock: Seconds that only run forward.
    """

    def __init__(self, *, lag_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lag_s = lag_s
        self._clock = clock
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._n_bytes = 0
        self._counted: dict[str, asyncio.Event] = {}
        self._forgotten_at_s = float("-inf")
        self._never_kept: OrderedDict[str, None] = OrderedDict()

    def find(self, question: str, mark: str) -> KeptAnswer | None:
        """Return the answer to a question, if one is kept that still holds."""
        answer = self._kept.get(question)
        if answer is None or (answer.mark != mark and self._clock() - answer.at_s >= self._lag_s):
            return None
        self._kept.move_to_end(question)
        return answer

    async def wait(self, question: str) -> bool:
        """Return whether somebody else was answered the same question meanwhile; at once where nobody asks it."""
        counted = self._counted.get(question)
        if counted is None or question in self._never_kept:
            return False
        await counted.wait()
        return True

    def begin(self, question: str) -> None:
        """The question is being answered; who asks it too may wait."""
        self._counted.setdefault(question, asyncio.Event())

    def end(self, question: str, answer: KeptAnswer | None, *, too_large: bool = False) -> None:
        """The question was answered, and is no longer waited for; ``None``: with nothing to be kept."""
        if answer is not None and answer.at_s > self._forgotten_at_s:
            self._keep(question, answer)
        if too_large:
            self._never_kept[question] = None
            if len(self._never_kept) > 1000:
                self._never_kept.popitem(last=False)
        if counted := self._counted.pop(question, None):
            counted.set()

    def forget(self) -> None:
        """All answers are counted anew, and those that are being counted now are not kept."""
        self._forgotten_at_s = self._clock()
        self._kept.clear()
        self._n_bytes = 0

    def _keep(self, question: str, answer: KeptAnswer) -> None:
        if old := self._kept.pop(question, None):
            self._n_bytes -= len(old.body)
        self._kept[question] = answer
        self._n_bytes += len(answer.body)
        while self._n_bytes > MAX_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._n_bytes -= len(oldest.body)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is being answered: told apart by ``name``, under the tag and the mark of its moment."""

    name: str
    etag: str
    mark: str
    at_s: float


class KeepAnswers:
    """Keeps what is answered to questions that ``etags.check_etag`` has named; lets all go when something is written."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered; its answer is kept, if it is one to be kept."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = _Seen()

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.start(message)
                if seen.status < 400 and scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
                    _forget(scope)
            elif message["type"] == "http.response.body":
                seen.add(message)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            question: Question | None = scope.get("state", {}).get("question")
            if question is not None:
                kept: KeptAnswers = scope["app"].state.kept_answers
                kept.end(question.name, seen.answer(question), too_large=seen.too_large)


class _Seen:
    """What of an answer was seen on its way."""

    def __init__(self) -> None:
        self.status, self.too_large, self._whole = 0, False, False
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._n_bytes = 0

    def start(self, message: Message) -> None:
        self.status = message["status"]
        headers = Headers(raw=message.get("headers", []))
        self._headers = {name: headers[name] for name in KEPT_HEADERS if name in headers}

    def add(self, message: Message) -> None:
        part = message.get("body", b"")
        self._n_bytes += len(part)
        self.too_large = self.too_large or self._n_bytes > MAX_ANSWER_BYTES
        self._parts = [] if self.too_large else [*self._parts, part]
        self._whole = not message.get("more_body", False)

    def answer(self, question: Question) -> KeptAnswer | None:
        if self.status != 200 or self.too_large or not self._whole:
            return None
        body = b"".join(self._parts)
        return KeptAnswer(body, self._headers, question.etag, question.mark, question.at_s)


def kept_answers_of(request: Request) -> KeptAnswers:
    """Return what the service that a request came to keeps."""
    kept: KeptAnswers = request.app.state.kept_answers
    return kept


def _forget(scope: Scope) -> None:
    state = scope["app"].state
    marks: Marks = state.marks
    marks.forget()
    if route_of(scope) not in CHANGES_NO_ANSWER:
        kept: KeptAnswers = state.kept_answers
        kept.forget()
