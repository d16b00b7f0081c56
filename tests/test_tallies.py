from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, text

from models.labels import MENTION_SENTIMENTS, Aspect, Flag, Intent, Mention, Prediction, Sentiment, Stage
from pipeline.corrections import Address, Verdict, correct, withdraw
from pipeline.records import Cell, CleanFeedback, Pending, Period
from pipeline.staging import ask, claim_staged, stage
from pipeline.store import Store
from pipeline.switching import Outcome, switch
from pipeline.tables import FeedbackRow, Row
from tests.builders import NOON, clean_feedback, mention, prediction
from tests.relabelled import relabel

feedback = FeedbackRow.__table__
GOOD = mention(sentiment=Sentiment.POSITIVE, intent=Intent.PRAISE, aspect=Aspect.PRODUCT, stage=Stage.USE)
BAD = mention()
# 21 November 2026 is the last day of Aban 1405, the 22nd the first of Azar.
STARTS = {
    date(2026, 11, 21): (date(2026, 11, 1), date(2026, 10, 23)),
    date(2026, 11, 22): (date(2026, 11, 1), date(2026, 11, 22)),
    date(2026, 12, 1): (date(2026, 12, 1), date(2026, 11, 22)),
}


def save(store: Store, *items: CleanFeedback) -> None:
    store.save_page("shop", "table_file", items, [], None, now=NOON)


def classify(store: Store, said: Prediction, *, limit: int = 100) -> int:
    claimed = store.claim_pending("w", limit=limit, lease_s=60, now=NOON)
    return store.save_predictions(
        [(pending, said) for pending in claimed], worker="w", touchpoint_stages={}, now=NOON
    )


def of_day(cells: frozenset[Cell], cube: str) -> dict[tuple[str | int, ...], int]:
    return {cell.key: cell.n for cell in cells if cell.cube == cube and cell.period is Period.DAY}


def counted(store: Store) -> list[str]:
    with store.engine.connect() as connection:
        return list(
            connection.scalars(select(feedback.c.native_id).where(text("counted")).order_by(feedback.c.id))
        )


def test_a_message_adds_to_its_day_and_to_both_its_months(store: Store) -> None:
    save(store, clean_feedback("1", brand="نیک‌سبد", created_at=datetime(2026, 11, 21, 21, tzinfo=UTC)))

    classify(store, prediction(BAD, BAD, GOOD, flags=(Flag.URGENT,)))

    common = ("shop", "review", "نیک‌سبد", "v1")
    assert store.tallies() == {
        Cell(cube, period, start, (*common, *labels), n)
        for period, start in [
            (Period.DAY, date(2026, 11, 22)),
            (Period.GREGORIAN_MONTH, date(2026, 11, 1)),
            (Period.JALALI_MONTH, date(2026, 11, 22)),
        ]
        for cube, labels, n in [
            ("sentiment", ("negative",), 2),
            ("sentiment", ("positive",), 1),
            ("intent", ("delivery", "complaint", "negative"), 2),
            ("intent", ("use", "praise", "positive"), 1),
            ("aspect", ("delivery", "delivery", "negative"), 2),
            ("aspect", ("use", "product", "positive"), 1),
            ("message", ("negative", "anger", 1), 1),
            ("cluster", ("messages",), 1),
            ("cluster", ("mm",), 9),
            ("cluster", ("em",), 6),
            ("cluster", ("ee",), 4),
        ]
    }


def test_days_of_one_month_add_up(store: Store) -> None:
    save(store, *(clean_feedback(str(n), created_at=NOON - timedelta(days=n)) for n in range(3)))

    classify(store, prediction(BAD))

    month = {
        cell for cell in store.tallies() if cell.cube == "intent" and cell.period is Period.GREGORIAN_MONTH
    }
    assert month == {
        Cell("intent", Period.GREGORIAN_MONTH, date(2026, 11, 1),
             ("shop", "review", "", "v1", "delivery", "complaint", "negative"), 3)
    }  # fmt: skip


def test_spam_counts_as_a_message_but_its_mentions_do_not(store: Store) -> None:
    save(store, clean_feedback("1"))

    classify(store, prediction(BAD, flags=(Flag.SPAM,)))

    cells = store.tallies()
    assert of_day(cells, "message") == {("shop", "review", "", "v1", "negative", "anger", 8): 1}
    assert of_day(cells, "intent") == of_day(cells, "aspect") == {}


def test_a_message_without_mentions_counts_as_a_message(store: Store) -> None:
    save(store, clean_feedback("1", text="!!"))

    classify(store, prediction())

    assert {cell.cube for cell in store.tallies()} == {"message"}


def test_an_edited_message_is_counted_once(store: Store) -> None:
    save(store, clean_feedback("1"))
    classify(store, prediction(BAD))

    save(store, clean_feedback("1", text="حالا خوب شد"))
    classify(store, prediction(GOOD))

    assert of_day(store.tallies(), "intent") == {("shop", "review", "", "v1", "use", "praise", "positive"): 1}


def test_a_newer_model_takes_the_place_of_the_older(store: Store) -> None:
    save(store, clean_feedback("1"))
    classify(store, prediction(BAD))

    relabel(store, prediction(GOOD, model_version="v2"))

    assert of_day(store.tallies(), "intent") == {("shop", "review", "", "v2", "use", "praise", "positive"): 1}
    assert store.check_tallies() == frozenset()


def test_copies_of_one_text_count_once(store: Store) -> None:
    save(store, *(clean_feedback(str(n), group_key="g") for n in range(3)), clean_feedback("alone"))

    classify(store, prediction(BAD), limit=2)
    classify(store, prediction(BAD))

    assert counted(store) == ["0", "alone"]
    assert of_day(store.tallies(), "message") == {("shop", "review", "", "v1", "negative", "anger", 0): 2}


def test_in_whatever_order_copies_are_classified_the_one_that_was_stored_first_counts(store: Store) -> None:
    save(store, *(clean_feedback(name, group_key="g", brand=name) for name in "abc"))
    first, second, third = store.claim_pending("w", limit=3, lease_s=60, now=NOON)

    shown = []
    for pending in (second, third, first):
        store.save_predictions([(pending, prediction(BAD))], worker="w", touchpoint_stages={}, now=NOON)
        shown.append((counted(store), of_day(store.tallies(), "message")))

    assert [names for names, _ in shown] == [["b"], ["b"], ["a"]]
    assert shown[-1][1] == {("shop", "review", "a", "v1", "negative", "anger", 0): 1}
    assert store.check_tallies() == frozenset()


def test_when_the_counted_copy_leaves_the_next_one_counts(store: Store) -> None:
    save(store, *(clean_feedback(name, group_key="g", brand=name) for name in "abc"))
    classify(store, prediction(BAD))

    store.delete("shop", "a")
    after_deletion = counted(store)
    save(store, clean_feedback("b", group_key="g", text="ویرایش"))

    assert (after_deletion, counted(store)) == (["b"], ["c"])
    assert of_day(store.tallies(), "message") == {("shop", "review", "c", "v1", "negative", "anger", 0): 1}
    assert store.check_tallies() == frozenset()


def test_a_copy_that_becomes_another_text_counts_for_itself(store: Store) -> None:
    save(store, clean_feedback("1", group_key="g"), clean_feedback("2", group_key="g"))
    classify(store, prediction(BAD))

    save(store, clean_feedback("2", text="ویرایش", group_key="h"))
    classify(store, prediction(GOOD))

    assert counted(store) == ["1", "2"]


def test_damaged_tallies_are_told_and_rebuilt(store: Store) -> None:
    save(store, clean_feedback("1"))
    classify(store, prediction(BAD))
    right = store.tallies()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE intent_tallies SET n = 7 WHERE period = 'd'"))
        connection.execute(text("DELETE FROM message_tallies"))
        connection.execute(text("UPDATE aspect_totals SET n = 9 WHERE period = 'm'"))

    differing = store.check_tallies()
    store.rebuild_tallies()

    # The sums follow their cubes, whatever becomes of these.
    assert sorted((cell.cube, cell.period, cell.n) for cell in differing) == [
        ("aspect in all", "m", 1), ("aspect in all", "m", 9),
        *((f"intent{of}", "d", n) for of in ("", " in all", " of brands") for n in (1, 7)),
        *((f"message{of}", period, 1) for of in ("", " in all", " of brands") for period in ("d", "j", "m")),
    ]  # fmt: skip
    assert store.tallies() == right
    assert store.check_tallies() == frozenset()


def test_workers_that_classify_copies_at_once_count_one_of_each_group(store: Store) -> None:
    save(store, *(clean_feedback(str(n), group_key=str(n % 5), brand=str(n % 3)) for n in range(60)))

    def work(worker: str) -> None:
        while claimed := store.claim_pending(worker, limit=7, lease_s=600, now=NOON):
            results = [(pending, prediction(BAD, GOOD)) for pending in claimed]
            store.save_predictions(results, worker=worker, touchpoint_stages={}, now=NOON)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(of_day(store.tallies(), "message").values()) == 5
    assert len(counted(store)) == 5
    assert store.check_tallies() == frozenset()
    assert store.n_pending() == 0


@dataclass
class Message:
    """What the model of the store knows of a message."""

    number: int
    content: CleanFeedback
    said: Prediction | None = None
    counted: bool = False
    judged: dict[tuple[str, int], Verdict] = field(default_factory=dict)

    @property
    def mentions(self) -> list[Mention]:
        """What it says with the labels that people gave its clauses."""
        assert self.said is not None
        found = []
        for place, predicted in enumerate(self.said.mentions):
            verdict = self.judged.get((self.content.text, place), Verdict())
            given = {name: getattr(verdict, name) for name in LABELS if getattr(verdict, name) is not None}
            found.append(replace(predicted, **given))
        return found


LABELS = ("stage", "intent", "aspect", "sentiment")
CLAUSE = 13
contents = st.builds(
    clean_feedback,
    st.sampled_from("123456"),
    # Three clauses each, of which none has a word of the other text.
    text=st.sampled_from(
        ["بسته دیر رسید پول برنگشت و جعبه پاره شد", "غذا گرم بود؛ پیک آمد خندان قیمت خوبی شد", ""]
    ),
    group_key=st.sampled_from([None, "g", "h"]),
    brand=st.sampled_from([None, "نیک‌سبد"]),
    created_at=st.sampled_from([datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in STARTS]),
)
verdicts = st.builds(
    Verdict,
    stage=st.sampled_from([None, *Stage]),
    intent=st.sampled_from([None, *Intent]),
    aspect=st.sampled_from([None, *Aspect]),
    sentiment=st.sampled_from([None, *MENTION_SENTIMENTS]),
)
predictions = st.builds(
    lambda found, flags, version, sentiment: prediction(
        *(replace(one, start=CLAUSE * place, end=CLAUSE * (place + 1)) for place, one in enumerate(found)),
        flags=tuple(flags),
        model_version=version,
        sentiment=sentiment,
    ),
    st.lists(st.sampled_from([GOOD, BAD]), max_size=3),
    st.sets(st.sampled_from([Flag.SPAM, Flag.URGENT])),
    st.sampled_from(["v1", "v2"]),
    st.sampled_from(Sentiment),
)


class StoreMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order, the tallies are what plain counting gives."""

    store: Store

    @initialize()
    def empty(self) -> None:
        with self.store.engine.begin() as connection:
            for table in reversed(Row.metadata.sorted_tables):
                connection.execute(delete(table))
        self.store.rebuild_tallies()
        self.messages: dict[str, Message] = {}
        self.claims: list[tuple[Pending, Message, CleanFeedback]] = []
        self.staged: dict[int, tuple[CleanFeedback, Prediction]] = {}
        self.target: str | None = None
        self.n_stored = 0

    @rule(page=st.lists(contents, min_size=1, max_size=4))
    def save(self, page: list[CleanFeedback]) -> None:
        save(self.store, *page)
        vacated = []
        for content in {content.native_id: content for content in page}.values():
            known = self.messages.get(content.native_id)
            if known is None:
                self.n_stored += 1
                self.messages[content.native_id] = Message(self.n_stored, content)
            elif known.content != content:
                vacated.append(known.content.group_key)
                known.content, known.said, known.counted = content, None, False
        self.promote(vacated)

    @rule(limit=st.integers(1, 4))
    def claim(self, limit: int) -> None:
        claimed = self.store.claim_pending("w", limit=limit, lease_s=60, now=NOON)
        with self.store.engine.connect() as connection:
            names = dict(map(tuple, connection.execute(select(feedback.c.id, feedback.c.native_id))))
        for pending in claimed:
            message = self.messages[names[pending.id]]
            self.claims.append((pending, message, message.content))

    @rule(n=st.integers(1, 4), said=st.lists(predictions, min_size=4, max_size=4))
    def finish(self, n: int, said: list[Prediction]) -> None:
        done, self.claims = self.claims[:n], self.claims[n:]
        results = dict(zip((pending for pending, _, _ in done), said, strict=False))
        self.store.save_predictions([*results.items()], worker="w", touchpoint_stages={}, now=NOON)
        labelled = []
        for pending, message, content in done:
            if message in self.messages.values() and message.content == content:
                message.said = results[pending]
                message.counted = message.counted or content.group_key is None
                labelled.append(content.group_key)
        self.promote(labelled)

    @rule(which=st.integers(0, 99), verdict=verdicts)
    def judge(self, which: int, verdict: Verdict) -> None:
        labelled = self.labelled()
        if labelled:
            message, place, address = labelled[which % len(labelled)]
            now = message.mentions[place]
            correct(self.store.engine, address, verdict, seen=None, by="w", now=NOON)
            message.judged[message.content.text, place] = Verdict(
                **{name: getattr(verdict, name) or getattr(now, name) for name in LABELS}
            )

    @rule(which=st.integers(0, 99))
    def withdraw(self, which: int) -> None:
        labelled = self.labelled()
        if labelled:
            message, place, address = labelled[which % len(labelled)]
            withdraw(self.store.engine, address, seen=None)
            message.judged.pop((message.content.text, place), None)

    @rule(
        page=st.lists(contents, min_size=1, max_size=4),
        said=st.lists(predictions, min_size=4, max_size=4),
        which=st.integers(0, 99),
        verdict=verdicts,
    )
    def judge_what_is_then_edited_and_classified_again(
        self, page: list[CleanFeedback], said: list[Prediction], which: int, verdict: Verdict
    ) -> None:
        self.judge(which, verdict)
        self.save(page)
        self.claim(4)
        self.finish(4, said)

    def labelled(self) -> list[tuple[Message, int, Address]]:
        """Every mention that there is."""
        return [
            (message, place, Address(self.id_of(name), CLAUSE * place, CLAUSE * (place + 1)))
            for name, message in self.messages.items()
            if message.said is not None
            for place in range(len(message.said.mentions))
        ]

    def id_of(self, native_id: str) -> int:
        with self.store.engine.connect() as connection:
            return connection.scalar(select(feedback.c.id).where(feedback.c.native_id == native_id)) or 0

    @rule(native_id=st.sampled_from("123456"))
    def delete(self, native_id: str) -> None:
        was_there = self.store.delete("shop", native_id)
        gone = self.messages.pop(native_id, None)
        assert was_there is (gone is not None)
        self.promote([gone.content.group_key] if gone else [])

    @rule(version=st.sampled_from(["v1", "v2"]), n=st.integers(1, 3), said=predictions)
    def stage_some(self, version: str, n: int, said: Prediction) -> None:
        others = [one for one in self.messages.values() if one.said and one.said.model_version != version]
        n_messages = ask(self.store, version, now=NOON)
        if self.target != version:
            self.target, self.staged = (version if n_messages else None), {}
        if n_messages:
            self.stage(replace(said, model_version=version), limit=n)
        assert self.target is not None or not others

    @rule(said=predictions)
    def switch(self, said: Prediction) -> None:
        if self.target is None:
            assert switch(self.store) is Outcome.NOT_ASKED
            return
        for _ in range(3):
            self.stage(replace(said, model_version=self.target), limit=99)
            if switch(self.store) is Outcome.SWITCHED:
                break
        else:
            raise AssertionError("what was staged is never whole")
        for message in self.messages.values():
            if message.said and message.said.model_version != self.target:
                content, message.said = self.staged[message.number]
                assert content == message.content
        self.target, self.staged = None, {}

    def stage(self, said: Prediction, *, limit: int) -> None:
        claimed = claim_staged(self.store, "w", said.model_version, limit=limit, lease_s=60, now=NOON)
        results = [(pending, said) for pending in claimed]
        stage(self.store, results, worker="w", touchpoint_stages={}, now=NOON)
        with self.store.engine.connect() as connection:
            names = dict(map(tuple, connection.execute(select(feedback.c.id, feedback.c.native_id))))
        for pending in claimed:
            message = self.messages[names[pending.id]]
            self.staged[message.number] = message.content, said

    @rule()
    def rebuild(self) -> None:
        self.store.rebuild_tallies()

    def promote(self, groups: list[str | None]) -> None:
        for group in filter(None, groups):
            copies = [message for message in self.messages.values() if message.content.group_key == group]
            labelled = [message for message in copies if message.said is not None]
            for message in copies:
                message.counted = message is min(labelled, key=lambda one: one.number, default=None)

    @invariant()
    def the_tallies_are_what_plain_counting_gives(self) -> None:
        expected = Counter(
            cell for message in self.messages.values() if message.counted for cell in cells_of(message)
        )

        assert self.store.tallies() == {replace(cell, n=n) for cell, n in expected.items()}
        assert self.store.check_tallies() == frozenset()

    @invariant()
    def one_copy_of_each_labelled_group_is_counted(self) -> None:
        expected = {native_id for native_id, message in self.messages.items() if message.counted}

        assert set(counted(self.store)) == expected


def cells_of(message: Message) -> Iterator[Cell]:
    content, said = message.content, message.said
    assert content.created_at is not None
    assert said is not None
    day = content.created_at.date()
    common = ("shop", "review", content.brand or "", said.model_version)
    for period, start in zip("dmj", (day, *STARTS[day]), strict=True):
        bits = (1 if Flag.URGENT in said.flags else 0) + (8 if Flag.SPAM in said.flags else 0)
        yield Cell("message", Period(period), start, (*common, said.sentiment.value, "anger", bits), 0)
        for found in () if Flag.SPAM in said.flags else message.mentions:
            stage, sentiment = found.stage.value, found.sentiment.value
            yield Cell("sentiment", Period(period), start, (*common, sentiment), 0)
            yield Cell("intent", Period(period), start, (*common, stage, found.intent.value, sentiment), 0)
            yield Cell("aspect", Period(period), start, (*common, stage, found.aspect.value, sentiment), 0)
        if said.mentions and Flag.SPAM not in said.flags:
            m = len(said.mentions)
            e = sum(
                {"positive": 2, "neutral": 1, "negative": 0}[found.sentiment.value]
                for found in message.mentions
            )
            for moment, times in (("messages", 1), ("mm", m * m), ("em", e * m), ("ee", e * e)):
                for _ in range(times):
                    yield Cell("cluster", Period(period), start, (*common, moment), 0)


def test_whatever_happens_the_tallies_equal_a_recount(store: Store, request: pytest.FixtureRequest) -> None:
    short = store.engine.dialect.name == "postgresql"

    class Machine(StoreMachine):
        pass

    Machine.store = store
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=8 if short else 20,
            stateful_step_count=15 if short else 25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
