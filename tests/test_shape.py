"""What a shape makes of an object, where the connectors' own pages do not tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.connectors.authors import known_author
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.shape import Shape
from pipeline.errors import SkipRecord
from pipeline.records import Author, Channel, Feedback, Rating, TextFormat
from tests.checks import NOW

PLAIN = Shape(channel=Channel.REVIEW, text="words", created_at="at")


def read(shape: Shape, **content: object) -> Feedback:
    row = JsonRow({"id": 1, "words": "دیر رسید", "at": "2026-03-02T08:10:00Z", **content}, NOW)
    return shape.read(row, source="shop")


@pytest.mark.parametrize(
    ("given", "rating"),
    [
        (4, Rating(4.0, 1.0, 5.0)),
        (4.5, Rating(4.5, 1.0, 5.0)),
        ("4", Rating(4.0, 1.0, 5.0)),
        ("۴", Rating(4.0, 1.0, 5.0)),
        (0, None),
        ("0", None),
        (None, None),
    ],
)
def test_stars_are_a_number_or_its_digits(given: object, rating: Rating | None) -> None:
    assert read(replace(PLAIN, stars="stars"), stars=given).rating == rating


@pytest.mark.parametrize(
    ("given", "told"),
    [(6, "stars: got 6, expected 1 to 5"), ("many", "stars is str"), (True, "stars is bool")],
)
def test_stars_that_cannot_be_are_refused(given: object, told: str) -> None:
    with pytest.raises(SkipRecord, match=told):
        read(replace(PLAIN, stars="stars"), stars=given)


@pytest.mark.parametrize(
    ("kind", "title", "text", "text_format"),
    [
        ("text/plain", "چای & قند", "چای & قند\nدیر رسید", TextFormat.PLAIN),
        ("text/html", "چای & قند", "چای &amp; قند<br>دیر رسید", TextFormat.HTML),
        ("text/html", None, "دیر رسید", TextFormat.HTML),
    ],
)
def test_a_title_stands_above_the_text_in_the_form_that_the_text_has(
    kind: str, title: str | None, text: str, text_format: TextFormat
) -> None:
    shape = replace(PLAIN, title="title", html_where=("kind", "text/html"))

    message = read(shape, kind=kind, title=title)

    assert (message.text, message.text_format) == (text, text_format)


def test_a_title_without_words_is_the_text() -> None:
    assert read(replace(PLAIN, title="title"), title="دیر رسید", words="").text == "دیر رسید"


def test_optional_attributes_may_be_left_out_and_others_may_not() -> None:
    kept = read(replace(PLAIN, optional_attributes=(("likes", "n_likes"), ("city", "city"))), n_likes=3)

    assert kept.attributes == {"likes": "3"}
    with pytest.raises(SkipRecord, match="the field city is missing"):
        read(replace(PLAIN, attributes=(("city", "city"),)))


def test_an_author_is_nobody_where_nothing_tells_who_it_is() -> None:
    assert known_author("", phone=None, email="", crm_id=None) is None
    assert known_author(None, email="maryam@example.com") == Author(email="maryam@example.com")
