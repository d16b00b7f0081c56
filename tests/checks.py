"""The battery that every connector passes: what a newcomer's connector has to do, one check each.

A connector joins by a line in ``CONNECTORS`` and a ``Case`` in ``tests/fixtures/cases.py``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.errors import SettingsError, SourceChanged, StopSource
from pipeline.records import Feedback, Page

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "رازی که هیچ‌جا نباید دیده شود"
N_SAMPLES = 25
PAGE = {"page_size_rows": 10}


@dataclass(frozen=True)
class Sample:
    """One customer's message, as a case writes it in the way of its source.

    Args:
        when: Epoch seconds, or whatever else a source might hold in its place.
    """

    number: int
    text: str
    when: object = 1_700_000_000


@dataclass(frozen=True)
class Case:
    """A kind of file that a connector reads.

    Args:
        name: In the ids of the tests.
        kind: Key of ``CONNECTORS``.
        write: Writes samples into a file.
        spoil: Damages the third of the samples in a written file so that it cannot be understood.
        spoiled_position: Where the dead letter of the damaged row says that it is.
        native_id: What a sample is called in this source.
        identify: The same for sources that call a message by its contents; else the number is enough.
        wrong_mapping: Arguments that ask for something the file has not.
        complaint: What the error then says.
        odd_texts: Texts as the source holds them, and what is read of them.
        max_text_chars: Longest text that the format itself can hold.
        cut_off_stops: A cut-off file cannot be read at all.
        cut_at: Share of the file that a cut leaves; inside a row.
    """

    name: str
    kind: str
    file_name: str
    arguments: Mapping[str, object]
    write: Callable[[Path, Sequence[Sample]], None]
    spoil: Callable[[Path], None]
    spoiled_position: str
    native_id: Callable[[int], str]
    wrong_mapping: Mapping[str, object]
    complaint: tuple[str, ...]
    odd_texts: Mapping[str, str] = field(default_factory=dict)
    max_text_chars: int = 1_000_000
    cut_off_stops: bool = False
    cut_at: float = 0.6
    identify: Callable[[Sample], str] | None = None

    def id_of(self, sample: Sample) -> str:
        """Return what any sample is called in this source."""
        return self.identify(sample) if self.identify else self.native_id(sample.number)

    def build(self, folder: Path, **arguments: object) -> Connector:
        """Return the connector of this case's file in a folder."""
        given = {"path": self.file_name, **self.arguments, **arguments}
        return build_connector("shop", self.kind, given, now=lambda: NOW, root=folder)

    def prepare(self, folder: Path, samples: Sequence[Sample], **arguments: object) -> Connector:
        """Return the connector of a file with these samples."""
        self.write(folder / self.file_name, samples)
        return self.build(folder, **arguments)


def samples(n: int = N_SAMPLES) -> list[Sample]:
    """Return messages that differ, a minute apart."""
    return [Sample(number, f"پیام شمارهٔ {number}", 1_700_000_000 + 60 * number) for number in range(1, n + 1)]


def items_of(pages: Sequence[Page]) -> list[Feedback]:
    """Return the items of all pages."""
    return [item for page in pages for item in page.items]


def errors_of(pages: Sequence[Page]) -> list[tuple[str, str | None]]:
    """Return position and native id of all dead letters."""
    return [(letter.position, letter.native_id) for page in pages for letter in page.dead_letters]


def check_every_message_is_read_whole(case: Case, folder: Path) -> None:
    # some sources know no seconds
    given = [Sample(number, f"پیام شمارهٔ {number}", 1_699_999_980 + 60 * number) for number in (1, 2, 3)]

    pages = list(case.prepare(folder, given).fetch(None))

    read = [(item.source, item.native_id, item.text, item.created_at) for item in items_of(pages)]
    assert read == [
        ("shop", case.id_of(given[0]), "پیام شمارهٔ 1", datetime(2023, 11, 14, 22, 14, tzinfo=UTC)),
        ("shop", case.id_of(given[1]), "پیام شمارهٔ 2", datetime(2023, 11, 14, 22, 15, tzinfo=UTC)),
        ("shop", case.id_of(given[2]), "پیام شمارهٔ 3", datetime(2023, 11, 14, 22, 16, tzinfo=UTC)),
    ]
    assert errors_of(pages) == []


def check_items_are_frozen_and_times_are_utc(case: Case, folder: Path) -> None:
    (item,) = items_of(list(case.prepare(folder, samples(1)).fetch(None)))

    with pytest.raises(FrozenInstanceError):
        item.text = "x"  # type: ignore[misc]
    assert item.created_at is not None
    assert item.created_at.tzinfo is UTC


def check_native_ids_are_unique(case: Case, folder: Path) -> None:
    pages = list(case.prepare(folder, samples(), **PAGE).fetch(None))

    assert [item.native_id for item in items_of(pages)] == [
        case.native_id(n) for n in range(1, N_SAMPLES + 1)
    ]
    assert len({item.native_id for item in items_of(pages)}) == N_SAMPLES


def check_reading_goes_on_from_every_bookmark(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(), **PAGE)
    pages = list(connector.fetch(None))

    rests = {
        n: items_of(list(connector.fetch(page.bookmark))) for n, page in enumerate(pages, 1) if page.bookmark
    }

    assert len(pages) >= 3
    assert rests == {n: items_of(pages[n:]) for n in rests}
    assert len(rests) == len(pages)


def check_reading_twice_gives_the_same(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(), **PAGE)

    assert list(connector.fetch(None)) == list(connector.fetch(None))


def check_what_was_read_to_its_end_is_not_read_again(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples())
    bookmark = list(connector.fetch(None))[-1].bookmark

    assert items_of(list(connector.fetch(bookmark))) == []
    assert bookmark is not None


def check_a_changed_source_is_read_again(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(2))
    bookmark = list(connector.fetch(None))[-1].bookmark

    case.write(folder / case.file_name, samples(3))

    numbers = [item.native_id for item in items_of(list(connector.fetch(bookmark)))]
    assert numbers == [case.native_id(1), case.native_id(2), case.native_id(3)]


def check_changed_arguments_read_a_source_again(case: Case, folder: Path) -> None:
    bookmark = list(case.prepare(folder, samples(2)).fetch(None))[-1].bookmark

    items = items_of(list(case.build(folder, constants={"brand": "other"}).fetch(bookmark)))

    assert [item.brand for item in items] == ["other", "other"]


def check_a_bookmark_of_another_source_reads_all(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(2))

    assert len(items_of(list(connector.fetch('{"offset": 17}')))) == 2
    assert len(items_of(list(connector.fetch("17")))) == 2


def check_an_empty_source_gives_nothing(case: Case, folder: Path) -> None:
    pages = list(case.prepare(folder, []).fetch(None))

    assert items_of(pages) == []
    assert errors_of(pages) == []


def check_a_malformed_row_costs_no_other(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(5))
    case.spoil(folder / case.file_name)

    pages = list(connector.fetch(None))

    assert [item.native_id for item in items_of(pages)] == [case.native_id(n) for n in (1, 2, 4, 5)]
    assert [position for position, _ in errors_of(pages)] == [case.spoiled_position]


def check_a_date_of_no_known_shape_is_a_dead_letter(case: Case, folder: Path) -> None:
    undated, dated = Sample(1, "خوب", "چند روز پیش"), Sample(2, "بد")

    pages = list(case.prepare(folder, [undated, dated]).fetch(None))

    assert [item.native_id for item in items_of(pages)] == [case.id_of(dated)]
    assert [native_id for _, native_id in errors_of(pages)] == [case.id_of(undated)]
    assert "known formats" in pages[0].dead_letters[0].error


def check_a_date_in_the_future_is_a_dead_letter(case: Case, folder: Path) -> None:
    soon, late = (int((NOW + timedelta(minutes=minutes)).timestamp()) for minutes in (4, 6))
    near, far = Sample(1, "خوب", soon), Sample(2, "بد", late)

    pages = list(case.prepare(folder, [near, far]).fetch(None))

    assert [item.native_id for item in items_of(pages)] == [case.id_of(near)]
    assert [native_id for _, native_id in errors_of(pages)] == [case.id_of(far)]
    assert "future" in pages[0].dead_letters[0].error


def check_a_message_without_words_is_kept(case: Case, folder: Path) -> None:
    pages = list(case.prepare(folder, [Sample(1, ""), Sample(2, "خوب")]).fetch(None))

    assert [item.text for item in items_of(pages)] == ["", "خوب"]


def check_a_very_long_text_is_read_whole(case: Case, folder: Path) -> None:
    text = ("خیلی دیر رسید " * 100_000)[: case.max_text_chars - 1] + "."

    pages = list(case.prepare(folder, [Sample(1, text), Sample(2, "خوب")]).fetch(None))

    assert [item.text for item in items_of(pages)] == [text, "خوب"]


def check_odd_characters_cost_nothing(case: Case, folder: Path) -> None:
    given = [Sample(number, text) for number, text in enumerate(case.odd_texts, 1)]

    pages = list(case.prepare(folder, given).fetch(None))

    assert [item.text for item in items_of(pages)] == list(case.odd_texts.values())
    assert errors_of(pages) == []


def check_a_cut_off_source_gives_what_came_before(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(), **PAGE)
    whole = items_of(list(connector.fetch(None)))
    file = folder / case.file_name
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * case.cut_at)])

    if case.cut_off_stops:
        with pytest.raises(StopSource, match="export it again"):
            list(connector.fetch(None))
        return
    pages = list(connector.fetch(None))

    assert 5 <= len(items_of(pages)) < N_SAMPLES
    assert items_of(pages) == whole[: len(items_of(pages))]
    assert len(errors_of(pages)) == 1


def check_a_missing_source_says_where_it_was_looked_for(case: Case, folder: Path) -> None:
    with pytest.raises(StopSource) as stopped:
        list(case.build(folder).fetch(None))

    assert "source shop" in str(stopped.value)
    assert str(folder / case.file_name) in str(stopped.value)
    assert "check that it exists" in str(stopped.value)


def check_a_wrong_mapping_says_what_exists(case: Case, folder: Path) -> None:
    case.write(folder / case.file_name, samples(2))

    with pytest.raises(StopSource) as stopped:
        list(case.build(folder, **case.wrong_mapping).fetch(None))

    assert [part for part in case.complaint if part not in str(stopped.value)] == []


def check_an_unknown_argument_says_which_is_nearest(case: Case, folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"source shop: pathh: no argument 'pathh' \(nearest: 'path'\)"):
        case.build(folder, pathh="x")


def check_a_source_that_changes_while_it_is_read_stops(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(), **PAGE)
    pages = connector.fetch(None)
    first = list(islice(pages, 1))

    case.write(folder / case.file_name, samples(4))

    with pytest.raises(SourceChanged, match="run again"):
        list(pages)
    assert [item.native_id for item in items_of(first)] == [case.native_id(n) for n in range(1, 11)]
    assert len(items_of(list(connector.fetch(first[-1].bookmark)))) == 4


def check_a_source_that_is_touched_before_its_last_page_stops(case: Case, folder: Path) -> None:
    connector = case.prepare(folder, samples(15), **PAGE)
    pages = connector.fetch(None)
    next(pages)

    os.utime(folder / case.file_name, ns=(1, 1))

    with pytest.raises(SourceChanged):
        next(pages)


def check_no_error_shows_text(case: Case, folder: Path) -> None:
    shy = [Sample(number, SECRET, SECRET if number % 2 else 1_700_000_000) for number in range(1, 9)]
    connector = case.prepare(folder, shy)
    file = folder / case.file_name
    told = [letter.error + letter.position for page in connector.fetch(None) for letter in page.dead_letters]
    whole = file.read_bytes()
    for data in (whole[: len(whole) // 2], whole[: len(whole) - 9], whole.replace(b'"', b"'"), whole[::-1]):
        file.write_bytes(data)
        told += complaints(connector)

    assert len(told) >= 8
    assert [one for one in told if any(word in one for word in SECRET.split())] == []


def check_any_bytes_end_in_our_own_errors(case: Case, folder: Path) -> None:
    connector = case.build(folder)
    file = folder / case.file_name
    for data in (
        b"",
        b"\x00\xff" * 999,
        b"{",
        b"[" * 3_000,
        b"[1, null]",
        b'"',
        b'{"messages": 5}',
        b"PK\x03\x04" * 9,
    ):
        file.write_bytes(data)

        complaints(connector)

    file.unlink()
    file.mkdir()
    with pytest.raises(StopSource):
        list(connector.fetch(None))


def complaints(connector: Connector) -> list[str]:
    """Return all that a connector says of a damaged source; it may raise nothing but ``StopSource``."""
    try:
        pages = list(connector.fetch(None))
    except StopSource as error:
        return [str(error)]
    return [f"{letter.position} {letter.error}" for page in pages for letter in page.dead_letters]


CHECKS = tuple(check for name, check in sorted(globals().items()) if name.startswith("check_"))
