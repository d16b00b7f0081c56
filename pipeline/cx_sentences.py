"""What was asked and how long customers waited, in a plain sentence, in Persian and in English."""

from __future__ import annotations

from pipeline.asked import Asked
from pipeline.intervals import MIN_N, Estimate, reported
from pipeline.response_times import CaseFigures, WaitFigures
from pipeline.scores import Measure
from pipeline.sentences import Words, write_number, write_percent

ALL_CASES = Words("همه‌ی پرونده‌ها", "All cases")
MEASURES = {
    Measure.NPS: Words("شاخص وفاداری (NPS)", "NPS"),
    Measure.CSAT: Words("میانگین رضایت (CSAT)", "Mean satisfaction (CSAT)"),
    Measure.CES: Words("میانگین سهولت (CES)", "Mean effort score (CES)"),
    Measure.RATING: Words("میانگین ستاره", "Mean star rating"),
}
HOURS_PER_DAY = 24
MINUTES_PER_HOUR = 60


def tell_asked(asked: Asked) -> Words:
    """Return what was answered on one scale, and whether those customers say the same unasked."""
    figures, name = asked.figures, MEASURES[asked.measure]
    n = write_number(figures.n)
    score = reported(figures.score, figures.n)
    if score is None:
        return Words(
            f"{name.fa}: {n.fa} پاسخ، کمتر از آن که چیزی بگوید.",
            f"{name.en}: {n.en} answers, too few to tell.",
        )
    value, low, high = (_score(one, asked.measure) for one in (score.value, score.low, score.high))
    first = Words(
        f"{name.fa} {value.fa} است ({low.fa} تا {high.fa}، {n.fa} پاسخ).",
        f"{name.en} is {value.en} ({low.en} to {high.en}, {n.en} answers).",
    )
    unasked = asked.unasked
    difference = reported(unasked.difference, unasked.same.n, unasked.others.n)
    return first if difference is None else _both(first, _tell_difference(difference))


def tell_waits(label: Words, figures: CaseFigures) -> Words:
    """Return how long the first answer takes, and what share is solved at first contact.

    Args:
        label: Whose cases they are.
    """
    waits = _tell_answer(label, figures.answer)
    share = reported(figures.first_contact, figures.n_ended)
    if share is None:
        return waits
    solved = write_percent(share.value, digits=0)
    return _both(
        waits, Words(f"{solved.fa} در نخستین تماس حل شد.", f"{solved.en} were solved at first contact.")
    )


def write_hours(hours: float) -> Words:
    """Return a length of time in the unit in which people say it.

    >>> write_hours(0.5).en, write_hours(3.25).en, write_hours(60).fa
    ('30 minutes', '3.2 hours', '۲٫۵ روز')
    """
    if hours < 1:
        number = write_number(max(1.0, hours * MINUTES_PER_HOUR))
        return Words(f"{number.fa} دقیقه", f"{number.en} minutes")
    if hours < 2 * HOURS_PER_DAY:
        number = write_number(hours, digits=1)
        return Words(f"{number.fa} ساعت", f"{number.en} hours")
    number = write_number(hours / HOURS_PER_DAY, digits=1)
    return Words(f"{number.fa} روز", f"{number.en} days")


def _tell_answer(label: Words, waits: WaitFigures) -> Words:
    n, waiting = write_number(waits.n), write_number(waits.n_waiting)
    if waits.n < MIN_N:
        return Words(
            f"{label.fa}: {n.fa} پرونده، کمتر از آن که چیزی بگوید.",
            f"{label.en}: {n.en} cases, too few to tell.",
        )
    still = Words(f"{waiting.fa} از {n.fa} هنوز بی‌پاسخ‌اند.", f"{waiting.en} of {n.en} still wait.")
    if waits.median.value is None:
        return _both(
            Words(f"{label.fa}: نیمی هم پاسخ نگرفته‌اند.", f"{label.en}: not even half were answered."), still
        )
    median = write_hours(waits.median.value)
    if waits.ninetieth.value is None:
        said = Words(
            f"{label.fa}: نیمی تا {median.fa} پاسخ گرفتند.",
            f"{label.en}: half were answered within {median.en}.",
        )
    else:
        most = write_hours(waits.ninetieth.value)
        said = Words(
            f"{label.fa}: نیمی تا {median.fa} و از هر ده نفر نه نفر تا {most.fa} پاسخ گرفتند.",
            f"{label.en}: half were answered within {median.en}, nine of ten within {most.en}.",
        )
    return _both(said, still)


def _tell_difference(difference: Estimate) -> Words:
    points = write_number(abs(difference.value))
    if not difference.excludes_zero:
        return Words(
            "آنچه همین مشتریان نپرسیده می‌گویند، با گفته‌ی دیگران فرق روشنی ندارد.",
            "What these customers say unasked does not clearly differ from what others say.",
        )
    kind = Words("مثبت‌تر", "more positive") if difference.value > 0 else Words("منفی‌تر", "more negative")
    return Words(
        f"آنچه همین مشتریان نپرسیده می‌گویند، {points.fa} امتیاز {kind.fa} از گفته‌ی دیگران است.",
        f"What these customers say unasked is {points.en} points {kind.en} than what others say.",
    )


def _score(value: float, measure: Measure) -> Words:
    return write_number(value, digits=0 if measure == Measure.NPS else 2)


def _both(first: Words, second: Words) -> Words:
    return Words(f"{first.fa} {second.fa}", f"{first.en} {second.en}")
