"""The comments as a full export of Telegram Desktop: the shop's channel and its customers' group."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from zlib import crc32

from pipeline.demo.clock import DemoClock
from pipeline.demo.material import Comment

CHANNEL_ID, GROUP_ID = 1700000001, 1700000002
COMPANY_ID = f"channel{CHANNEL_ID}"
EDITED_EVERY = 90
_ENTITY = re.compile(
    r"(?P<email>[\w.]+@example\.com)|(?P<mention>@\w+)|(?P<phone>0912 000 \d{4})|(?P<hashtag>#\w+)"
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message before it has a number; ``answers`` is the key of the message it replies to."""

    at: datetime
    key: str
    sender: str
    sender_id: str
    text: str
    answers: str | None = None


def write_telegram_export(comments: Sequence[Comment], clock: DemoClock) -> str:
    """Return the text of ``result.json`` as Telegram Desktop writes it for a whole account.

    The shop's announcements stand in its channel and again in the group, where it also answers. Some
    messages are edited, some are service messages, marked-up parts make a list of the text, and ``date``
    carries no zone.
    """
    shop = tomllib.loads((files(__package__) / "company.toml").read_text("utf-8"))
    posts = [
        _Draft(clock.start(post["day"], post["hour"], text), text, shop["name"], COMPANY_ID, text)
        for post in shop["posts"]
        for text in [post["text"]]
    ]
    talk = [draft for comment in comments for draft in _drafts(comment, shop, clock)]
    channel = _chat(shop["name"], "public_channel", CHANNEL_ID, posts)
    group = _chat(shop["group"], "public_supergroup", GROUP_ID, posts + talk)
    export = {"about": shop["name"], "chats": {"about": shop["name"], "list": [channel, group]}}
    return json.dumps(export, ensure_ascii=False, indent=1)


def _drafts(comment: Comment, shop: dict[str, Any], clock: DemoClock) -> list[_Draft]:
    number = int(comment.author.removeprefix("u"))
    at = clock.start(comment.day, comment.hour, comment.id)
    name = shop["members"][number % len(shop["members"])]
    drafts = [_Draft(at, comment.id, name, f"user{4000000000 + number}", comment.text)]
    answered_at = clock.after(at, comment.reply_after_min)
    if answered_at is not None:
        answer = shop["answers"][crc32(comment.text.encode()) % len(shop["answers"])]
        key = f"{comment.id}-answer"
        drafts.append(_Draft(answered_at, key, shop["name"], COMPANY_ID, answer, comment.id))
    return drafts


def _chat(name: str, kind: str, number: int, drafts: list[_Draft]) -> dict[str, object]:
    ordered = sorted(drafts, key=lambda draft: (draft.at, draft.key))
    numbers = {draft.key: i for i, draft in enumerate(ordered, 2)}
    founded = _dates(ordered[0].at - timedelta(days=400))
    founding = {"id": 1, "type": "service", **founded, "actor": name, "actor_id": f"channel{number}"}
    founding |= {"action": "create_channel", "title": name, "text": "", "text_entities": []}
    messages = [founding, *(_message(draft, numbers) for draft in ordered)]
    return {"name": name, "type": kind, "id": number, "messages": messages}


def _message(draft: _Draft, numbers: dict[str, int]) -> dict[str, object]:
    number = numbers[draft.key]
    message: dict[str, object] = {"id": number, "type": "message", **_dates(draft.at)}
    if number % EDITED_EVERY == 0:
        edited = _dates(draft.at + timedelta(seconds=40))
        message |= {"edited": edited["date"], "edited_unixtime": edited["date_unixtime"]}
    message |= {"from": draft.sender, "from_id": draft.sender_id}
    if draft.answers is not None:
        message["reply_to_message_id"] = numbers[draft.answers]
    entities = _entities(draft.text)
    parts = [part["text"] if part["type"] == "plain" else part for part in entities]
    return message | {"text": parts[0] if parts == [draft.text] else parts, "text_entities": entities}


def _entities(text: str) -> list[dict[str, str]]:
    entities, end = [], 0
    for match in _ENTITY.finditer(text):
        entities.append({"type": "plain", "text": text[end : match.start()]})
        entities.append({"type": str(match.lastgroup), "text": match[0]})
        end = match.end()
    entities.append({"type": "plain", "text": text[end:]})
    return [entity for entity in entities if entity["text"]]


def _dates(at: datetime) -> dict[str, Any]:
    return {"date": f"{at:%Y-%m-%dT%H:%M:%S}", "date_unixtime": str(int(at.timestamp()))}
