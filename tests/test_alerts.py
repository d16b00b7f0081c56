"""Rules strike where they should, each alert comes once, and none is lost on its way to a channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event, Timer

import pytest

from config.alerts import read_alerts
from models.labels import Flag, Prediction, Sentiment
from pipeline.alert_change import latest_look
from pipeline.alert_rules import AlertSettings, Rule, build_alerts
from pipeline.alert_watch import AlertWatch
from pipeline.alerts import Alert, Wanted, claim_due, list_alerts, note_delivered
from pipeline.errors import SettingsError
from pipeline.keep_running import Runner
from pipeline.records import Channel, CleanFeedback
from pipeline.store import Store, open_store
from tests.api_feedback import KIND, LATE, NOW, TEHRAN
from tests.builders import clean_feedback, mention, prediction
from tests.receiver import Receiver
from tests.test_keep_running import stream, worker

TEAM = {"team": {"url_env": "TEAM_URL", "language": "en"}}
UNHAPPY = {"kind": "threshold", "figure": "net_sentiment", "below": -20, "filters": {"stage": "delivery"}}
WAITING = {"kind": "urgent", "older_than_minutes": 60, "within_hours": 72}
PATIENCE_S = 30


class Clock:
    """Shows the time that it is set to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


def rules(**tables: dict[str, object]) -> AlertSettings:
    return build_alerts({"channels": TEAM, "alerts": tables})


def watch(
    store: Store,
    settings: AlertSettings,
    clock: Clock,
    *,
    environment: Mapping[str, str] | None = None,
) -> AlertWatch:
    return AlertWatch(store, settings, environment=environment or {}, clock=clock)


def say(store: Store, items: list[tuple[CleanFeedback, Prediction]], *, now: datetime = NOW) -> None:
    """These messages of one source are stored and classified."""
    store.save_page("shop", "zendesk", [item for item, _ in items], [], None, now=now)
    claimed = store.claim_pending("test", limit=10_000, lease_s=60, now=now)
    pairs = [(pending, says) for pending, (_, says) in zip(claimed, items, strict=True)]
    store.save_predictions(pairs, worker="test", touchpoint_stages={}, now=now)


def complaints(
    n: int, at: datetime, *, says: Prediction | None = None
) -> list[tuple[CleanFeedback, Prediction]]:
    return [
        (clean_feedback(f"{at.isoformat()} {number}", created_at=at), says or prediction(LATE))
        for number in range(n)
    ]


def alerts_of(store: Store) -> list[Alert]:
    return list(list_alerts(store.engine, Wanted(), limit=100)[0])


def test_a_threshold_strikes_where_the_whole_interval_lies_beyond_it(store: Store) -> None:
    praise = prediction(replace(LATE, sentiment=Sentiment.POSITIVE), sentiment=Sentiment.POSITIVE)
    yesterday = NOW - timedelta(days=1)
    say(store, complaints(30, yesterday) + complaints(10, yesterday - timedelta(hours=1), says=praise))

    watched = watch(store, rules(unhappy=UNHAPPY), Clock()).look()

    (alert,) = alerts_of(store)
    evidence = alert.evidence
    assert watched.titles == ("unhappy: net sentiment of the last 7 days is −50.0, below the bound −20.0",)
    assert alert.title.fa == "unhappy: احساس خالص در ۷ روز گذشته \u200e−۵۰٫۰ است، پایین‌تر از مرز \u200e−۲۰٫۰"
    assert (evidence.value, evidence.n, evidence.bound, evidence.side) == (-50.0, 40, -20.0, "below")
    assert evidence.low is not None
    assert evidence.high is not None
    assert evidence.low < -50 < evidence.high < -20
    assert (evidence.from_, evidence.to) == ("2026-11-15T00:00:00+03:30", "2026-11-22T00:00:00+03:30")
    assert evidence.feedback == (
        "/v1/feedback?from=2026-11-15T00%3A00%3A00%2B03%3A30&to=2026-11-22T00%3A00%3A00%2B03%3A30"
        "&stage=delivery"
    )


@pytest.mark.parametrize(
    ("n_bad", "n_good"),
    [(29, 0), (24, 16), (20, 20)],
    ids=["too few", "interval reaches the bound", "well above"],
)
def test_a_threshold_is_silent_where_it_cannot_be_sure(store: Store, n_bad: int, n_good: int) -> None:
    praise = prediction(replace(LATE, sentiment=Sentiment.POSITIVE), sentiment=Sentiment.POSITIVE)
    say(store, complaints(n_bad, NOW) + complaints(n_good, NOW - timedelta(hours=1), says=praise))

    assert watch(store, rules(unhappy=UNHAPPY), Clock()).look().titles == ()


@pytest.mark.parametrize(
    ("rule", "value", "n"),
    [
        ({"figure": "negative_share", "above": 0.5}, 0.75, 40),
        ({"figure": "positive_share", "below": 0.5}, 0.25, 40),
        ({"figure": "share", "above": 0.5, "filters": {"stage": "delivery"}}, 0.75, 40),
        ({"figure": "volume", "above": 25}, 40.0, 40),
        ({"figure": "volume", "below": 60, "filters": {"source": ["shop", "talk"]}}, 40.0, 40),
    ],
    ids=["negative share", "positive share", "share", "volume above", "volume below"],
)
def test_every_figure_can_be_bound(store: Store, rule: dict[str, object], value: float, n: int) -> None:
    say(store, complaints(30, NOW) + complaints(10, NOW - timedelta(hours=1), says=prediction(KIND)))

    watch(store, rules(bound={"kind": "threshold", **rule}), Clock()).look()

    (alert,) = alerts_of(store)
    assert (alert.evidence.value, alert.evidence.n) == (value, n)


def test_a_state_that_lasts_is_told_again_only_after_the_days_that_the_rule_names(store: Store) -> None:
    clock = Clock()
    say(store, complaints(40, NOW))
    settings = rules(unhappy=UNHAPPY | {"days": 30, "again_after_days": 3})
    told = []

    for _ in range(6):
        told.append(len(watch(store, settings, clock).look().titles))
        clock.go(days=1)

    assert told == [1, 0, 0, 1, 0, 0]


def test_after_a_restart_the_same_alert_is_not_raised_again(store_url: str, receiver: Receiver) -> None:
    settings = rules(
        unhappy=UNHAPPY | {"send_to": "team", "again_after_days": 1}, waiting=WAITING | {"send_to": "team"}
    )
    environment = {"TEAM_URL": receiver.address()}
    urgent = prediction(LATE, flags=(Flag.URGENT,))

    with open_store(store_url, zone=TEHRAN) as store:
        say(store, complaints(40, NOW - timedelta(hours=2), says=urgent))
    for _ in range(3):
        with open_store(store_url, zone=TEHRAN) as store:
            watch(store, settings, Clock(), environment=environment).look()

    assert [one["title"].split(":")[0] for one in receiver.received] == ["unhappy", "waiting"]


def weeks_of(store: Store, per_day: Mapping[int, int], *, until: date, n_weeks: int = 8) -> None:
    """Each day before ``until`` brought as many complaints, at nine o'clock, as its weekday has."""
    items = []
    for n_days in range(1, 7 * n_weeks + 2):
        day = until - timedelta(days=n_days)
        at = datetime(day.year, day.month, day.day, 9, tzinfo=TEHRAN).astimezone(UTC)
        items += complaints(per_day[day.weekday()], at)
    say(store, items)


SATURDAY = date(2026, 11, 21)
BUSY_SATURDAY = dict.fromkeys(range(7), 10) | {5: 30}
MORE = {"kind": "change", "of": "negative", "false_alarms_per_year": 1}


def test_twice_as_many_complaints_as_on_the_same_weekday_raise_an_alert(store: Store) -> None:
    weeks_of(store, BUSY_SATURDAY, until=SATURDAY)
    say(store, complaints(60, datetime(2026, 11, 21, 9, tzinfo=TEHRAN)))

    watched = watch(store, rules(more=MORE), Clock()).look()

    (alert,) = alerts_of(store)
    assert watched.titles == (
        (
            "more: the number of negative mentions from 21 November 2026 (1405-08-30) to "
            "21 November 2026 (1405-08-30) 12:00 is 60; usual on this day of the week: 30"
        ),
    )
    evidence = alert.evidence
    assert (evidence.value, evidence.usual, evidence.usual_low, evidence.usual_high) == (60, 30, 30, 30)
    assert (round(evidence.low or 0, 1), round(evidence.high or 0, 1)) == (45.8, 77.2)
    assert evidence.chance is not None
    assert evidence.chance < 1 / 365 / 4
    assert (alert.occasion, evidence.from_, evidence.to) == (
        "2026-11-21",
        "2026-11-21T00:00:00+03:30",
        "2026-11-21T12:00:00+03:30",
    )
    assert evidence.filters == {"sentiment": ["negative"]}


def test_as_many_as_on_that_weekday_is_usual_though_more_than_on_others(store: Store) -> None:
    weeks_of(store, BUSY_SATURDAY, until=SATURDAY)
    say(store, complaints(36, datetime(2026, 11, 21, 9, tzinfo=TEHRAN)))

    assert watch(store, rules(more=MORE), Clock()).look().titles == ()


def test_a_day_is_told_once_though_it_is_looked_at_four_times(store: Store) -> None:
    weeks_of(store, BUSY_SATURDAY, until=SATURDAY)
    say(store, complaints(90, datetime(2026, 11, 21, 9, tzinfo=TEHRAN)))
    clock = Clock()
    watching = watch(store, rules(more=MORE), clock)

    told = []
    for _ in range(5):
        told.append(len(watching.look().titles))
        clock.go(hours=3)

    assert told == [1, 0, 0, 0, 0]


def test_an_hour_is_held_against_the_same_hour_of_that_weekday(store: Store) -> None:
    weeks_of(store, dict.fromkeys(range(7), 20), until=SATURDAY)
    say(store, complaints(60, datetime(2026, 11, 21, 9, tzinfo=TEHRAN)))
    half_past_ten = Clock(datetime(2026, 11, 21, 10, 30, tzinfo=TEHRAN))

    watch(store, rules(more=MORE | {"every": "hour"}), half_past_ten).look()

    (alert,) = alerts_of(store)
    assert (alert.evidence.value, alert.evidence.usual) == (60, 20)
    assert (alert.evidence.from_, alert.evidence.to) == (
        "2026-11-21T09:00:00+03:30",
        "2026-11-21T10:00:00+03:30",
    )


def test_a_day_that_brings_far_too_little_is_told_where_that_is_asked_for(store: Store) -> None:
    weeks_of(store, dict.fromkeys(range(7), 30), until=SATURDAY)
    say(store, complaints(2, datetime(2026, 11, 21, 9, tzinfo=TEHRAN)))

    watch(store, rules(less=MORE | {"of": "volume", "direction": "down"}), Clock()).look()

    (alert,) = alerts_of(store)
    assert (alert.evidence.value, alert.evidence.usual, alert.evidence.side) == (2, 30, "below")


def test_nothing_is_unusual_before_four_weeks_are_there(store: Store) -> None:
    weeks_of(store, BUSY_SATURDAY, until=SATURDAY, n_weeks=3)
    say(store, complaints(300, datetime(2026, 11, 21, 9, tzinfo=TEHRAN)))

    assert watch(store, rules(more=MORE), Clock()).look().titles == ()


@pytest.mark.parametrize(
    ("every", "clock", "start", "end"),
    [
        ("day", "21T12:29", "21T00:00", "21T06:00"),
        ("day", "21T12:30", "21T00:00", "21T12:00"),
        ("day", "22T00:10", "21T00:00", "21T18:00"),
        ("day", "22T00:30", "21T00:00", "22T00:00"),
        ("day", "22T06:29", "21T00:00", "22T00:00"),
        ("hour", "21T12:29", "21T10:00", "21T11:00"),
        ("hour", "21T12:30", "21T11:00", "21T12:00"),
        ("hour", "22T00:40", "21T23:00", "22T00:00"),
    ],
)
def test_a_look_leaves_half_an_hour_for_messages_to_come_in(
    every: str, clock: str, start: str, end: str
) -> None:
    now, *expected = (
        datetime.fromisoformat(f"2026-11-{one}").replace(tzinfo=TEHRAN) for one in (clock, start, end)
    )

    assert list(latest_look(every, now, TEHRAN)) == expected


def test_a_source_that_fell_silent_is_told_once_and_again_when_it_does_so_again(store: Store) -> None:
    clock = Clock(NOW - timedelta(days=3))
    hours = [clock.now - timedelta(hours=one) for one in range(24 * 14)]
    say(store, [(clean_feedback(str(at), created_at=at), prediction(LATE)) for at in hours], now=clock.now)
    settings = rules(quiet={"kind": "silence"})
    clock.now = NOW

    first = [watch(store, settings, clock).look().titles for _ in range(2)]
    say(store, complaints(1, NOW), now=NOW)
    clock.go(days=4)
    second = watch(store, settings, clock).look().titles

    assert first == [
        (
            (
                "quiet: source shop has brought nothing since 18 November 2026 (1405-08-27) 12:30; "
                "by its rhythm 71 hours should have brought something"
            ),
        ),
        (),
    ]
    assert len(second) == 1
    assert [alert.evidence.about for alert in alerts_of(store)] == ["shop", "shop"]


def urgent(native_id: str, *, minutes: float, status: str | None = None) -> tuple[CleanFeedback, Prediction]:
    at = NOW - timedelta(minutes=minutes)
    return (
        clean_feedback(native_id, created_at=at, status=status, channel=Channel.TICKET),
        prediction(LATE, flags=(Flag.URGENT,)),
    )


def test_urgent_messages_that_wait_are_told_together_and_each_once(store: Store) -> None:
    said = [
        urgent("1", minutes=61),
        urgent("2", minutes=300, status="open"),
        urgent("3", minutes=59),
        urgent("4", minutes=90, status="Solved"),
        urgent("5", minutes=73 * 60),
    ]
    say(store, [*said, *complaints(1, NOW - timedelta(hours=5))])
    clock, settings = Clock(), rules(waiting=WAITING)

    told = [watch(store, settings, clock).look().titles]
    clock.go(minutes=2)
    told.append(watch(store, settings, clock).look().titles)
    told.append(watch(store, settings, clock).look().titles)

    assert told == [
        ("waiting: 2 urgent messages have waited for more than 60 minutes",),
        ("waiting: 1 urgent message has waited for more than 60 minutes",),
        (),
    ]
    assert [(alert.evidence.value, alert.evidence.n) for alert in alerts_of(store)] == [(1, 3), (2, 2)]


def test_only_urgent_messages_that_pass_the_filters_are_told(store: Store) -> None:
    say(store, [urgent("1", minutes=61)])
    elsewhere = rules(waiting=WAITING | {"filters": {"stage": "support"}})
    here = rules(waiting=WAITING | {"filters": {"stage": ["delivery", "support"], "channel": "ticket"}})

    assert watch(store, elsewhere, Clock()).look().titles == ()
    assert len(watch(store, here, Clock()).look().titles) == 1


def test_what_several_customers_say_and_nobody_said_before_is_told_once(store: Store) -> None:
    def write(text: str, n: int, at: datetime) -> list[tuple[CleanFeedback, Prediction]]:
        return [
            (
                clean_feedback(f"{text} {number}", text=text, created_at=at, customer_key=f"{text} {number}"),
                prediction(mention(text=text)),
            )
            for number in range(n)
        ]

    say(store, write("بسته دیر رسید", 30, NOW - timedelta(days=40)))
    say(store, write("بسته دیر رسید", 10, NOW - timedelta(days=2)))
    say(store, write("کیف پول باز نمی‌شود", 6, NOW - timedelta(days=1)))
    settings = rules(fresh={"kind": "new_phrase", "at_least": 5})

    first = watch(store, settings, Clock()).look().titles
    second = watch(store, settings, Clock()).look().titles

    phrases = {alert.evidence.about for alert in alerts_of(store)}
    assert 1 <= len(first) <= 3
    assert second == ()
    assert phrases & {"کیف پول", "کیف", "پول", "پول باز", "باز نمی‌شود"}
    assert not phrases & {"بسته", "دیر", "بسته دیر"}
    assert {alert.evidence.n for alert in alerts_of(store)} == {6}


def test_an_alert_reaches_its_channel_in_its_language_with_its_figures_and_no_message(
    store: Store, receiver: Receiver
) -> None:
    say(store, [urgent("1", minutes=61)])
    channels = {name: {"url_env": name.upper(), "language": name} for name in ("fa", "en")}
    settings = build_alerts(
        {
            "base_url": "https://voice.example.ir/",
            "channels": channels,
            "alerts": {"waiting": WAITING | {"send_to": ["fa", "en"]}},
        }
    )
    environment = {"FA": receiver.address("/fa"), "EN": receiver.address("/en")}

    watched = watch(store, settings, Clock(), environment=environment).look()

    persian, english = receiver.received
    assert (watched.n_delivered, watched.errors) == (1, ())
    assert persian["title"] == "waiting: ۱ پیام فوری بیش از ۶۰ دقیقه بی‌پاسخ مانده است"
    assert persian["message"].splitlines()[:2] == [
        "از ۳۰ آبان ۱۴۰۵ ساعت ۱۱:۵۹ تا ۳۰ آبان ۱۴۰۵ ساعت ۱۲:۰۰",
        "n = ۱",
    ]
    assert english["message"].splitlines() == [
        "From 21 November 2026 (1405-08-30) 11:59 to 21 November 2026 (1405-08-30) 12:00",
        "n = 1 messages",
        (
            "Messages: https://voice.example.ir/v1/feedback?from=2026-11-18T13%3A00%3A00%2B03%3A30"
            "&to=2026-11-21T12%3A00%3A00%2B03%3A30&flag=urgent"
        ),
    ]
    assert "بسته" not in str(receiver.received)


def test_a_broken_channel_is_tried_later_each_time_and_gets_the_alert_in_the_end(
    store: Store, receiver: Receiver
) -> None:
    say(store, [urgent("1", minutes=61)])
    clock = Clock()
    settings = rules(waiting=WAITING | {"send_to": "team"})
    watching = watch(store, settings, clock, environment={"TEAM_URL": receiver.address("/secret-token")})
    receiver.status = 500
    waits = []

    for _ in range(3):
        watched = watching.look()
        (alert,) = alerts_of(store)
        assert alert.next_try_at is not None
        waits.append(alert.next_try_at - clock.now)
        clock.now = alert.next_try_at
    receiver.status = 200
    watching.look()

    (delivered,) = alerts_of(store)
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert "error=500" in watched.errors[0]
    assert "secret-token" not in watched.errors[0] + str(alert.delivery_error)
    assert (delivered.delivered_at, delivered.n_failures) == (clock.now, 3)
    assert (delivered.undelivered, delivered.next_try_at) == ((), None)
    assert len(receiver.received) == 1


def test_of_two_channels_only_the_broken_one_is_tried_again(store: Store, receiver: Receiver) -> None:
    say(store, [urgent("1", minutes=61)])
    clock = Clock()
    settings = build_alerts(
        {
            "channels": {"team": {"url_env": "TEAM_URL"}, "boss": {"url_env": "BOSS_URL"}},
            "alerts": {"waiting": WAITING | {"send_to": ["boss", "team"]}},
        }
    )
    environment = {"TEAM_URL": receiver.address("/team")}
    watch(store, settings, clock, environment=environment).look()
    (half,) = alerts_of(store)
    clock.go(minutes=1)

    watch(store, settings, clock, environment=environment | {"BOSS_URL": receiver.address("/boss")}).look()

    assert (half.undelivered, half.delivered_at) == (("boss",), None)
    assert "BOSS_URL, which is not set" in str(half.delivery_error)
    assert len(receiver.received) == 2
    assert alerts_of(store)[0].delivered_at == clock.now


def test_who_dies_while_delivering_leaves_the_alert_to_the_next_one_after_five_minutes(
    store: Store, receiver: Receiver
) -> None:
    say(store, [urgent("1", minutes=61)])
    clock, settings = Clock(), rules(waiting=WAITING | {"send_to": "team"})
    watch(store, settings, clock).check()
    died_with = claim_due(store.engine, now=clock.now)
    survivor = watch(store, settings, clock, environment={"TEAM_URL": receiver.address()})

    at_once = survivor.deliver()
    clock.go(minutes=5)
    later = survivor.deliver()

    assert died_with is not None
    assert (at_once, later) == ((0, ()), (1, ()))
    assert len(receiver.received) == 1


def test_of_two_processes_only_one_delivers_an_alert(store: Store) -> None:
    say(store, [urgent("1", minutes=61)])
    settings = rules(waiting=WAITING | {"send_to": "team"})
    watch(store, settings, Clock()).check()
    watch(store, settings, Clock()).check()

    claimed = [claim_due(store.engine, now=NOW) for _ in range(2)]

    assert [alert is not None for alert in claimed] == [True, False]
    assert len(alerts_of(store)) == 1


def test_an_alert_that_was_delivered_is_delivered_no_more(store: Store) -> None:
    say(store, [urgent("1", minutes=61)])
    watch(store, rules(waiting=WAITING | {"send_to": "team"}), Clock()).check()
    claimed = claim_due(store.engine, now=NOW)
    assert claimed is not None

    note_delivered(store.engine, claimed, [], now=NOW)

    assert claim_due(store.engine, now=NOW + timedelta(days=30)) is None


class Odd(Rule):
    """A rule that nobody knows how to check."""

    kind = "odd"


def test_a_rule_that_fails_is_told_and_does_not_silence_the_others(store: Store) -> None:
    say(store, [urgent("1", minutes=61)])
    settings = replace(rules(), rules=(Odd(name="strange"), *rules(waiting=WAITING).rules))

    watched = watch(store, settings, Clock()).look()

    assert len(watched.titles) == 1
    assert watched.errors == ("alert rule strange: unexpected KeyError",)


def test_a_notifier_that_hangs_holds_up_no_pull(store: Store) -> None:
    stop, release = Event(), Event()
    told: list[str] = []

    def hang(_stop: object) -> None:
        release.wait(PATIENCE_S)

    def tell(turn: object) -> None:
        told.append("pulled")
        if len(told) == 3:
            release.set()
            stop.set()

    timer = Timer(PATIENCE_S, stop.set)
    timer.start()
    Runner(
        store,
        [stream(every_s=1)],
        worker(lambda: datetime.now(UTC)),
        classify=lambda stop: 0,
        tell=tell,
        watch=hang,
        watch_every_s=0,
    ).run(stop)
    timer.cancel()

    assert told[:3] == ["pulled"] * 3


def test_a_watch_that_breaks_down_is_tried_again(store: Store) -> None:
    stop = Event()
    tries: list[int] = []

    def break_down(_stop: object) -> None:
        tries.append(1)
        if len(tries) == 2:
            stop.set()
        raise KeyError

    timer = Timer(PATIENCE_S, stop.set)
    timer.start()
    Runner(
        store,
        [stream()],
        worker(lambda: datetime.now(UTC)),
        classify=lambda stop: 0,
        watch=break_down,
        watch_every_s=0.05,
    ).run(stop)
    timer.cancel()

    assert len(tries) == 2


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({}, "alerts.x: kind: is missing; there are: threshold, change, new_phrase, silence, urgent"),
        ({"kind": "tresholds"}, "alerts.x: kind: no kind 'tresholds' (nearest: 'threshold')"),
        ({"kind": "urgent", "older_then_minutes": 5}, ("alerts.x: older_then_minutes: no argument "
         "'older_then_minutes' (nearest: 'older_than_minutes')")),
        ({"kind": "urgent", "filters": {"stag": "delivery"}}, ("alerts.x: filters.stag: no argument 'stag' "
         "(nearest: 'stage')")),
        ({"kind": "urgent", "filters": {"stage": "home"}}, "alerts.x: filters.stage.0: got 'home', expected"),
        ({"kind": "urgent", "filters": {"flag": "spam"}}, "filters.flag: is urgent here by itself"),
        ({"kind": "urgent", "within_hours": 1}, "within_hours: must be longer than older_than_minutes"),
        ({"kind": "threshold", "figure": "volume"}, "above, below: set one of the two"),
        ({"kind": "threshold", "figure": "share", "above": 3}, "share lies between 0 and 1"),
        ({"kind": "threshold", "figure": "share", "above": 1, "filters": {"sentiment": "mixed"}},
         "mixed is said of whole messages only"),
        ({"kind": "change", "weeks": 3}, "alerts.x: weeks: got 3, expected greater than or equal to 4"),
        ({"kind": "silence", "send_to": "tem"}, "alerts.x: send_to: no channel 'tem' (nearest: 'team')"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_by_its_name_and_its_key(table: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        rules(x=table)

    assert complaint in str(wrong.value)


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (
            {"alert": {}},
            "alerts file: no key 'alert' (nearest: 'alerts'); there are: base_url, channels, alerts",
        ),
        ({"alerts": {"x": 1}}, "alerts file: alerts: expected a table [alerts.NAME] for each"),
        ({"base_url": "voice"}, "alerts file: base_url: expected an address"),
        ({"channels": {"team": {}}}, "channels.team: url_env: is missing"),
        ({"channels": {"team": {"url_env": "A", "language": "de"}}}, "channels.team: language: got 'de'"),
    ],
)
def test_a_wrong_alerts_file_is_told(config: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        build_alerts(config)

    assert complaint in str(wrong.value)


def test_a_rule_that_is_not_enabled_is_not_watched() -> None:
    assert rules(off={"kind": "silence", "enabled": False}).rules == ()


def test_the_shipped_file_watches_three_rules_and_its_examples_are_right(tmp_path: Path) -> None:
    shipped = build_alerts(read_alerts())
    text = (Path(__file__).parent.parent / "config" / "alerts.toml").read_text(encoding="utf-8")
    lines = [
        line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in text.splitlines()
    ]
    (tmp_path / "alerts.toml").write_text("\n".join(lines), encoding="utf-8")

    with_examples = build_alerts(read_alerts(tmp_path / "alerts.toml"))

    assert [(rule.name, rule.kind) for rule in shipped.rules] == [
        ("more_complaints", "change"),
        ("silent_source", "silence"),
        ("urgent_waiting", "urgent"),
    ]
    assert [rule.name for rule in with_examples.rules][3:] == ["new_words", "delivery_hurts"]
    assert list(with_examples.channels) == ["team"]
