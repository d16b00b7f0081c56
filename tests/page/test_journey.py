"""The journey map: every figure leads to its messages, and a stage can be looked at from near."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.page.behind import filters_of, mentions_behind

DAYS = {"from": "2026-07-25", "to": "2026-11-22"}
SUMMER = "from=2026-07-25&to=2026-11-22"
AUTUMN = "from=2026-09-23&to=2026-11-22"
STAGES = ["awareness", "consideration", "purchase", "delivery", "use", "support", "loyalty"]


def told_of(url: str, stage: str, **filters: str) -> dict[str, Any]:
    """Return what the service says of a stage."""
    answer = httpx.get(f"{url}/v1/journey", params=DAYS | filters).json()
    found: dict[str, Any] = next(one for one in answer["stages"] if one["stage"] == stage)
    return found


@pytest.mark.parametrize(("language", "is_mirrored"), [("fa", True), ("en", False)])
def test_the_path_runs_in_reading_direction(open_reader: Any, language: str, is_mirrored: bool) -> None:
    reader = open_reader()

    page = reader.open(f"/journey?lang={language}&{SUMMER}")

    stops = page.locator(".stop")
    starts = [stops.nth(at).bounding_box()["x"] for at in range(stops.count())]
    assert [stops.nth(at).get_attribute("data-stage") for at in range(stops.count())] == STAGES
    assert starts == sorted(starts, reverse=is_mirrored)


def test_on_a_phone_the_path_runs_down(open_reader: Any) -> None:
    reader = open_reader(width=360)

    page = reader.open(f"/journey?lang=fa&{SUMMER}")

    stops = page.locator(".stop")
    tops = [stops.nth(at).bounding_box()["y"] for at in range(stops.count())]
    assert tops == sorted(tops)
    assert len(set(tops)) == 7
    assert reader.overflow() <= 0


def test_each_circle_lies_on_the_curve_at_its_net_sentiment(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{SUMMER}")
    nets = {stage: told_of(reader.url, stage)["net_sentiment"] for stage in STAGES}
    best, worst = max(nets, key=lambda one: nets[one]), min(nets, key=lambda one: nets[one])

    heights = {
        stage: box["y"] + box["height"] / 2
        for stage in STAGES
        if (box := page.locator(f"[data-stage={stage}] .stop-circle").bounding_box())
    }
    curve = page.evaluate(
        """() => { const path = document.querySelector(".map-sky .now"), box = path.ownerSVGElement.getBoundingClientRect();
        const at = (length) => path.getPointAtLength(length);
        return [0, path.getTotalLength()].map((length) => box.top + at(length).y * box.height / 100); }"""
    )

    assert min(heights, key=lambda one: heights[one]) == best
    assert max(heights, key=lambda one: heights[one]) == worst
    assert curve == pytest.approx([heights["awareness"], heights["loyalty"]], abs=1.5)


@pytest.mark.parametrize("stage", ["consideration", "delivery"])
def test_the_mentions_behind_a_stage_are_as_many_as_it_says(open_reader: Any, stage: str) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{SUMMER}")
    figure = page.locator(f"[data-stage={stage}] .stop-fact")

    address, said = figure.get_attribute("href"), figure.locator(".n b").inner_text()

    assert said.replace(",", "") == str(told_of(reader.url, stage)["n"])
    assert mentions_behind(reader.url, address) == told_of(reader.url, stage)["n"]


def test_intents_aspects_and_pains_of_a_stage_lead_to_their_mentions(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{SUMMER}")
    told = told_of(reader.url, "delivery")

    stop = page.locator("[data-stage=delivery]")
    intent = stop.locator(".want a").first.get_attribute("href")
    aspect = stop.locator(".about a").first.get_attribute("href")
    pain = stop.locator(".pain a").first

    assert mentions_behind(reader.url, intent) == told["top_intents"][0]["n"]
    assert mentions_behind(reader.url, aspect) == told["top_aspects"][0]["n"]
    assert mentions_behind(reader.url, pain.get_attribute("href")) == int(pain.locator("b").inner_text())


@pytest.mark.parametrize("link", ["[data-stage=delivery] .stop-asks", ".stage-links a[href*='#asked-for']"])
def test_a_stop_leads_to_what_is_asked_there(open_reader: Any, link: str) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{SUMMER}&focus=delivery")

    reader.click(link)
    reader.wait()

    assert page.url == f"{reader.url}/intents?lang=en&{SUMMER}&focus=delivery#asked-for"
    assert page.evaluate("document.activeElement.id") == "asked-for"
    assert page.locator("#asked-for h2").inner_text() == "Delivery: what they ask and request"


def test_an_emotion_leads_to_the_messages_that_show_it(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{SUMMER}")

    address = page.locator("[data-stage=support] .feel .stop-line").first.get_attribute("href")

    assert filters_of(address)["emotion"] == ["anger"]
    assert filters_of(address)["stage"] == ["support"]


def test_the_curve_of_messages_filtered_for_follows_the_filters(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/journey?lang=en&{SUMMER}&channel=ticket")

    said = page.locator("[data-stage=support] .stop-fact .n b").inner_text()
    assert said.replace(",", "") == str(told_of(reader.url, "support", channel="ticket")["n"])


def test_a_stage_is_looked_at_from_near_by_keyboard(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{AUTUMN}")

    page.locator("[data-stage=delivery] h3 a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#stage-details .sentences li")

    assert "focus=delivery" in page.url
    assert page.locator("[data-stage=delivery] h3 a").get_attribute("aria-current") == "step"
    assert page.evaluate("document.activeElement.id") == "stage-details"
    assert page.locator("#stage-details h2").first.inner_text() == "Delivery up close"


def test_the_details_tell_of_the_stage_alone_and_close_again(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{AUTUMN}&focus=delivery")
    told = told_of(reader.url, "delivery", **{"from": "2026-09-23"})

    trend = page.locator("#stage-details .big .n").inner_text()
    cause = page.locator("#stage-details .sentences a").first.get_attribute("href")
    reader.click("#stage-details .stage-links a >> nth=2")

    assert trend == f"{told['n']:,} mentions"
    assert filters_of(cause)["stage"] == ["delivery"]
    assert page.locator("#stage-details").count() == 0


def test_where_a_day_holds_too_little_of_a_stage_its_trend_says_so_and_takes_longer_pieces(
    open_reader: Any,
) -> None:
    page = open_reader().open("/journey?lang=en&period=30d&focus=support")

    assert page.locator("#stage-trend .hint").inner_text() == "Too few mentions in a day: shown by week."


def test_where_no_piece_holds_enough_of_a_stage_only_its_volume_is_promised(open_reader: Any) -> None:
    page = open_reader().open("/journey?lang=en&period=7d&focus=loyalty")

    assert "no line is drawn, only their volume is shown" in page.locator("#stage-trend .hint").inner_text()


def test_one_dot_is_no_line_the_weeks_volume_is_drawn_instead(open_reader: Any) -> None:
    page = open_reader().open("/journey?lang=en&period=30d&focus=delivery")

    said = page.locator("#stage-trend .hint").inner_text()

    assert said == "Too few mentions in a week: no line is drawn, only their volume is shown."


def test_a_handful_of_mentions_is_no_reason_and_three_are_enough(open_reader: Any) -> None:
    page = open_reader().open("/try?lang=en")

    found = page.evaluate(
        """async () => {
            const { telling } = await import("/assets/views/journey/why.js");
            const part = (value, n, total, more = {}) => ({ value, n, n_before: 20, total, significant: false, ...more });
            const few = [part("a", 9, -9), part("gone", 0, 8), part("b", 10, -1), part("c", 40, 5), part("d", 11, -7), part("e", 30, 2)];
            const sure = [...few, part("sure", 12, -3, { significant: true })];
            return [telling(few), telling(sure)].map((parts) => parts.map(({ value }) => value));
        }"""
    )

    assert found == [["d", "c", "e"], ["sure"]]


def test_where_no_part_is_beyond_chance_the_largest_is_named_and_the_complaint_that_grew(
    open_reader: Any,
) -> None:
    page = open_reader().open("/journey?lang=en&from=1405-07-02&to=1405-08-02&focus=purchase")
    why = page.locator("#stage-details .summary")
    page.wait_for_selector("#stage-details .sentences .bad-line")

    assert "by more than chance. The largest part is" in why.inner_text()
    assert "by itself it may be chance" in why.inner_text()
    assert "clearly more than before" in page.locator("#stage-details .sentences").inner_text()


def test_from_the_details_one_step_leads_back_to_the_map(open_reader: Any) -> None:
    page = open_reader().open(f"/journey?lang=fa&{AUTUMN}&focus=delivery")

    page.locator(".to-map button").click()

    assert page.locator(".to-map button").inner_text().endswith("برگشت به نقشه")
    assert page.evaluate("document.activeElement.closest('.stop').dataset.stage") == "delivery"
    assert page.locator("#journey-map .chosen .milestone").bounding_box()["y"] < 900


def test_a_stage_that_is_filtered_for_is_lit_and_the_way_stays_whole(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/journey?lang=en&{SUMMER}&stage=delivery")

    assert page.locator(".stop").count() == 7
    assert page.locator(".stop.chosen").get_attribute("data-stage") == "delivery"


def test_what_names_no_stage_stands_apart(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/journey?lang=en&{SUMMER}")

    assert page.locator(".quiet-stage b").inner_text() == "Unknown"
    address = page.locator(".quiet-stage a").get_attribute("href")
    assert mentions_behind(reader.url, address) == told_of(reader.url, "none")["n"]


def test_too_few_mentions_have_no_place_on_the_curve(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open("/journey?lang=en&from=2026-11-15&to=2026-11-16")

    assert page.locator("[data-stage=delivery] .stop-circle").inner_text() == "?"
    assert page.locator("[data-stage=delivery] .stop-fact .too-few").inner_text() == "too few"
    assert page.locator(".stop-whisker").count() == 0
    assert reader.violations() == []


def test_a_period_without_messages_says_so(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open("/journey?lang=en&from=2020-01-01&to=2020-02-01")

    assert page.locator("#journey-map .nothing").count() == 1
    assert page.locator(".journey-map").count() == 0


def test_the_map_can_be_read_as_a_table(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open(f"/journey?lang=en&{SUMMER}")

    reader.click(".view-head .choices a >> nth=1")

    rows = page.locator("#journey-map tbody tr")
    assert rows.count() == 7
    assert (
        mentions_behind(reader.url, rows.nth(3).locator("a.figure").first.get_attribute("href"))
        == told_of(reader.url, "delivery")["n"]
    )
    assert reader.violations() == []


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_the_details_are_there_for_everybody(open_reader: Any, width: int, theme: str) -> None:
    reader = open_reader(width=width, theme=theme)

    reader.open(f"/journey?lang=fa&{SUMMER}&focus=support")

    assert reader.overflow() <= 0
    assert reader.violations() == []


def test_beside_corrected_figures_no_raw_one_is_told(open_reader: Any) -> None:
    reader = open_reader()

    page = reader.open(f"/journey?lang=en&{AUTUMN}&estimate=adjusted")

    told = told_of(reader.url, "delivery", estimate="adjusted", **{"from": "2026-09-23"})
    said = page.locator("[data-stage=delivery] .stop-circle").inner_text()
    assert said.replace("−", "-") == f"{told['net_sentiment']:+.0f}"
    assert page.locator(".stop-extreme").count() == 0
    assert page.locator("#journey-map .badge").inner_text() == "Adjusted"
