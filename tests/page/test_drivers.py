"""Aspects and drivers: a walk that adds up, and from each bar to its messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

MEHR = "from=1405-07-01&to=1405-08-01"
# Shown with one decimal each: as many roundings as numbers.
ROUNDING = 0.05


def shown_number(written: str) -> float:
    """Return the number that Persian or English digits write, with whatever minus."""
    plain = written.translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹٫−", "0123456789.-"))
    return float("".join(sign for sign in plain if sign in "+-.0123456789"))


def asked(reader: Any, href: str) -> dict[str, Any]:
    """Return what the service answers to the address of messages that a link leads to."""
    query = href.partition("?")[2]
    kept = "&".join(part for part in query.split("&") if not part.startswith("lang="))
    answer: dict[str, Any] = httpx.get(f"{reader.url}/v1/feedback?{kept}&limit=200").json()
    return answer


@pytest.mark.parametrize("by", ["stage", "aspect", "intent", "channel"])
@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_parts_that_are_shown_add_up_to_the_difference_of_the_two_ends(
    open_reader: Any, by: str, language: str
) -> None:
    page = open_reader().open(f"/drivers?lang={language}&{MEHR}&by={by}")

    ends = [shown_number(one) for one in page.locator(".dr-end .dr-figure b").all_inner_texts()]
    parts = [shown_number(one) for one in page.locator(".dr-step .dr-figure b").all_inner_texts()]
    exact = page.locator(".dr-step").evaluate_all(
        "(steps) => steps.reduce((sum, step) => sum + Number(step.dataset.total), 0)"
    )
    known = page.locator(".dr-end").evaluate_all("(ends) => ends.map((end) => Number(end.dataset.value))")

    assert ends == [-49.9, -40.5]
    assert sum(parts) == pytest.approx(ends[1] - ends[0], abs=ROUNDING * (len(parts) + 2))
    assert exact == pytest.approx(known[1] - known[0], abs=0.011)


def test_each_bar_begins_where_the_one_before_it_ended(open_reader: Any) -> None:
    page = open_reader().open(f"/drivers?lang=fa&{MEHR}&by=aspect")

    places = page.locator(".dr-step .dr-whole").evaluate_all(
        "(bars) => bars.map((bar) => bar.getBoundingClientRect()).map((box) => [box.left, box.right])"
    )
    totals = page.locator(".dr-step").evaluate_all(
        "(steps) => steps.map((step) => Number(step.dataset.total))"
    )
    at = [left if total >= 0 else right for (left, right), total in zip(places, totals, strict=True)]
    ends = [right if total >= 0 else left for (left, right), total in zip(places, totals, strict=True)]

    assert at[1:] == pytest.approx(ends[:-1], abs=2.5)  # a bar is at least two pixels wide


def test_the_stage_that_got_worst_is_said_first_and_leads_to_its_messages(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}")

    worst = page.locator("#change .bad-line").inner_text()
    reader.click(".dr-step.dr-worse .dr-line")

    assert worst == (
        "Largest drop Purchase: −3.8 points; mostly as its net sentiment went from −38 to −63 (231 mentions)."
    )
    assert "/messages?" in page.url
    assert "stage=purchase" in page.url
    found = asked(reader, page.url)
    mentions = [one for item in found["items"] for one in item["mentions"] if one["stage"] == "purchase"]
    assert len(mentions) == 231


def test_small_parts_fold_into_a_rest_that_leads_to_all_of_theirs(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}&by=aspect")

    rest = page.locator(".dr-rest")
    name, href = rest.locator(".dr-name").inner_text(), rest.locator("a.dr-line").get_attribute("href")
    reader.click(".dr-sum a")

    assert name == "The rest (9 small parts) 376 mentions"
    assert href.count("aspect=") == 9
    assert page.locator(".dr-rest").count() == 0
    assert page.locator(".dr-step").count() == 16


def test_what_is_more_than_chance_never_folds_into_the_rest(open_reader: Any) -> None:
    page = open_reader().open(f"/drivers?lang=en&{MEHR}")

    folded = page.evaluate(
        """async () => {
            const { fold } = await import("/assets/views/drivers/steps.js");
            const part = (value, total, significant) =>
                ({ value, total, mix: total, within: 0, significant, n: 10, n_before: 5 });
            return fold([part("a", -3, false), part("b", 2, true), part("c", -1, false), part("d", 0.5, true),
                part("e", 0.25, false)], 1);
        }"""
    )

    assert [part["value"] for part in folded["worse"]] == ["a"]
    assert [part["value"] for part in folded["better"]] == ["b", "d"]
    assert [part["value"] for part in folded["rest"]["parts"]] == ["c", "e"]
    assert (folded["rest"]["total"], folded["rest"]["n"], folded["rest"]["n_before"]) == (-0.75, 20, 10)


def test_why_a_part_moved_is_said_on_demand_by_keyboard(open_reader: Any) -> None:
    page = open_reader().open(f"/drivers?lang=en&{MEHR}")

    page.locator(".dr-worse .dr-why").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".dr-because:not([hidden])")

    told = page.locator(".dr-because:not([hidden])").inner_text()
    assert "mostly as its net sentiment went from" in told
    assert "from its sentiment" in told
    assert "from its share" in told
    before = page.locator(".dr-because:not([hidden]) .dr-links a").last
    assert before.inner_text().startswith("Messages before (")
    assert "stage=purchase" in before.get_attribute("href")


def test_the_walk_can_be_read_as_a_table_with_its_two_kinds_of_parts(open_reader: Any) -> None:
    page = open_reader().open(f"/drivers?lang=en&{MEHR}")

    page.locator("#change .turn").click()
    page.wait_for_selector("#change table")

    first = page.locator("#change tbody tr").first.inner_text().split("\t")
    assert first[0] == "Purchase"
    assert first[1:4] == ["−3.8 −6 to −1.6 more than chance", "−3.2 −5.6 to −0.8", "−0.6 −1.6 to +0.4"]
    assert page.locator("#change tbody a").count() == 16


def test_days_of_ones_own_can_be_compared_with(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=fa&{MEHR}")

    page.locator(".dr-compared summary").click()
    page.locator("[name=first]").fill("۱۴۰۵/۰۵/۰۳")
    page.locator("[name=last]").fill("۱۴۰۵/۰۶/۰۱")
    reader.click(".dr-own-days button")

    assert "before_from=1405-05-03&before_to=1405-06-02" in page.url
    assert page.locator(".dr-end .dr-name").first.inner_text().startswith("پیش از این")
    assert page.locator(".dr-compared > .hint").last.inner_text() == "۳ مرداد ۱۴۰۵ تا ۱ شهریور ۱۴۰۵"


def test_a_day_that_is_none_is_answered_with_an_example(open_reader: Any) -> None:
    page = open_reader().open(f"/drivers?lang=en&{MEHR}&calendar=gregorian")

    page.locator(".dr-compared summary").click()
    page.locator("[name=first]").fill("2026-02-31")
    page.locator(".dr-own-days button").click()

    page.wait_for_selector(".dr-own-days [role=alert]")
    assert page.locator(".dr-own-days [role=alert]").inner_text() == "Write a day like this: 2026-08-24"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("before_from=1405-07-10&before_to=1405-07-20", "share some with the period itself"),
        ("before_from=1405-06-10&before_to=1405-06-01", "The last day is before the first one"),
    ],
)
def test_days_that_cannot_be_compared_are_not_asked_for(open_reader: Any, days: str, said: str) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}&{days}")

    assert said in page.locator("#change .nothing").inner_text()
    reader.click("#change .nothing a")

    assert "before_from" not in page.url
    assert page.locator(".dr-end").count() == 2


def test_too_few_to_tell_offers_other_periods(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/drivers?lang=en&period=all")

    told = page.locator("#change .nothing").inner_text()
    reader.click("#change .nothing .button")

    assert "Too few to tell (4,184 mentions, 0 mentions before)." in told
    assert "period=7d" in page.url


def test_a_period_without_messages_is_said_kindly_everywhere(open_reader: Any) -> None:
    page = open_reader().open("/drivers?lang=en&from=2025-01-01&to=2025-02-01")

    assert page.locator(".nothing").count() >= 5
    assert page.locator(".refused").count() == 0


def test_an_aspect_leads_to_as_many_mentions_as_it_counts(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}")

    row = page.locator("[data-aspect=delivery]")
    n = row.locator(".dr-volume .value").inner_text()
    found = asked(reader, row.locator(".dr-volume a").get_attribute("href"))

    mentions = [one for item in found["items"] for one in item["mentions"] if one["aspect"] == "delivery"]
    assert (n, len(mentions)) == ("50", 50)
    assert row.locator(".dr-moved .value").inner_text() == "+45"
    assert row.locator(".dr-net .sure").inner_text() == "−52 to +7"


def test_aspects_are_put_in_the_order_that_is_asked_for(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}")

    first = "#aspects tbody tr:first-child th"
    by_volume = page.locator(first).inner_text()
    reader.click("#aspects .choices a:nth-child(2)")
    unhappiest = page.locator(first).inner_text()
    reader.click("#aspects .choices a:nth-child(3)")

    assert [by_volume, unhappiest, page.locator(first).inner_text()] == [
        "App and site",
        "Order accuracy",
        "Delivery",
    ]


def test_what_is_urgent_can_be_read_without_seeing_the_picture(open_reader: Any) -> None:
    page = open_reader().open(f"/drivers?lang=en&{MEHR}")

    page.locator("#map .turn").click()
    page.wait_for_selector("#map table")

    rows = [row.split("\t") for row in page.locator("#map tbody tr").all_inner_texts()]
    urgent = {row[0] for row in rows if row[3] == "Urgent"}
    assert urgent == {"App and site", "Order and payment", "Support response", "Returns and refunds"}


@pytest.mark.parametrize("rank", ["volume", "unusual", "growth"])
def test_a_pain_leads_to_its_negative_messages(open_reader: Any, rank: str) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}&rank={rank}")

    row = page.locator("#pains li").first
    n = int(row.locator(".dr-pain-n b").inner_text())
    href = row.locator("a").get_attribute("href")
    found = asked(reader, href)
    reader.click("#pains li a")

    assert page.url.endswith(href.removeprefix("/"))
    labels = dict(part.split("=") for part in href.partition("?")[2].split("&"))
    mentions = [
        one
        for item in found["items"]
        for one in item["mentions"]
        if all(one[kind] == labels[kind] for kind in ("stage", "aspect", "intent", "sentiment"))
    ]
    assert len(mentions) == n


def test_new_words_lead_to_the_messages_that_hold_them(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=fa&{MEHR}")

    words = page.locator("#new-words li b").all_inner_texts()
    href = page.locator("#new-words li a").first.get_attribute("href")
    found = asked(reader, href)

    assert words[0] == "آپدیت"
    # Parts of longer words are found too, and other ways to write the letters.
    assert found["n"] == 24
    assert sum("آپدیت" in item["text"] for item in found["items"]) == 23


def test_words_are_held_against_the_rest_where_a_filter_leaves_one(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/drivers?lang=en&{MEHR}&stage=delivery")

    against_rest = page.locator("#words li b").all_inner_texts()
    reader.click("#words .choices a:nth-child(2)")

    assert "against=before" in page.url
    assert len(against_rest) > 0
    assert page.locator("#words .choices [aria-current]").inner_text() == "from the period before"


def test_parts_that_may_all_be_chance_are_told_without_colour(open_reader: Any) -> None:
    page = open_reader().open("/drivers?lang=en&period=30d")

    heads = page.locator(".dr-group h3").evaluate_all(
        "(heads) => heads.map((head) => [head.querySelector('bdi').className, head.querySelector('.tag')?.innerText ?? ''])"
    )

    assert ["good", ""] in heads
    assert all((tone == "") == (tag == "perhaps by chance") for tone, tag in heads)


@pytest.mark.parametrize(("width", "shown"), [(1280, True), (390, False)])
def test_connectors_lie_on_the_ends_of_the_bars_and_never_over_words(
    open_reader: Any, width: int, shown: bool
) -> None:
    page = open_reader(width=width).open(f"/drivers?lang=fa&{MEHR}&by=aspect")

    apart = page.locator(".dr-step").evaluate_all(
        """(steps) => steps.map((step) => {
            const [bar, from] = [".dr-whole", ".dr-from"].map((one) => step.querySelector(one).getBoundingClientRect());
            return [from.width > 0, Math.min(Math.abs(from.left - bar.left), Math.abs(from.left - bar.right))];
        })"""
    )

    assert {is_shown for is_shown, _ in apart} == {shown}
    assert not shown or max(distance for _, distance in apart) <= 2.5


@pytest.mark.parametrize(("width", "rows"), [(390, 3), (1280, 1)])
def test_no_key_figure_of_a_change_stands_alone(open_reader: Any, width: int, rows: int) -> None:
    page = open_reader(width=width).open("/drivers?lang=fa&period=90d")

    figures = page.locator(".dr-ends > div")
    tops = {figures.nth(at).bounding_box()["y"] for at in range(3)}

    assert len(tops) == rows
