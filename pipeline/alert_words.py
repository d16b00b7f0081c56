"""What an alert says in Persian and in English: one sentence, then its figures, period and address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.alert_evidence import Evidence, Finding
from pipeline.jalali import PERSIAN_DIGITS, format_jalali
from pipeline.selection import Unit
from pipeline.sentences import Words, write_count, write_day, write_number, write_percent

SHARES = {
    "negative_share": Words("سهم نظرهای منفی", "the share of negative mentions"),
    "positive_share": Words("سهم نظرهای مثبت", "the share of positive mentions"),
    "share": Words("سهم این بخش از همه‌ی نظرها", "the share of all mentions"),
}
FIGURES = SHARES | {
    "net_sentiment": Words("احساس خالص", "net sentiment"),
    "volume": Words("تعداد نظرها", "the number of mentions"),
    "negative": Words("تعداد نظرهای منفی", "the number of negative mentions"),
}
NEW_PHRASE = "new_phrase"
SIDES = {"above": Words("بالاتر از", "above"), "below": Words("پایین‌تر از", "below")}


def write_title(finding: Finding, zone: ZoneInfo) -> Words:
    """Return what happened, in a sentence that begins with the name of the rule."""
    said = TITLES[finding.kind](finding.evidence, zone)
    return Words(f"{finding.rule}: {said.fa}", f"{finding.rule}: {said.en}")


def write_body(evidence: Evidence, zone: ZoneInfo, *, base_url: str = "") -> Words:
    """Return what the alert rests on: figures with their interval, the period, where the messages are."""
    start, end = (write_time(datetime.fromisoformat(one), zone) for one in (evidence.from_, evidence.to))
    fa, en = [f"از {start.fa} تا {end.fa}"], [f"From {start.en} to {end.en}"]
    if evidence.low is not None and evidence.high is not None:
        low, high = _figure(evidence, evidence.low), _figure(evidence, evidence.high)
        fa.append(f"بازه‌ی ۹۵٪: {low.fa} تا {high.fa}")
        en.append(f"95 % interval: {low.en} to {high.en}")
    n = write_number(evidence.n)
    fa.append(f"n = {n.fa}")
    en.append(f"n = {n.en} {evidence.unit}")
    if evidence.usual_low is not None and evidence.usual_high is not None:
        low, high = write_number(evidence.usual_low), write_number(evidence.usual_high)
        fa.append(f"در هفته‌های پیش، همین روز هفته: {low.fa} تا {high.fa}")
        en.append(f"The same weekday of the weeks before: {low.en} to {high.en}")
    if evidence.feedback is not None:
        fa.append(f"پیام‌ها: {base_url}{evidence.feedback}")
        en.append(f"Messages: {base_url}{evidence.feedback}")
    return Words("\n".join(fa), "\n".join(en))


def write_test(channel: str, now: datetime, zone: ZoneInfo) -> tuple[Words, Words]:
    """Return title and body of a test message."""
    time = write_time(now, zone)
    return (
        Words("پیام آزمایشی بازخورد", "bazkhord: a test message"),
        Words(f"کانال {channel} کار می‌کند. زمان: {time.fa}", f"The channel {channel} works. Time: {time.en}"),
    )


def write_time(moment: datetime, zone: ZoneInfo) -> Words:
    """Return a time in the business zone with its Jalali date; midnight is the day alone.

    >>> said = write_time(datetime.fromisoformat("2026-11-21T12:00:00+03:30"), ZoneInfo("Asia/Tehran"))
    >>> said.fa, said.en
    ('۳۰ آبان ۱۴۰۵ ساعت ۱۲:۰۰', '21 November 2026 (1405-08-30) 12:00')
    """
    local = moment.astimezone(zone)
    day = write_day(local.date())
    en = f"{day.en} ({format_jalali(local.date())})"
    if (local.hour, local.minute) == (0, 0):
        return Words(day.fa, en)
    clock = f"{local:%H:%M}"
    return Words(f"{day.fa} ساعت {clock.translate(PERSIAN_DIGITS)}", f"{en} {clock}")


def _threshold(evidence: Evidence, zone: ZoneInfo) -> Words:
    figure, side = FIGURES[evidence.figure], SIDES[evidence.side or "above"]
    value, bound = _figure(evidence, evidence.value), _figure(evidence, evidence.bound or 0.0)
    start, end = (datetime.fromisoformat(one).astimezone(zone) for one in (evidence.from_, evidence.to))
    days = write_number((end.date() - start.date()) // timedelta(days=1))
    return Words(
        f"{figure.fa} در {days.fa} روز گذشته {value.fa} است، {side.fa} مرز {bound.fa}",
        f"{figure.en} of the last {days.en} days is {value.en}, {side.en} the bound {bound.en}",
    )


def _change(evidence: Evidence, zone: ZoneInfo) -> Words:
    figure, value = FIGURES[evidence.figure], write_number(evidence.value)
    usual = write_number(evidence.usual or 0.0, digits=0 if (evidence.usual or 0) >= 10 else 1)
    start, end = (write_time(datetime.fromisoformat(one), zone) for one in (evidence.from_, evidence.to))
    return Words(
        f"{figure.fa} از {start.fa} تا {end.fa} {value.fa} است؛ معمول این روز هفته {usual.fa}",
        f"{figure.en} from {start.en} to {end.en} is {value.en}; usual on this day of the week: {usual.en}",
    )


def _new_phrase(evidence: Evidence, zone: ZoneInfo) -> Words:  # noqa: ARG001 - all titles are called alike
    messages = write_count(evidence.n, Unit.MESSAGES)
    return Words(
        f"عبارت تازه‌ی «{evidence.about}» در {messages.fa}", f"new phrase «{evidence.about}» in {messages.en}"
    )


def _silence(evidence: Evidence, zone: ZoneInfo) -> Words:
    since = write_time(datetime.fromisoformat(evidence.from_), zone)
    expected = write_number(evidence.usual or 0.0)
    return Words(
        f"منبع {evidence.about} از {since.fa} چیزی نیاورده است؛ انتظار: پیام در {expected.fa} ساعت از این مدت",
        f"source {evidence.about} has brought nothing since {since.en}; "
        f"by its rhythm {expected.en} hours should have brought something",
    )


def _urgent(evidence: Evidence, zone: ZoneInfo) -> Words:  # noqa: ARG001 - all titles are called alike
    number, minutes = write_number(evidence.value), write_number(evidence.bound or 0.0)
    several = evidence.value != 1
    return Words(
        f"{number.fa} پیام فوری بیش از {minutes.fa} دقیقه بی‌پاسخ مانده است",
        f"{number.en} urgent message{'s' if several else ''} {'have' if several else 'has'} waited for more "
        f"than {minutes.en} minutes",
    )


def _figure(evidence: Evidence, value: float) -> Words:
    if evidence.figure in SHARES or evidence.figure == NEW_PHRASE:
        return write_percent(value)
    return write_number(value, digits=1 if evidence.figure == "net_sentiment" else 0)


TITLES: dict[str, Callable[[Evidence, ZoneInfo], Words]] = {
    "threshold": _threshold,
    "change": _change,
    NEW_PHRASE: _new_phrase,
    "silence": _silence,
    "urgent": _urgent,
}
