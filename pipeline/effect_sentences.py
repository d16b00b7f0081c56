"""What came of an event, in a plain sentence of both languages."""

from __future__ import annotations

from pipeline.change_sentences import net_of, write_levels
from pipeline.effects import Allowance, Effect, Verdict
from pipeline.sentences import Words, write_count, write_number

ANSWERS = {
    Verdict.HELPED: Words("بله، کمک کرد", "Yes, it helped"),
    Verdict.WORSENED: Words("نه، بدتر شد", "No, it got worse"),
    Verdict.NO_EFFECT: Words("نه، اثری دیده نمی‌شود", "No effect to be seen"),
    Verdict.CANNOT_TELL: Words(
        "هنوز نمی‌توان گفت: داده برای جدا کردن اثر از نوسان کم است",
        "Cannot be told yet: too few to tell an effect from chance",
    ),
    Verdict.TOO_FEW: Words("هنوز نمی‌توان گفت: داده کم است", "Cannot be told yet: too few"),
}
BEYOND = {
    Allowance.TREND: Words(
        "حرکتی که از پیش آغاز شده بود کنار گذاشته شد؛ فراتر از آن",
        "Leaving out the movement that had begun before",
    ),
    Allowance.TREND_AND_REST: Words(
        "حرکتی که از پیش آغاز شده بود و تغییر بخش‌های دیگر کنار گذاشته شد؛ فراتر از آن",
        "Leaving out the movement that had begun before and what changed elsewhere",
    ),
}


def tell_effect(effect: Effect) -> Words:
    """Return whether it helped, from what to what net sentiment went, and the effect with its interval."""
    told = [ANSWERS[effect.verdict], _levels(effect)]
    if effect.beyond is not None:
        told.append(_beyond(effect))
    if effect.n_days_after < effect.n_days:
        told.append(_so_far(effect))
    return Words(" ".join(f"{one.fa}." for one in told), " ".join(f"{one.en}." for one in told))


def _levels(effect: Effect) -> Words:
    before, after = effect.scoped.before.counts, effect.scoped.after.counts
    n_before, n_after = write_count(before.n), write_count(after.n)
    title = effect.event.title
    if not before.n or not after.n:
        return Words(
            f"پیش از «{title}» {n_before.fa} هست و پس از آن {n_after.fa}",
            f"Before “{title}” there are {n_before.en}, after it {n_after.en}",
        )
    was, is_ = write_levels(net_of(before), net_of(after))
    return Words(
        f"رضایت خالص پیش از «{title}» {was.fa} بود ({n_before.fa}) و پس از آن {is_.fa} است ({n_after.fa})",
        f"Net sentiment was {was.en} before “{title}” ({n_before.en}) and is {is_.en} after it ({n_after.en})",
    )


def _beyond(effect: Effect) -> Words:
    if effect.beyond is None:
        raise ValueError("an effect that is not known cannot be told")
    estimate, beyond = effect.beyond.estimate, BEYOND[effect.allowance]
    value, low, high = (
        write_number(one, signed=True) for one in (estimate.value, estimate.low, estimate.high)
    )
    return Words(
        f"{beyond.fa}، اثرش {value.fa} امتیاز است (بازه‌ی ۹۵٪: {low.fa} تا {high.fa})",
        f"{beyond.en}, its effect is {value.en} points (95% interval {low.en} to {high.en})",
    )


def _so_far(effect: Effect) -> Words:
    passed, asked = write_number(effect.n_days_after), write_number(effect.n_days)
    return Words(
        f"تا کنون {passed.fa} روز از {asked.fa} روز گذشته است",
        f"So far {passed.en} of {asked.en} days have passed",
    )
