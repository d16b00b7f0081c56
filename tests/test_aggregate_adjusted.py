"""Answers corrected for known errors, against equations solved by hand, on both data bases and over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, update

from api.app import create_app
from models.labels import Aspect, Emotion, Flag, Intent, Prediction, Sentiment, Stage
from models.levels import Levels
from pipeline.aggregate_adjusted import adjust_breakdown, adjust_journey, adjust_trend
from pipeline.aggregates import Breakdown, BucketLength, Calendar, breakdown, journey, trend
from pipeline.analyze import Analyzer
from pipeline.database import writing
from pipeline.errors import BadRequest
from pipeline.intervals import Method
from pipeline.known_errors import KnownErrors
from pipeline.records import Channel
from pipeline.selection import Dimension, Selection
from pipeline.store import Store
from pipeline.tables import MentionRow
from pipeline.team_tables import CorrectionRow
from tests.api_feedback import NOW, TEHRAN, Said, fill, november
from tests.builders import mention, prediction
from tests.service import settings_of

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
NEVER_WRONG = {n: [[100 * (i == j) for j in range(n)] for i in range(n)] for n in (3, 8, 9, 16)}
DELIVERY, SUPPORT, USE = (list(Stage).index(one) for one in (Stage.DELIVERY, Stage.SUPPORT, Stage.USE))
# Of 100 mentions of delivery 20 are taken for support, of 100 of support 10 for delivery; all else is right.
STAGES = [list(row) for row in NEVER_WRONG[8]]
STAGES[DELIVERY][DELIVERY], STAGES[DELIVERY][SUPPORT] = 80, 20
STAGES[SUPPORT][SUPPORT], STAGES[SUPPORT][DELIVERY] = 90, 10
CONFUSION = {
    "stage": {"mail": STAGES},
    "intent": {"mail": NEVER_WRONG[9]},
    "aspect": {"mail": NEVER_WRONG[16]},
    "mention_sentiment": {"mail": NEVER_WRONG[3]},
}
# Of 100 negative ones 10 are taken for positive.
KEEN = CONFUSION | {"mention_sentiment": {"mail": [[90, 0, 10], [0, 100, 0], [0, 0, 100]]}}
KNOWN = KnownErrors("v1", CONFUSION)
SAID = (
    *[(Stage.DELIVERY, Sentiment.NEGATIVE)] * 40,
    *[(Stage.DELIVERY, Sentiment.POSITIVE)] * 10,
    *[(Stage.SUPPORT, Sentiment.NEGATIVE)] * 15,
    *[(Stage.SUPPORT, Sentiment.POSITIVE)] * 35,
    *[(Stage.USE, Sentiment.NEUTRAL)] * 30,
)


@pytest.fixture
def said(store: Store) -> Store:
    fill(
        store,
        [
            Said(
                november(18) + timedelta(minutes=number),
                prediction(mention(stage=stage, sentiment=sentiment, intent=Intent.COMPLAINT)),
                channel=Channel.CHAT if number % 2 else Channel.REVIEW,
            )
            for number, (stage, sentiment) in enumerate(SAID)
        ],
    )
    return store


def adjusted(store: Store, *by: Dimension, known: KnownErrors = KNOWN, **filters: object) -> Breakdown:
    selection = replace(NOVEMBER, **filters)  # type: ignore[arg-type]
    raw = breakdown(store.engine, selection, by=by, zone=TEHRAN)
    return adjust_breakdown(store.engine, raw, selection, zone=TEHRAN, known=known)


def figures(found: Breakdown) -> dict[tuple[str | None, ...], tuple[int, float | None, float | None]]:
    """Count, share and net sentiment by label."""
    return {
        group.values: (
            group.counts.n,
            group.share and round(group.share.value, 5),
            group.net_sentiment and round(group.net_sentiment.value, 3),
        )
        for group in found.groups
    }


def test_stages_are_unmixed_as_by_hand_and_the_counts_stay(said: Store) -> None:
    found = adjusted(said, Dimension.STAGE)

    # 0.8 d + 0.1 s = 50 and 0.2 d + 0.9 s = 50: d = 400/7 and s = 300/7, of 130. Among the negative
    # 0.8 d + 0.1 s = 40 and 0.2 d + 0.9 s = 15: d = 345/7 and s = 40/7; among the positive 55/7 and 260/7.
    assert figures(found) == {
        ("delivery",): (50, round(400 / 7 / 130, 5), round(100 * (55 - 345) / 400, 3)),
        ("support",): (50, round(300 / 7 / 130, 5), round(100 * (260 - 40) / 300, 3)),
        ("use",): (30, round(30 / 130, 5), 0.0),
    }
    assert (found.basis.n, found.basis.is_adjusted, found.basis.method) == (130, True, Method.ADJUSTED)
    share = found.groups[0].share
    assert share is not None
    assert share.low < 50 / 130 < share.value < share.high


def test_sentiments_are_unmixed_by_channel_whose_shares_stay(said: Store) -> None:
    raw = breakdown(said.engine, NOVEMBER, by=(Dimension.CHANNEL,), zone=TEHRAN)
    found = adjusted(said, Dimension.CHANNEL, known=KnownErrors("v1", KEEN))

    # In each channel of 65 (chat: 20 + 8 negative, 5 + 17 positive), negative / 0.9, the rest was positive.
    chat = next(group for group in found.groups if group.values == ("chat",))
    n_negative = chat.counts.n_negative / 0.9
    n_positive = chat.counts.n_positive - 0.1 * n_negative
    assert chat.net_sentiment is not None
    assert chat.net_sentiment.value == pytest.approx(100 * (n_positive - n_negative) / 65)
    assert [group.share for group in found.groups] == [group.share for group in raw.groups]


def test_a_filter_of_a_stage_finds_what_was_taken_for_another(said: Store) -> None:
    by_sentiment = adjusted(said, Dimension.SENTIMENT, stage=(Stage.DELIVERY,))
    by_both = adjusted(said, Dimension.CHANNEL, Dimension.SENTIMENT, stage=(Stage.DELIVERY, Stage.SUPPORT))

    assert figures(by_sentiment) == {
        ("negative",): (40, round(345 / 400, 5), None),
        ("positive",): (10, round(55 / 400, 5), None),
    }
    assert sum(group.share.value for group in by_both.groups if group.share) == pytest.approx(1)


@pytest.mark.parametrize("bucket", list(BucketLength))
def test_a_trend_is_adjusted_point_by_point_and_as_a_whole(said: Store, bucket: BucketLength) -> None:
    selection = replace(NOVEMBER, from_=date(2026, 11, 16), to=date(2026, 11, 21), stage=(Stage.DELIVERY,))
    raw = trend(said.engine, selection, bucket=bucket, calendar=Calendar.JALALI, zone=TEHRAN, now=NOW)

    found = adjust_trend(said.engine, raw, selection, zone=TEHRAN, known=KNOWN)

    assert found.net_sentiment is not None
    assert found.net_sentiment.value == pytest.approx(100 * (55 - 345) / 400)
    told = [point for point in found.points if point.net_sentiment is not None]
    # The first hour holds 60 mentions of all stages, too few to tell stages apart.
    assert len(told) == (0 if bucket == BucketLength.HOUR else 1)
    assert [point.counts for point in found.points] == [point.counts for point in raw.points]


def test_a_journey_is_adjusted_in_both_periods(said: Store) -> None:
    later = replace(NOVEMBER, from_=date(2026, 11, 19), to=date(2026, 11, 20))
    found = {
        selection.from_.day: adjust_journey(
            said.engine, journey(said.engine, selection, zone=TEHRAN), selection, zone=TEHRAN, known=KNOWN
        ).stages[DELIVERY]
        for selection in (NOVEMBER, later)
    }

    now, after = found[1], found[19]
    assert now.share is not None
    assert now.net_sentiment is not None
    assert (now.share.value, now.net_sentiment.value) == pytest.approx((400 / 7 / 130, -72.5))
    assert now.change is None
    assert [(top.label, top.share and round(top.share.value, 6)) for top in now.top_intents] == [
        ("complaint", 1.0)
    ]
    assert (after.share, after.net_sentiment, after.net_sentiment_before) == (None, None, now.net_sentiment)


def confirm(store: Store, stage: Stage, sentiment: Sentiment, n: int) -> None:
    """A person has found the labels of ``n`` mentions right."""
    chosen = (
        select(MentionRow.id, MentionRow.feedback_id, MentionRow.start, MentionRow.end)
        .where(MentionRow.stage == stage.value, MentionRow.sentiment == sentiment.value)
        .order_by(MentionRow.id)
        .limit(n)
    )
    labels = {"stage": stage, "sentiment": sentiment, "intent": Intent.COMPLAINT, "aspect": Aspect.DELIVERY}
    said = {name: one.value for name, one in labels.items()} | {
        f"predicted_{name}": one.value for name, one in labels.items()
    }
    with writing(store.engine) as connection:
        for id_, feedback_id, start, end in connection.execute(chosen).all():
            connection.execute(update(MentionRow).where(MentionRow.id == id_).values(corrected=True))
            where = {"feedback_id": feedback_id, "start": start, "end": end, "clause_sha256": "0" * 64}
            rest = {
                "model_version": "v1",
                "corrected_by": "k",
                "corrected_at": NOW,
                "version": 1,
                "orphaned": False,
            }
            connection.execute(insert(CorrectionRow).values(**said, **where, **rest))


def test_what_people_looked_at_is_left_as_it_is(said: Store) -> None:
    confirm(said, Stage.DELIVERY, Sentiment.NEGATIVE, 20)

    by_stage = figures(adjusted(said, Dimension.STAGE))
    by_aspect = figures(adjusted(said, Dimension.ASPECT, known=KnownErrors("v1", KEEN)))

    # Negative: 0.8 d + 0.1 s = 20 and 0.2 d + 0.9 s = 15 give d = 165/7, and 20 are known.
    assert by_stage["delivery",][1] == pytest.approx((165 / 7 + 20 + 55 / 7) / 130, abs=1e-5)
    # 35 / 0.9 negative and the known 20; the rest of the 80 judged ones was positive.
    assert by_aspect["delivery",][2] == pytest.approx(
        100 * (45 - 0.1 * 35 / 0.9 - 35 / 0.9 - 20) / 130, abs=1e-3
    )


def test_stages_that_a_touchpoint_fixed_are_not_the_models_errors(said: Store) -> None:
    with writing(said.engine) as connection:
        delivery = MentionRow.stage == Stage.DELIVERY.value
        connection.execute(update(MentionRow).where(delivery).values(stage_from_touchpoint=True))

    found = figures(adjusted(said, Dimension.STAGE))

    # The 50 stay; of the support that the model saw none can have been delivery, or delivery would show too.
    assert found["delivery",][1] == pytest.approx(50 / 130, abs=1e-5)


def test_tallies_and_rows_give_the_same_adjusted_figures(said: Store) -> None:
    by = (Dimension.STAGE, Dimension.CHANNEL)
    raw = breakdown(said.engine, NOVEMBER, by=by, zone=TEHRAN)

    with_tallies, without = (
        adjust_breakdown(said.engine, raw, NOVEMBER, zone=TEHRAN, known=KNOWN, use_tallies=use)
        for use in (True, False)
    )

    assert with_tallies == without


@pytest.mark.parametrize(
    ("by", "filters", "told"),
    [
        ((Dimension.STAGE, Dimension.INTENT), {}, "here are stage and intent"),
        ((Dimension.STAGE,), {"aspect": (Aspect.PRICE,)}, "here are stage and aspect"),
        ((Dimension.STAGE,), {"flag": (Flag.URGENT,)}, "emotion or flag"),
        ((Dimension.CHANNEL,), {"emotion": (Emotion.JOY,)}, "emotion or flag"),
        ((Dimension.EMOTION,), {}, "emotion or flag"),
    ],
)
def test_what_cannot_be_adjusted_is_refused_with_its_reason(
    said: Store, by: tuple[Dimension, ...], filters: dict[str, object], told: str
) -> None:
    with pytest.raises(BadRequest, match=told) as caught:
        adjusted(said, *by, **filters)

    assert caught.value.parameter == "estimate"


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (KnownErrors("v2", CONFUSION), "judged by v1, the errors of v2 are known"),
        (KnownErrors("v1", {}), "carry no cross-validated confusion of the head stage"),
        (KnownErrors("v1", {"stage": {"mail": [[50] * 8] * 8}}), "stage cannot be adjusted"),
    ],
)
def test_errors_that_are_not_known_are_told(said: Store, known: KnownErrors, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        adjusted(said, Dimension.STAGE, known=known)


def test_groups_that_limit_leaves_out_cannot_be_adjusted_for(said: Store) -> None:
    by = (Dimension.CHANNEL, Dimension.STAGE)
    raw = breakdown(said.engine, NOVEMBER, by=by, zone=TEHRAN, limit=1)

    with pytest.raises(BadRequest, match="these 6 groups cannot be adjusted together"):
        adjust_breakdown(said.engine, raw, NOVEMBER, zone=TEHRAN, known=KNOWN)


def test_a_sample_below_a_hundred_is_too_small_to_tell_stages_apart(said: Store) -> None:
    found = adjusted(said, Dimension.STAGE, channel=(Channel.CHAT,))

    assert found.basis.n == 65
    assert {(group.share, group.net_sentiment) for group in found.groups} == {(None, None)}


@dataclass(frozen=True)
class Knows:
    """A model that says nothing and knows its errors."""

    levels = Levels()
    version: str = "v1"

    @property
    def confusion(self) -> Mapping[str, Mapping[str, list[list[int]]]]:
        return CONFUSION

    def predict(self, texts: object) -> list[Prediction]:
        return []


def test_the_service_says_which_figures_are_adjusted(said: Store, store_url: str, tmp_path: Path) -> None:
    app = create_app(settings_of(store_url, tmp_path), analyzer=Analyzer(Knows()), clock=lambda: NOW)
    asked = {"from": "2026-11-01", "to": "2026-12-01", "estimate": "adjusted"}
    with TestClient(app) as client:
        by_stage = client.get("/v1/breakdown", params=asked | {"by": "stage"}).json()
        of_day = client.get("/v1/trend", params=asked | {"stage": "delivery"}).json()
        stages = client.get("/v1/journey", params=asked).json()
        raw = client.get("/v1/breakdown", params=asked | {"by": "stage", "estimate": "raw"}).json()

    assert {one["estimate"] for one in (by_stage, of_day, stages)} == {"adjusted"}
    assert {one["interval_method"] for one in (by_stage, of_day, stages)} == {"delta_design_effect_confusion"}
    assert (by_stage["groups"][0]["n"], by_stage["groups"][0]["share"]) == (50, 0.43956)
    assert (of_day["net_sentiment"], stages["stages"][DELIVERY]["net_sentiment"]) == (-72.5, -72.5)
    assert (raw["estimate"], raw["interval_method"]) == ("raw", "wilson_agresti_min_design_effect")
    assert (raw["groups"][0]["share"], raw["groups"][0]["net_sentiment"]) == (0.384615, -60.0)
