"""Asked and unasked: whom the surveys hear, and what is said without being asked."""

from __future__ import annotations

from typing import Any

import httpx

from tests.page.behind import messages_behind
from tests.page.numerals import number_in


def scores_of(reader: Any, **params: str) -> Any:
    """Return what the service says of all scores of the demo."""
    asked = {"from": "2020-01-01", "to": "2030-01-01"} | params
    return httpx.get(f"{reader.url}/v1/cx", params=asked).json()


def test_each_measure_stands_beside_what_is_said_unasked(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all&lang=en")
    nps, csat = scores_of(reader)["measures"]

    panels = [page.locator(f"#{one}") for one in ("nps-0-10", "csat-1-5")]

    for panel, told in zip(panels, (nps, csat), strict=True):
        assert number_in(panel.locator(".big .n").inner_text()) == told["n"]
        assert [number_in(panel.locator(".asked-pair .n").nth(at).inner_text()) for at in (0, 1)] == [
            told["n_mentions_same"],
            told["n_mentions_others"],
        ]
        assert panel.locator(".asked-sentence").inner_text() == without_marks(told["sentence_en"])


def without_marks(words: str) -> str:
    """The demo's English sentences hold no marks of direction."""
    return words.replace("\u200e", "")


def test_the_page_says_how_few_the_surveys_hear(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all&lang=en")
    widest = max(one["coverage"] for one in scores_of(reader)["measures"])

    said = page.locator(".asked-story").inner_text()

    assert said == (
        f"The surveys hear {widest:.0%} of the customers; the other {1 - widest:.0%} speak only unasked."
    )


def test_a_score_leads_to_as_many_messages_as_it_counts_answers(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all&lang=en")
    nps = scores_of(reader)["measures"][0]

    reader.click("#nps-0-10 .big a.figure")

    assert number_in(page.locator("#msg-summary .big .value").inner_text()) == nps["n"] > 30
    assert page.locator(".chips .msg-narrowing > span").inner_text() == "Score: NPS"
    assert reader.violations() == []


def test_detractors_passives_and_promoters_lead_to_what_they_wrote(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?from=2026-07-01&to=2026-12-01&lang=en")
    nps, csat = scores_of(reader)["measures"]
    parts = page.locator("#nps-0-10 .asked-part a")
    top_csat = page.locator("#csat-1-5 .asked-part a").get_attribute("href")

    addresses = [parts.nth(at).get_attribute("href") for at in range(3)]
    reader.click("#nps-0-10 .asked-part.negative a")

    counts = [sum(1 for _ in messages_behind(reader.url, one)) for one in addresses]
    assert counts == [nps["n_bottom"], nps["n"] - nps["n_bottom"] - nps["n_top"], nps["n_top"]]
    assert sum(1 for _ in messages_behind(reader.url, top_csat)) == csat["n_top"]
    assert page.locator(".chips .msg-narrowing > span").inner_text() == "Score: NPS, 6 or less"


def test_the_trend_is_a_table_for_those_who_want_one(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all&lang=en&bucket=month")

    page.locator("#nps-0-10 .turn").focus()
    page.keyboard.press("Enter")

    rows = page.locator("#nps-0-10 tbody tr")
    points = [
        point
        for point in scores_of(reader, bucket="month", calendar="gregorian")["points"]
        if point["measure"] == "nps" and point["n"]
    ]
    shown = [number_in(rows.nth(at).locator(".n").inner_text()) for at in range(rows.count())]
    assert [n for n in shown if n] == [point["n"] for point in points]
    assert "from=" in str(rows.first.locator("a.figure").get_attribute("href"))


def test_the_length_of_a_point_is_in_the_address(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all&lang=en")

    reader.click("#nps-0-10 .choices a:has-text('Week')")
    reader.wait()

    assert "bucket=week" in page.url
    assert page.locator("#nps-0-10 .choices [aria-current]").inner_text() == "Week"


def test_few_answers_are_counted_and_not_scored(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=7d&lang=en")
    panel = page.locator("#nps-0-10")

    assert panel.locator(".big .too-few").count() == 1
    assert number_in(panel.locator(".big .n").inner_text()) < 30
    assert reader.violations() == []


def test_without_scores_the_page_says_how_they_get_in(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all&lang=en&source=niksabad_telegram")

    said = page.locator("#no-scores").inner_text()

    assert "With these filters there is no score in this period." in said
    assert page.locator("#no-scores a").all_inner_texts() == ["Clear all", "Sources"]
    assert "nps, csat, ces or rating" in said
    assert reader.violations() == []


def test_a_period_without_scores_offers_a_longer_one(open_reader: Any) -> None:
    page = open_reader().open("/asked?from=2020-01-01&to=2020-02-01&lang=en")

    assert "No source gave a score in this period." in page.locator("#no-scores").inner_text()
    assert page.locator("#no-scores a").all_inner_texts() == ["Period: All", "Sources"]


def test_too_few_answers_are_said_to_be_and_a_longer_period_is_one_click_away(open_reader: Any) -> None:
    page = open_reader().open("/asked?period=7d&lang=en")
    panel = page.locator("#nps-0-10")
    n = number_in(panel.locator(".big .n").inner_text())

    said = panel.locator(".asked-few").inner_text()

    assert said == (
        f"{n} answers are too few for a figure: fewer than 30 may be chance. A longer period: all"
    )
    assert panel.locator(".asked-no-gap").inner_text() == (
        "No gap is told: it takes at least 30 mentions without a score from either group."
    )


def test_where_weeks_hold_too_few_answers_months_are_one_click_away(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=30d&lang=en")

    said = page.locator("#nps-0-10 .asked-few").inner_text()
    reader.click("#nps-0-10 .asked-few a")

    assert said == "No week has 30 answers, so no line is drawn. See it month by month"
    assert "bucket=month" in page.url


def test_each_score_says_what_it_means(open_reader: Any) -> None:
    page = open_reader().open("/asked?period=all&lang=en")

    said = page.locator(".asked-meaning").all_inner_texts()

    assert said == [
        "Share of promoters less share of detractors, from −100 to 100; above zero there are more promoters.",
        "Mean of the scores; higher is more satisfied.",
    ]


def test_where_the_source_does_not_tell_who_answered_no_gap_is_told(open_reader: Any) -> None:
    reader = open_reader()
    told = scores_of(reader)
    unknown = told["measures"][1] | {
        "n_customers": 0,
        "coverage": None,
        "difference": None,
        "net_sentiment_same": None,
        "n_mentions_same": 0,
    }
    reader.page.route(
        "**/v1/cx?*", lambda route: route.fulfill(json=told | {"measures": [unknown], "points": []})
    )

    page = reader.open("/asked?period=all&lang=en")

    assert page.locator(".asked-no-gap").inner_text().startswith("No gap is told: the source does not tell")


def test_corrected_figures_are_said_not_to_be_had(open_reader: Any) -> None:
    page = open_reader().open("/asked?period=all&lang=en&estimate=adjusted")

    assert page.locator(".asked-raw").inner_text().startswith("The figures of this view are always raw")


def test_an_interval_keeps_its_place_before_the_count_in_persian(open_reader: Any) -> None:
    reader = open_reader()
    page = reader.open("/asked?period=all")

    said = page.locator("#nps-0-10 .asked-sentence").text_content()

    assert "\u2066−" in said
    assert said.count("\u2066") == said.count("\u2069")


def test_stars_and_other_scales_are_measures_of_their_own(open_reader: Any) -> None:
    reader = open_reader()
    told = scores_of(reader)
    stars = told["measures"][1] | {"measure": "rating", "sources": ["bazaar"]}
    told = told | {"measures": [stars], "points": []}
    reader.page.route("**/v1/cx?*", lambda route: route.fulfill(json=told))

    page = reader.open("/asked?period=all&lang=en")

    assert page.locator("#rating-1-5 h2").inner_text() == "Stars"
    assert (
        page.locator(".asked-story").inner_text()
        == "There is no survey in this period; stars are given unasked."
    )
