"""What a comparison and a split say, in plain sentences of both languages."""

from __future__ import annotations

from pipeline.aggregate_counts import Counts
from pipeline.comparing import Comparison, Line
from pipeline.drivers import Driver, Drivers
from pipeline.intervals import MIN_N
from pipeline.selection import Unit
from pipeline.sentences import (
    EVERYTHING,
    Names,
    Words,
    join_words,
    write_count,
    write_label,
    write_number,
    write_percent,
)

N_TOLD = 3


def tell_line(line: Line, label: Words, unit: Unit) -> Words:
    """Return one sentence on how a line changed; only what is more than chance is said to have changed."""
    told = [_tell_net(line)] if line.net_sentiment else []
    if line.share is not None and (line.share.significant or not told):
        told.append(_tell_share(line))
    if not told:
        now, before = write_count(line.now.counts.n, unit), write_count(line.before.counts.n, unit)
        return Words(
            f"{label.fa}: برای داوری کم است ({now.fa}، پیش‌تر {before.fa}).",
            f"{label.en}: too few to tell ({now.en}, {before.en} before).",
        )
    n = write_count(line.now.counts.n, unit)
    return Words(
        f"{label.fa}: {'؛ '.join(one.fa for one in told)} ({n.fa}).",
        f"{label.en}: {'; '.join(one.en for one in told)} ({n.en}).",
    )


def tell_comparison(found: Comparison, names: Names) -> Words:
    """Return the whole in one sentence, then what changed most, or that nothing did beyond chance.

    Where one of the periods holds too few, that is all that is said.
    """
    unit = found.basis.unit
    if min(found.total.now.counts.n, found.total.before.counts.n) < MIN_N:
        return tell_line(found.total, EVERYTHING, unit)
    changed = [line for line in found.lines if line.significant][:N_TOLD]
    told = [tell_line(found.total, EVERYTHING, unit)] if found.total.net_sentiment else []
    told += [tell_line(line, write_label(names, found.by, line.value), unit) for line in changed]
    if not changed:
        told.append(
            Words(
                "در هیچ بخشی تغییری بیش از نوسان تصادفی دیده نمی‌شود.", "No part changed by more than chance."
            )
        )
    return Words(" ".join(one.fa for one in told), " ".join(one.en for one in told))


def tell_driver(driver: Driver, label: Words) -> Words:
    """Return one sentence on what a value added to the change, and whether by mix or by sentiment."""
    part = driver.part
    total = _points(part.total.value)
    n = write_count(driver.counts.n)
    doubt = Words("", "") if part.significant else Words("؛ شاید تصادفی", "; perhaps by chance")
    why = _why(driver)
    return Words(
        f"{label.fa}: {total.fa} امتیاز؛ {why.fa} ({n.fa}{doubt.fa}).",
        f"{label.en}: {total.en} points; {why.en} ({n.en}{doubt.en}).",
    )


def tell_drivers(found: Drivers, names: Names) -> Words:
    """Return the change of the whole in one sentence, then its main parts in that direction, at most three."""
    if found.change is None:
        now, before = write_count(found.counts.n), write_count(found.counts_before.n)
        return Words(
            f"برای داوری کم است ({now.fa}، پیش‌تر {before.fa}).",
            f"Too few to tell ({now.en}, {before.en} before).",
        )
    whole = _tell_move(net_of(found.counts_before), net_of(found.counts), sure=found.change.excludes_zero)
    n = write_count(found.counts.n)
    same_way = [one for one in found.drivers if one.part.total.value * found.change.value > 0]
    main = [one for one in same_way if one.part.significant][:N_TOLD]
    if not main and found.change.excludes_zero:
        return Words(
            f"{EVERYTHING.fa}: {whole.fa} ({n.fa})؛ ولی هیچ بخشی به‌تنهایی آن را توضیح نمی‌دهد.",
            f"{EVERYTHING.en}: {whole.en} ({n.en}), but no single part explains it.",
        )
    if not main:
        return Words(
            f"{EVERYTHING.fa}: {whole.fa} ({n.fa}). سهم هیچ بخشی از آن بیش از نوسان تصادفی نیست.",
            f"{EVERYTHING.en}: {whole.en} ({n.en}). No part's share in it is more than chance.",
        )
    parts = join_words([_named_part(one, write_label(names, found.by, one.value)) for one in main])
    return Words(
        f"{EVERYTHING.fa}: {whole.fa} ({n.fa}). بیشترین سهم از {parts.fa} است.",
        f"{EVERYTHING.en}: {whole.en} ({n.en}). The largest parts come from {parts.en}.",
    )


def net_of(counts: Counts) -> float:
    """Return % positive minus % negative; 0 of nothing."""
    return 100 * (counts.n_positive - counts.n_negative) / counts.n if counts.n else 0.0


def _tell_net(line: Line) -> Words:
    sure = line.net_sentiment is not None and line.net_sentiment.significant
    return _tell_move(net_of(line.before.counts), net_of(line.now.counts), sure=sure)


def _tell_move(before: float, now: float, *, sure: bool) -> Words:
    was, is_ = write_levels(before, now)
    if not sure:
        return Words(
            f"رضایت خالص {is_.fa} است و با {was.fa} پیشین فرق معناداری ندارد",
            f"net sentiment is {is_.en}, no sure change from {was.en}",
        )
    verb = Words("بالا رفت", "rose") if now > before else Words("افتاد", "fell")
    return Words(
        f"رضایت خالص از {was.fa} به {is_.fa} {verb.fa}", f"net sentiment {verb.en} from {was.en} to {is_.en}"
    )


def write_levels(before: float, now: float) -> tuple[Words, Words]:
    """Return two figures with as few decimals, at most two, as are needed to tell them apart."""
    digits = next((one for one in (0, 1) if round(before, one) != round(now, one)), 2)
    digits = 0 if round(before, 2) == round(now, 2) else digits
    return write_number(before, digits=digits), write_number(now, digits=digits)


def _tell_share(line: Line) -> Words:
    before, now = (write_percent(one.share.value if one.share else 0.0) for one in (line.before, line.now))
    if line.share is None or not line.share.significant:
        return Words(
            f"سهمش {now.fa} است و با {before.fa} پیشین فرق معناداری ندارد",
            f"its share is {now.en}, no sure change from {before.en}",
        )
    return Words(
        f"سهمش از {before.fa} به {now.fa} رسید",
        f"its share {'rose' if line.share.estimate.value > 0 else 'fell'} from {before.en} to {now.en}",
    )


def _why(driver: Driver) -> Words:
    part = driver.part
    if not driver.counts_before.n:
        return Words("تازه پیدا شده است", "it is new")
    if not driver.counts.n:
        return Words("دیگر نیست", "it is gone")
    if abs(part.mix.value) > abs(part.within.value):
        grew = Words("بزرگ‌تر", "larger") if driver.share > driver.share_before else Words("کوچک‌تر", "smaller")
        return Words(f"بیشتر چون سهمش {grew.fa} شد", f"mostly as its share became {grew.en}")
    was, is_ = write_levels(net_of(driver.counts_before), net_of(driver.counts))
    return Words(
        f"بیشتر چون رضایت خالصش از {was.fa} به {is_.fa} رفت",
        f"mostly as its net sentiment went from {was.en} to {is_.en}",
    )


def _named_part(driver: Driver, label: Words) -> Words:
    points = _points(driver.part.total.value)
    return Words(f"{label.fa} ({points.fa})", f"{label.en} ({points.en})")


def _points(value: float) -> Words:
    return write_number(value, digits=1, signed=True)
