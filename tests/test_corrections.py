from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from models.behaviour import load_cases
from models.corpora import DEFAULT_DATA, Corpora, LabelledMention, LabelledMessage
from models.further import further_authored
from models.labels import Aspect, Emotion, Intent, Mention, Sentiment, Stage
from models.normalize import letters_key
from pipeline.commands.corrections import app
from pipeline.correction_answers import Wanted, find_corrections, measure_precision
from pipeline.correction_export import Exported, HeldOut, export_corrections, load_held_out
from pipeline.corrections import (
    Address,
    JudgedMention,
    Labels,
    MentionChanged,
    NoSuchMention,
    Verdict,
    correct,
    corrections,
    find_mention,
    withdraw,
)
from pipeline.errors import SettingsError
from pipeline.reattaching import follow
from pipeline.records import CleanFeedback, Period
from pipeline.staging import ask, claim_staged, stage
from pipeline.store import Store, open_store
from pipeline.switching import switch
from tests.api_feedback import TEHRAN
from tests.builders import NOON, clean_feedback, mention, prediction
from tests.relabelled import relabel

LATE = "بسته دیر رسید"
KIND = "پیک خوش اخلاق بود"
TEXT = f"{LATE} ولی {KIND}"
FIRST = Address(1, 0, 13)
SECOND = Address(1, 18, 35)
PREDICTED = Labels(
    stage=Stage.DELIVERY, intent=Intent.COMPLAINT, aspect=Aspect.DELIVERY, sentiment=Sentiment.NEGATIVE
)
PACKAGING = Verdict(aspect=Aspect.PACKAGING)


def cut(text: str, *clauses: str) -> tuple[Mention, ...]:
    """Return a mention of each clause where it stands in the text."""
    return tuple(mention(text=clause, start=text.index(clause)) for clause in clauses)


def save(store: Store, text: str, **values: object) -> None:
    item: CleanFeedback = clean_feedback("1", text=text, **values)
    store.save_page("shop", "table_file", [item], [], None, now=NOON)


def classify(
    store: Store, mentions: Sequence[Mention], *, version: str = "v1", stages: str | None = None
) -> None:
    claimed = store.claim_pending("w", limit=10, lease_s=60, now=NOON)
    said = replace(prediction(*mentions), model_version=version)
    fixed = {"form": stages} if stages else {}
    n = store.save_predictions(
        [(pending, said) for pending in claimed], worker="w", touchpoint_stages=fixed, now=NOON
    )
    assert n == 1


def stored(store: Store, text: str = TEXT, *clauses: str) -> None:
    save(store, text)
    classify(store, cut(text, *(clauses or (LATE, KIND))))


def judge(
    store: Store, address: Address = FIRST, verdict: Verdict = PACKAGING, *, by: str = "sara"
) -> JudgedMention:
    return correct(store.engine, address, verdict, seen=None, by=by, now=NOON)


def kept(store: Store) -> list[tuple[int, int, str, str, bool]]:
    """Return place, aspect, predicted aspect and whether it is orphaned, of each correction."""
    columns = corrections.c
    with store.engine.connect() as connection:
        rows = connection.execute(
            select(
                columns.start, columns.end, columns.aspect, columns.predicted_aspect, columns.orphaned
            ).order_by(columns.id)
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


def counted_aspects(store: Store) -> dict[str, int]:
    return {
        str(cell.key[5]): cell.n
        for cell in store.tallies()
        if cell.cube == "aspect" and cell.period is Period.DAY
    }


def test_a_corrected_label_counts_at_once_and_the_prediction_is_kept(store: Store) -> None:
    stored(store)

    judged = judge(store)

    assert judged.labels == replace(PREDICTED, aspect=Aspect.PACKAGING)
    assert judged.correction is not None
    assert judged.correction.predicted == PREDICTED
    assert (judged.correction.corrected_by, judged.correction.corrected_at) == ("sara", NOON)
    assert counted_aspects(store) == {"packaging": 1, "delivery": 1}
    assert store.check_tallies() == frozenset()


def test_a_mention_can_be_found_right(store: Store) -> None:
    stored(store)

    judged = judge(store, verdict=Verdict(aspect=Aspect.DELIVERY))

    assert judged.labels == PREDICTED
    assert judged.correction is not None
    assert kept(store) == [(0, 13, "delivery", "delivery", False)]


def test_who_corrects_again_changes_the_one_correction_and_not_the_prediction(store: Store) -> None:
    stored(store)
    judge(store)

    judged = judge(store, verdict=Verdict(aspect=Aspect.STAFF, stage=Stage.SUPPORT), by="reza")

    assert kept(store) == [(0, 13, "staff", "delivery", False)]
    assert judged.correction is not None
    assert (judged.correction.predicted, judged.correction.version) == (PREDICTED, 2)
    assert judged.correction.corrected_by == "reza"


def test_a_correction_that_is_taken_back_leaves_no_trace(store: Store) -> None:
    stored(store)
    before = find_mention(store.engine, FIRST)
    tallies = store.tallies()
    judge(store)

    withdrawn = withdraw(store.engine, FIRST, seen=None)

    assert withdrawn == before
    assert (kept(store), store.tallies()) == ([], tallies)


def test_the_entity_tag_moves_with_every_change_and_guards_against_overwriting(store: Store) -> None:
    stored(store)
    seen = find_mention(store.engine, FIRST).etag
    judged = correct(store.engine, FIRST, PACKAGING, seen={seen}, by="sara", now=NOON)

    with pytest.raises(MentionChanged, match="read it again"):
        correct(store.engine, FIRST, Verdict(aspect=Aspect.STAFF), seen={seen}, by="reza", now=NOON)
    with pytest.raises(MentionChanged):
        withdraw(store.engine, FIRST, seen={seen})

    assert judged.etag != seen
    assert find_mention(store.engine, FIRST) == judged


@pytest.mark.parametrize("address", [Address(1, 0, 12), Address(2, 0, 13)])
def test_what_is_no_mention_cannot_be_corrected(store: Store, address: Address) -> None:
    stored(store)

    with pytest.raises(NoSuchMention, match="mention_id"):
        judge(store, address)


@pytest.mark.parametrize(("brands", "found"), [(["نیک‌سبد"], True), ([""], False), ([], False)])
def test_a_mention_of_another_brand_is_none(store: Store, brands: list[str], found: bool) -> None:
    save(store, TEXT, brand="نیک‌سبد")
    classify(store, cut(TEXT, LATE))

    if found:
        assert find_mention(store.engine, FIRST, brands=brands).text == LATE
    else:
        with pytest.raises(NoSuchMention):
            correct(store.engine, FIRST, PACKAGING, seen=None, by="sara", now=NOON, brands=brands)
        assert kept(store) == []


def test_the_stage_that_a_touchpoint_fixed_can_be_corrected_too(store: Store) -> None:
    save(store, TEXT, touchpoint="form")
    classify(store, cut(TEXT, LATE), stages="support")

    judged = judge(store, verdict=Verdict(stage=Stage.USE))

    assert judged.labels.stage == Stage.USE
    assert judged.correction is not None
    assert judged.correction.predicted.stage == Stage.SUPPORT
    assert withdraw(store.engine, FIRST, seen=None).labels.stage == Stage.SUPPORT


def test_under_a_new_model_the_correction_holds_and_the_new_prediction_is_noted(store: Store) -> None:
    stored(store)
    judge(store)

    relabel(store, prediction(mention(text=LATE, aspect=Aspect.APP), *cut(TEXT, KIND), model_version="v2"))

    judged = find_mention(store.engine, FIRST)
    assert judged.labels.aspect == Aspect.PACKAGING
    assert judged.correction is not None
    assert judged.correction.predicted.aspect == Aspect.APP
    assert judged.model_version == "v2"
    assert counted_aspects(store) == {"packaging": 1, "delivery": 1}
    assert store.check_tallies() == frozenset()


def test_between_claim_and_result_a_correction_is_not_lost(store: Store) -> None:
    stored(store)
    ask(store, "v2", now=NOON)
    (claimed,) = claim_staged(store, "w", "v2", limit=1, lease_s=60, now=NOON)
    judge(store)

    said = prediction(*cut(TEXT, LATE), model_version="v2")
    stage(store, [(claimed, said)], worker="w", touchpoint_stages={}, now=NOON)
    switch(store)

    assert find_mention(store.engine, FIRST).labels.aspect == Aspect.PACKAGING


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ((LATE, KIND), (0, 13, "packaging", "delivery", False)),
        ((TEXT,), (0, 35, "packaging", "delivery", False)),
        (("دیر رسید",), (5, 13, "packaging", "delivery", False)),
        (("رسید ولی پیک خوش اخلاق بود",), (0, 13, "packaging", "delivery", True)),
        ((), (0, 13, "packaging", "delivery", True)),
    ],
)
def test_of_a_model_that_cuts_differently_the_clause_with_most_overlap_is_taken(
    store: Store, clauses: tuple[str, ...], expected: tuple[object, ...]
) -> None:
    stored(store)
    judge(store)

    relabel(store, prediction(*cut(TEXT, *clauses), model_version="v2"))

    assert kept(store) == [expected]
    assert store.check_tallies() == frozenset()


def test_of_two_corrections_that_become_one_clause_the_better_fit_stays(store: Store) -> None:
    stored(store)
    judge(store)
    judge(store, SECOND, Verdict(aspect=Aspect.STAFF))

    relabel(store, prediction(*cut(TEXT, TEXT), model_version="v2"))

    assert kept(store) == [(0, 13, "packaging", "delivery", True), (0, 35, "staff", "delivery", False)]


def test_an_orphan_returns_when_its_clause_does(store: Store) -> None:
    stored(store)
    judge(store)
    save(store, KIND)
    classify(store, cut(KIND, KIND))
    orphaned = kept(store)

    save(store, TEXT)
    classify(store, cut(TEXT, LATE, KIND))

    assert orphaned == [(0, 0, "packaging", "delivery", True)]
    assert kept(store) == [(0, 13, "packaging", "delivery", False)]
    assert find_mention(store.engine, FIRST).labels.aspect == Aspect.PACKAGING


@pytest.mark.parametrize(
    ("edited", "clause"),
    [
        (f"سلام وقت بخیر، {TEXT}", LATE),
        (f"{KIND} ولی {LATE}", LATE),
        (f"ببخشید بسته خیلی دیر رسید، {KIND}", "بسته خیلی دیر رسید"),
    ],
)
def test_after_an_edit_the_correction_follows_its_words(store: Store, edited: str, clause: str) -> None:
    stored(store)
    judge(store)

    save(store, edited)
    while_pending = kept(store)
    classify(store, cut(edited, clause, KIND))

    start = edited.index(clause)
    assert [row[-1] for row in while_pending] == [False]
    assert kept(store) == [(start, start + len(clause), "packaging", "delivery", False)]
    assert store.check_tallies() == frozenset()


def test_of_two_who_correct_what_both_saw_one_is_refused(store: Store) -> None:
    stored(store)
    seen = {find_mention(store.engine, FIRST).etag}

    def work(by: str) -> str:
        try:
            correct(store.engine, FIRST, PACKAGING, seen=seen, by=by, now=NOON)
        except MentionChanged:
            return "refused"
        return "corrected"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(work, ["sara", "reza", "nima", "mina"]))

    assert sorted(said) == ["corrected", "refused", "refused", "refused"]
    assert len(kept(store)) == 1
    assert store.check_tallies() == frozenset()


def test_an_edit_that_takes_the_words_away_orphans_at_once(store: Store) -> None:
    stored(store)
    judge(store)

    save(store, "")

    assert kept(store) == [(0, 0, "packaging", "delivery", True)]


def test_while_an_edited_message_waits_its_mentions_cannot_be_judged(store: Store) -> None:
    stored(store)
    judge(store)

    save(store, f"{TEXT} ممنون")

    with pytest.raises(NoSuchMention):
        judge(store)


def test_a_change_of_other_fields_than_the_text_keeps_the_correction(store: Store) -> None:
    stored(store)
    judge(store)

    save(store, TEXT, brand="نیک‌سبد")
    classify(store, cut(TEXT, LATE, KIND))

    assert find_mention(store.engine, FIRST).labels.aspect == Aspect.PACKAGING


def test_with_a_deleted_message_its_corrections_go(store: Store) -> None:
    stored(store)
    judge(store)

    store.delete("shop", "1")

    assert kept(store) == []


def test_a_correction_of_a_copy_counts_when_the_copy_does(store: Store) -> None:
    items = [clean_feedback(name, text=TEXT, group_key="g") for name in "12"]
    store.save_page("shop", "table_file", items, [], None, now=NOON)
    claimed = store.claim_pending("w", limit=2, lease_s=60, now=NOON)
    said = prediction(*cut(TEXT, LATE))
    store.save_predictions([(one, said) for one in claimed], worker="w", touchpoint_stages={}, now=NOON)

    judge(store, Address(2, 0, 13))
    before = counted_aspects(store)
    store.delete("shop", "1")

    assert (before, counted_aspects(store)) == ({"delivery": 1}, {"packaging": 1})


@pytest.mark.parametrize(
    ("place", "new", "expected"),
    [
        ((0, 13), TEXT, LATE),
        ((0, 13), "بسته بسته دیر رسید", LATE),
        ((18, 35), "پیک خوش اخلاق نبود", "پیک خوش اخلاق"),
        ((18, 35), "خوش", ""),
        ((18, 35), f"پیک اخلاق خوبی داشت {LATE}", ""),
        ((18, 35), "", ""),
    ],
)
def test_a_stretch_is_found_where_at_least_half_of_it_is_left(
    place: tuple[int, int], new: str, expected: str
) -> None:
    start, end = follow(place, TEXT, new)

    assert new[start:end] == expected


def test_two_long_texts_of_one_word_are_not_aligned_for_ever() -> None:
    assert follow((0, 7), "خوب " * 5000, "بد " + "خوب " * 6000) == (3, 10)


def test_a_later_judgement_has_a_later_time(store: Store) -> None:
    stored(store)
    judge(store)

    later = correct(store.engine, FIRST, PACKAGING, seen=None, by="reza", now=NOON + timedelta(hours=1))

    assert later.correction is not None
    assert later.correction.corrected_at == NOON + timedelta(hours=1)


def test_corrections_and_confirmations_are_found_and_measured(store: Store) -> None:
    stored(store)
    judge(store)
    judge(store, SECOND, Verdict(aspect=Aspect.DELIVERY), by="reza")

    latest = find_corrections(store.engine, Wanted(), zone=TEHRAN, limit=1)
    rest = find_corrections(store.engine, Wanted(), zone=TEHRAN, after=latest.next)
    changed = find_corrections(store.engine, Wanted(confirmed=False), zone=TEHRAN)
    confirmed = find_corrections(store.engine, Wanted(confirmed=True, by=("reza",)), zone=TEHRAN)
    measured = measure_precision(store.engine, Wanted(), zone=TEHRAN)

    assert [
        (page.n, [one.mention_id for one in page.items]) for page in (latest, rest, changed, confirmed)
    ] == [
        (2, ["18-35"]),
        (None, ["0-13"]),
        (1, ["0-13"]),
        (1, ["18-35"]),
    ]
    assert [one.changed for one in rest.items] == [("aspect",)]
    assert [(line.head, line.label, line.n, line.n_right) for line in measured.lines] == [
        ("stage", None, 2, 2),
        ("stage", "delivery", 2, 2),
        ("intent", None, 2, 2),
        ("intent", "complaint", 2, 2),
        ("aspect", None, 2, 1),
        ("aspect", "delivery", 2, 1),
        ("sentiment", None, 2, 2),
        ("sentiment", "negative", 2, 2),
    ]


def exported(store: Store, tmp_path: Path, *held_out: str) -> list[LabelledMessage]:
    """Return what training reads of an export, and check how many were told to be left out."""
    file = tmp_path / "corrections.jsonl"
    keys = HeldOut({letters_key(text) for text in held_out})
    told = export_corrections(store.engine, file, held_out=keys)
    messages = further_authored(Corpora(tmp_path), file)
    assert told.n_messages == len(messages)
    assert told.n_held_out == len(held_out)
    return messages


def test_judged_clauses_come_out_as_training_reads_them(store: Store, tmp_path: Path) -> None:
    stored(store)
    judge(store)

    (message,) = exported(store, tmp_path)

    assert message == LabelledMessage(
        text=TEXT,
        source="authored",
        sentiment=Sentiment.NEGATIVE,
        emotion=Emotion.ANGER,
        flags=frozenset(),
        mentions=(
            LabelledMention(0, 13, Stage.DELIVERY, Intent.COMPLAINT, Aspect.PACKAGING, Sentiment.NEGATIVE),
        ),
    )


def test_where_a_clause_feels_otherwise_the_message_follows_its_clauses(store: Store, tmp_path: Path) -> None:
    stored(store)
    judge(store, SECOND, Verdict(sentiment=Sentiment.POSITIVE, intent=Intent.PRAISE))

    (message,) = exported(store, tmp_path)

    assert message.sentiment == Sentiment.MIXED


@pytest.mark.parametrize(
    "held_out",
    [
        pytest.param(TEXT, id="as it is"),
        pytest.param("بسته دير رسيد، ولي پیک خوش‌اخلاق بود!!", id="spelled otherwise"),
    ],
)
def test_a_text_that_the_model_is_measured_on_is_not_exported(
    store: Store, tmp_path: Path, held_out: str
) -> None:
    stored(store)
    judge(store)

    assert exported(store, tmp_path, held_out) == []


@pytest.mark.parametrize(("times", "kept"), [(1, True), (4, False)])
def test_a_long_held_out_text_is_not_exported_within_another(
    store: Store, tmp_path: Path, times: int, kept: bool
) -> None:
    quoted = " و ".join([LATE] * times)
    stored(store, f"دوستم نوشت: {quoted}. من هم", LATE)
    judge(store, Address(1, 12, 25))
    file = tmp_path / "corrections.jsonl"

    told = export_corrections(store.engine, file, held_out=HeldOut({letters_key(quoted)}))

    assert (told.n_messages, told.n_held_out) == ((1, 0) if kept else (0, 1))


def test_a_masked_number_hides_no_held_out_text() -> None:
    held_out = HeldOut({letters_key("لطفا با 09121234567 تماس بگیرید")})

    assert held_out.holds("لطفا با <phone> تماس بگیرید")


def test_behaviour_cases_are_held_out_even_unchecked() -> None:
    case = load_cases()[0].texts[0]

    assert load_held_out(None).holds(case)


def test_a_folder_without_dev_and_test_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--without-check"):
        load_held_out(tmp_path)


def test_what_has_no_clause_is_not_exported(store: Store, tmp_path: Path) -> None:
    stored(store)
    judge(store)
    save(store, "")

    told = export_corrections(store.engine, tmp_path / "corrections.jsonl", held_out=HeldOut(set()))

    assert told == Exported(n_messages=0, n_held_out=0, n_without_clause=1)


def test_an_export_to_where_nothing_can_be_written_says_so(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="choose a place"):
        export_corrections(store.engine, tmp_path / "no" / "file", held_out=HeldOut(set()))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose store holds a corrected mention, and which holds no dev or test set."""
    monkeypatch.setenv("BAZKHORD_DATABASE_URL", f"sqlite:///{tmp_path}/bazkhord.db")
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as opened:
        stored(opened)
        judge(opened)
    return tmp_path


def test_the_commands_list_and_export(shop: Path) -> None:
    file = shop / "corrections.jsonl"
    data = ["--data", str(shop)]

    listed = CliRunner().invoke(app, ["list"])
    refused = CliRunner().invoke(app, ["export", str(file), *data])
    written = CliRunner().invoke(app, ["export", str(file), *data, "--without-check"])

    assert " ".join(listed.stdout.split()) == "2026-11-21 15:30 sara 1/0-13 aspect: delivery > packaging"
    assert isinstance(refused.exception, SettingsError)
    assert written.stdout.splitlines()[0].endswith(": 1")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.shared
@pytest.mark.skipif(not DEFAULT_DATA.exists(), reason="needs the data beside the repository")
def test_no_text_of_a_real_dev_or_test_set_comes_out() -> None:
    held_out = load_held_out(DEFAULT_DATA)
    corpora = Corpora(DEFAULT_DATA)

    texts = [message.text for split in ("dev", "test") for message in corpora.authored(split)]

    assert len(texts) == 375
    assert all(held_out.holds(text) for text in texts)
