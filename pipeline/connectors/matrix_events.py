"""The events of a Matrix room, put together to messages: with their edits and the company's answers applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.connectors.bookmarks import State
from pipeline.connectors.pagers import Load, Step, known_text, value_at

MESSAGE, ENCRYPTED, REDACTION = "m.room.message", "m.room.encrypted", "m.room.redaction"
SPOKEN = ("m.text", "m.emote")
FILTER = json.dumps({"types": [MESSAGE, ENCRYPTED, REDACTION]}, separators=(",", ":"))
N_RECENT = 1000
Raw = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a room, whatever of it can be understood.

    Args:
        raw: As the server sent it.
    """

    raw: Raw

    def text(self, *keys: str) -> str:
        """Return the text under keys inside one another; empty where there is none."""
        found = dig(self.raw, *keys)
        return found if isinstance(found, str) else ""

    @property
    def id(self) -> str:
        """Its identifier."""
        return self.text("event_id")

    @property
    def thread(self) -> str:
        """The event that began the thread it stands in."""
        in_thread = self.text("content", "m.relates_to", "rel_type") == "m.thread"
        return self.text("content", "m.relates_to", "event_id") if in_thread else ""

    @property
    def answered(self) -> str:
        """The event that it answers by name, or whose thread it stands in."""
        return self.text("content", "m.relates_to", "m.in_reply_to", "event_id") or self.thread

    @property
    def replaced(self) -> str:
        """The event that it is an edit of."""
        is_edit = self.text("content", "m.relates_to", "rel_type") == "m.replace"
        return self.text("content", "m.relates_to", "event_id") if is_edit else ""

    @property
    def deleted(self) -> str:
        """The event that it takes back; where that name stands depends on the version of the room."""
        return self.text("content", "redacts") or self.text("redacts")

    @property
    def is_redacted(self) -> bool:
        """Whether it was taken back itself."""
        return isinstance(dig(self.raw, "unsigned", "redacted_because"), Mapping)

    @property
    def is_spoken(self) -> bool:
        """Whether it holds words, as far as can be told; one without a type of message is not passed over."""
        return self.text("type") == MESSAGE and self.text("content", "msgtype") in ("", *SPOKEN)

    @property
    def at_ms(self) -> object:
        """When the server got it, in milliseconds of the epoch."""
        return self.raw.get("origin_server_ts")


class Draft:
    """A customer's message while what belongs to it is gathered.

    Args:
        event: The message; the newest edit is applied where the server sends it along.
    """

    def __init__(self, event: Event) -> None:
        self.event = event
        self._content = event.raw.get("content")
        self._edited_at: object = None
        self._answers: list[Raw] = []
        newest = dig(event.raw, "unsigned", "m.relations", "m.replace")
        if isinstance(newest, Mapping):
            self.apply(Event(newest))

    @property
    def edited_at_ms(self) -> float:
        """When the edit was made that is applied; 0: none is."""
        return float(self._edited_at) if isinstance(self._edited_at, int | float) else 0.0

    def apply(self, edit: Event) -> None:
        """The words are those of a later edit, where its writer is the same."""
        content, at = dig(edit.raw, "content", "m.new_content"), edit.at_ms
        if isinstance(content, Mapping) and isinstance(at, int | float) and at >= self.edited_at_ms:
            self._content, self._edited_at = content, at

    def note_answer(self, event: Event) -> None:
        """The company answered with this event."""
        is_bot = event.text("content", "msgtype") == "m.notice"
        self._answers.append({"at": event.at_ms, "bot": is_bot})

    def row(self) -> Raw:
        """Return the message as one object."""
        return {
            **self.event.raw,
            "id": self.event.raw.get("event_id"),
            "content": self._content,
            "edited_at": self._edited_at,
            "answers": tuple(self._answers),
            "thread": self.event.thread,
            "quotes": bool(self.event.text("content", "m.relates_to", "m.in_reply_to", "event_id")),
        }


@dataclass(slots=True)
class Reading:
    """What is known of a room while its events are read in their order.

    Args:
        is_company: Whether a user speaks for the company.
        last: The customer's message that an answer without a name goes to.
        drafts: Messages that are put together now, by id.
        recent: Some messages of the pages before, so that most answers and edits need no looking up.
        again: What happened to messages read before, by their ids.
        gone: Messages of this reading that were taken back before they were read.
        edited: When the edits were made that are known already, by message.
    """

    is_company: Callable[[str], bool]
    last: str | None = None
    drafts: dict[str, Draft] = field(default_factory=dict)
    recent: dict[str, Draft] = field(default_factory=dict)
    again: dict[str, Raw] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    edited: dict[str, float] = field(default_factory=dict)
    _chain: dict[str, str] = field(default_factory=dict)

    def put_together(self, listed: Iterable[object]) -> tuple[object, ...]:
        """Return the messages of a page, what cannot be one, and what has to be looked up once more."""
        self.recent |= self.drafts
        for oldest in list(self.recent)[:-N_RECENT]:
            del self.recent[oldest]
        self.drafts, self.again, self._chain = {}, {}, {}
        odd = [raw for raw in listed if not self.take(raw)]
        return (*odd, *(draft.row() for draft in self.drafts.values()), *self.again.values())

    def take(self, raw: object) -> bool:
        """An event is where it belongs; return false where it is none that can be understood."""
        if not isinstance(raw, Mapping):
            return False
        event = Event(raw)
        if not event.id or not event.text("type") or not event.text("sender"):
            return False
        if event.text("type") == REDACTION:
            self._take_deletion(event)
        elif event.is_redacted:
            self.gone.add(event.id)
        elif event.text("type") in (MESSAGE, ENCRYPTED):
            self._take_message(event)
        return True

    def _take_message(self, event: Event) -> None:
        by_company = self.is_company(event.text("sender"))
        if event.replaced:
            if not by_company:
                self._take_edit(event)
        elif by_company:
            self._take_answer(event)
        elif event.is_spoken or event.text("type") == ENCRYPTED:
            self.drafts[event.id] = draft = Draft(event)
            if draft.edited_at_ms:
                self.edited[event.id] = draft.edited_at_ms
            if not event.thread:
                self.last = event.id

    def _take_edit(self, event: Event) -> None:
        draft, at = self._find(event.replaced), event.at_ms
        if draft is not None:
            if draft.event.text("sender") == event.text("sender"):
                draft.apply(event)
        elif not isinstance(at, int | float) or at > self.edited.get(event.replaced, 0.0):
            self._look_up(event.replaced, event, "edit")

    def _take_answer(self, event: Event) -> None:
        named = self._chain.get(event.answered, event.answered)
        answered = named or self.last
        if answered is None:
            return
        self._chain[event.id] = answered
        draft = self._find(answered)
        if draft is not None:
            draft.note_answer(event)
        elif answered not in self.gone:
            self._look_up(answered, event, "answer")

    def _take_deletion(self, event: Event) -> None:
        if event.deleted in self.gone:
            self.gone.discard(event.deleted)
        elif event.deleted:
            self._find(event.deleted)
            self.drafts.pop(event.deleted, None)
            self._look_up(event.deleted, event, "deletion")

    def _find(self, event_id: str) -> Draft | None:
        """Return a message that is at hand; one of the pages before is handed on again with this one."""
        if event_id in self.recent:
            self.drafts[event_id] = self.recent.pop(event_id)
        return self.drafts.get(event_id)

    def _look_up(self, target: str, event: Event, reason: str) -> None:
        known = self.again.get(target)
        if known is None or known["reason"] != "deletion":
            self.again[target] = {"id": target, "reason": reason, "until": event.raw}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A pager: the events of a room, oldest first, from the token on that the last page ended with.

    A page without events may be followed by others; only one that names no end is the last (client-server
    API v3, ``GET /rooms/{roomId}/messages``).

    Args:
        is_company: Whether a user speaks for the company.
        size: Events per page.
    """

    is_company: Callable[[str], bool]
    size: int

    def steps(self, load: Load, state: State) -> Iterator[Step]:
        """Yield the messages of each page."""
        reading = Reading(self.is_company, known_text(state, "last"))
        token = known_text(state, "from")
        while True:
            listed = load(page_params(token, self.size))
            rows = reading.put_together(listed.rows)
            end = value_at(listed.content, "end")
            following = end if isinstance(end, str) and end else None
            reached = {"from": following or token, "last": reading.last}
            yield Step(rows, {key: value for key, value in reached.items() if value})
            if following is None or following == token:
                return
            token = following


def page_params(token: str | None, size: int) -> dict[str, str | int]:
    """Return the parameters of a page of events, oldest first."""
    return {"dir": "f", "limit": size, "filter": FILTER, **({"from": token} if token else {})}


def dig(place: object, *keys: str) -> object:
    """Return what stands under keys inside one another, which may have dots; ``None`` where there is nothing."""
    for key in keys:
        place = place.get(key) if isinstance(place, Mapping) else None
    return place
