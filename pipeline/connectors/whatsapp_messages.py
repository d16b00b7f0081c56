"""The messages of a chat that WhatsApp exported as text, in the layouts of Android and iOS.

No parser of the package index was fit: the kept ones read Latin digits and English or Italian only, and
keep nothing of where a message stands. Shapes: the exports of 3 phones, and the patterns of 4 parsers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from pipeline.connectors.unpacking import read_lines

MAX_MESSAGE_CHARS = 1_000_000  # WhatsApp itself takes 65,536
# a few at most: any number of them, at several places, would be tried in all ways to share them out
_M = "[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]{0,4}"
_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_HALF_OF_DAY = (
    r"(?P<half>[ap]\.?\s?m\.?|[قب]\.?\s?ظ\.?|[صم](?!\w)|(?:قبل|بعد)[\s\u200c]?از[\s\u200c]?ظهر|صبح|عصر)"
)
_STAMP = (
    rf"{_M}(?P<a>\d{{1,4}}){_M}[./٫-]{_M}\s?(?P<b>\d{{1,2}}){_M}[./٫-]{_M}\s?(?P<c>\d{{1,4}})\.?{_M}"
    rf"[,،]?{_M}\s?(?:[^\W\d_]{{1,6}}\s)?{_M}"
    rf"(?P<hour>\d{{1,2}})[:.](?P<minute>\d{{2}})(?:[:.](?P<second>\d{{2}}))?{_M}(?:\s?{_HALF_OF_DAY})?{_M}"
)
_LAYOUTS = (
    re.compile(rf"{_M}\[{_STAMP}\]\s?(?P<rest>.*)\Z", re.IGNORECASE | re.DOTALL),
    re.compile(rf"{_STAMP}\s[-–]\s(?P<rest>.*)\Z", re.IGNORECASE | re.DOTALL),
)
_SENDER = re.compile(rf"(?P<name>[^\n\"“”«»]{{1,120}}?):{_M}(?: (?P<text>.*)|\Z)", re.DOTALL)
_AFTERNOON = ("p", "ب", "م", "عصر")

_OWN_MARK = "\u200e"  # iOS sets it before words of WhatsApp itself
_FILES = "jpe?g|png|gif|webp|heic|mp4|mov|3gp|mkv|opus|ogg|m4a|mp3|aac|amr|wav|vcf|pdf|docx?|xlsx?|pptx?|txt|csv|zip|apk"
_EDITED = re.compile(r"\s*\u200e?<This message was edited>\Z")
_MEDIA = re.compile(
    rf"{_M}(?:<[^<>\n]{{1,80}}>"
    r"|(?:image|video|audio|sticker|gif|document|contact card|media|video note) omitted"
    r"|(?:تم استبعاد [^\n]{1,20}|[^\n]{1,20} غير مشمولة?)"
    rf"|[^\n]{{1,200}}\.(?:{_FILES}) \([^()\n]{{1,40}}\)){_M}",
    re.IGNORECASE,
)
_ATTACHED = re.compile(r"\s?\u200e<[^<>:\n]{2,20}: [^<>\n]{1,200}>")
_DELETED = re.compile(
    rf"{_M}(?:this message was deleted|you deleted this message|missed (?:voice|video) call"
    rf"|تم حذف هذه الرسالة|لقد حذفت هذه الرسالة|این پیام حذف شده?(?: است)?|(?:شما )?این پیام را حذف کردید)\.?{_M}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """The numbers before a message: three of a date in an unknown order, and the time of day."""

    date: tuple[int, int, int]
    hour: int
    minute: int
    second: int

    @property
    def year_first(self) -> bool:
        """Whether the date can only be year, month, day."""
        return self.date[0] >= 1000


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a chat.

    Args:
        line: Number of the line that it begins in, from 1.
        stamp: ``None`` where the file begins with something that is no message.
        sender: Name or number as the phone showed it; ``None`` for lines of WhatsApp itself.
        text: What was written; empty where there was only a picture or the like.
        is_cut: The file breaks off inside it.
    """

    line: int
    stamp: Stamp | None
    sender: str | None
    text: str
    is_cut: bool = False


def find_messages(stream: IO[bytes]) -> Iterator[Message]:
    """Yield the messages of an export one by one; the layout of the first is that of all."""
    layouts: Sequence[re.Pattern[str]] = _LAYOUTS
    parts: list[str] = []
    found: re.Match[str] | None = None
    begin, line, n_chars = 1, "\n", 0
    for number, raw in enumerate(read_lines(stream), 1):
        line = "\n" if raw is None else raw.decode("utf-8", "replace")
        matches = ((layout, match) for layout in layouts if (match := layout.match(line)))
        layout, match = next(matches, (None, None))
        if layout is None or match is None:
            n_chars += len(line)
            if n_chars <= MAX_MESSAGE_CHARS:
                parts.append(line)
            continue
        if message := _build(begin, found, parts):
            yield message
        layouts, found, parts, begin, n_chars = (layout,), match, [match["rest"]], number, len(line)
    if message := _build(begin, found, parts, is_cut=not line.endswith("\n")):
        yield message


def _build(
    line: int, found: re.Match[str] | None, parts: list[str], *, is_cut: bool = False
) -> Message | None:
    written = "".join(parts).replace("\r\n", "\n").removesuffix("\n")
    if found is None:
        return Message(line, None, None, "") if written.strip("\ufeff \t\r\n") else None
    named = _SENDER.match(written)
    stamp = _read_stamp(found)
    if named is None:
        return Message(line, stamp, None, "", is_cut)
    text = read_words(named["text"] or "", is_ios=found.re is _LAYOUTS[0])
    name = _MARKS.sub("", named["name"]).strip().removeprefix("~").strip()
    return Message(line, stamp, None if text is None else name, text or "", is_cut)


def _read_stamp(found: re.Match[str]) -> Stamp:
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + 12 * half.startswith(_AFTERNOON)
    date = (int(found["a"]), int(found["b"]), int(found["c"]))
    return Stamp(date, hour, int(found["minute"]), int(found["second"] or 0))


def read_words(text: str, *, is_ios: bool = False) -> str | None:
    r"""Return what somebody wrote; empty for a picture or the like, ``None`` for words of WhatsApp itself.

    >>> read_words("<Media omitted>"), read_words("IMG-20240228-WA0001.jpg (file attached)\nشکسته بود")
    ('', 'شکسته بود')

    Args:
        is_ios: Words of WhatsApp itself begin with a mark, which others may have typed elsewhere.
    """
    text = _ATTACHED.sub("", _EDITED.sub("", text))
    first, _, caption = text.partition("\n")
    if _MEDIA.fullmatch(first):
        return caption
    is_own = is_ios and text.startswith(_OWN_MARK) and not caption
    if is_own or _DELETED.fullmatch(text):
        return None
    return text


def place_stamp(stamp: Stamp, *, day_first: bool) -> str:
    """Return a stamp as text that says which number is what: ``"2024-02-28 13:05:22"``.

    A year of two digits is one of this century. Years of the Jalali calendar stay as they are.
    """
    first, second, third = stamp.date
    if stamp.year_first:
        year, month, day = first, second, third
    else:
        year = third + 2000 if third < 100 else third
        day, month = (first, second) if day_first else (second, first)
    return f"{year:04}-{month:02}-{day:02} {stamp.hour:02}:{stamp.minute:02}:{stamp.second:02}"


class DateOrder:
    """Finds out over a whole file whether days or months come first."""

    def __init__(self, latest: datetime) -> None:
        self._latest = f"{latest + timedelta(days=1):%Y-%m-%d %H:%M:%S}"
        self._previous: dict[bool, str] = {}
        self.n_proofs = {True: 0, False: 0}
        self._n_steps_back = {True: 0, False: 0}
        self._n_open = 0
        self.n_stamps = 0

    def add(self, stamp: Stamp) -> None:
        """The stamp counts as evidence; in the file it stands after those added before."""
        first, second, _ = stamp.date
        self.n_stamps += 1
        if stamp.year_first:
            return
        self._n_open += 1
        if first <= 12 < second <= 31:
            self.n_proofs[False] += 1
        elif second <= 12 < first <= 31:
            self.n_proofs[True] += 1
        for day_first in (True, False):
            moment = place_stamp(stamp, day_first=day_first)
            # phones sort by arrival, so that a message may be minutes older than the one before it
            backwards = moment[:10] < self._previous.get(day_first, "")[:10]
            self._n_steps_back[day_first] += backwards or moment > self._latest
            self._previous[day_first] = moment

    def decide(self) -> bool | None:
        """Return whether days come first; ``None`` where the file does not tell."""
        if not self._n_open:
            return True
        if any(self.n_proofs.values()):
            return None if all(self.n_proofs.values()) else self.n_proofs[True] > 0
        if self._n_steps_back[True] == self._n_steps_back[False]:
            return None
        return self._n_steps_back[True] < self._n_steps_back[False]
