"""In how many messages a term stands and how many customers said it, against counts by hand."""

from __future__ import annotations

from threading import Event

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from pipeline.keeping_columns import keep_columns, kept
from pipeline.reading_ahead import find_places, read_ahead
from pipeline.reading_terms import Group, TermCounts, added, count_terms, without
from pipeline.store import Store
from pipeline.terms import TermMemory
from tests.content_feedback import message, tell

WORDS = ("پیک", "غذا", "سرد", "برنامه")
Said = list[tuple[list[str], int]]
saids = st.lists(
    st.tuples(st.lists(st.sampled_from(WORDS), max_size=6), st.integers(0, 3)), min_size=1, max_size=12
)


def group_of(memory: TermMemory, said: Said, *, clauses: bool = False) -> Group:
    texts = {" ".join(words): " ".join(words) for words, _ in said}
    memory.read(texts)
    places = memory.places([" ".join(words) for words, _ in said])
    whole = np.zeros(len(said), dtype=np.int64), np.full(len(said), 1_000)
    return Group(
        n=len(said),
        n_read=len(said),
        places=places,
        message=np.arange(len(said)),
        voice=np.unique([who for _, who in said], return_inverse=True)[1],
        start=whole[0] if clauses else None,
        end=whole[1] if clauses else None,
    )


def by_hand(said: Said, term: str) -> tuple[int, int]:
    padded = [(f" {' '.join(words)} ", who) for words, who in said]
    voices = [who for text, who in padded if f" {term} " in text]
    return len(voices), len(set(voices))


def named(memory: TermMemory, counts: TermCounts) -> dict[str, tuple[int, int]]:
    columns = zip(counts.terms.tolist(), counts.n_messages.tolist(), counts.n_voices.tolist(), strict=True)
    return {memory.spelled(term): (n, n_voices) for term, n, n_voices in columns}


@settings(deadline=None)  # the first call reads the stop words
@given(first=saids, second=saids)
def test_messages_and_customers_of_each_term_are_counted_once(first: Said, second: Said) -> None:
    memory = TermMemory()

    found = count_terms(memory, [group_of(memory, first), group_of(memory, second)])

    for said, counts in zip((first, second), found, strict=True):
        for term, numbers in named(memory, counts).items():
            assert numbers == by_hand(said, term), term


@settings(deadline=None)
@given(said=saids)
def test_clauses_that_are_whole_messages_count_like_messages(said: Said) -> None:
    memory = TermMemory()

    messages, clauses = (
        count_terms(memory, [group_of(memory, said, clauses=one)])[0] for one in (False, True)
    )

    assert named(memory, messages) == named(memory, clauses)


def test_a_whole_without_a_part_is_the_other_part() -> None:
    memory = TermMemory()
    groups = [group_of(memory, [(["پیک"], 0), (["غذا", "سرد"], 1)]), group_of(memory, [(["پیک"], 0)])]

    first, second = count_terms(memory, groups)
    rest = without(added([first, second]), second)

    assert named(memory, rest) == {"پیک": (1, 1), "غذا": (1, 1), "سرد": (1, 1), "غذا سرد": (1, 1)}
    assert rest.n_read == 2


def test_places_are_found_ahead_for_each_message_of_the_columns(store: Store) -> None:
    tell(store, [message("پیک دیر رسید"), message("غذا سرد بود")])
    quick, memory = create_engine(store.engine.url), TermMemory()
    read_ahead(quick, memory, Event())
    keep_columns(quick)

    find_places(quick, memory, Event())

    fingerprints = kept[quick].fingerprint
    places = memory.places_among(fingerprints, np.array([0, 1]))
    quick.dispose()
    assert places.tolist() == memory.places(fingerprints.astype(str).tolist()).tolist()
    assert (places[:, 0] >= 0).all()


def test_what_was_unknown_is_looked_up_again() -> None:
    memory = TermMemory()
    fingerprints = np.array([b"a", b"b"])
    before = memory.places_among(fingerprints, np.array([0, 1]))

    memory.read({"b": "پیک پیک غذا"})

    after = memory.places_among(fingerprints, np.array([1, 0]))
    assert before.tolist() == [[-1, 0, 0], [-1, 0, 0]]
    assert after.tolist() == [[0, 5, 4], [-1, 0, 0]]
