"""The report is one file that needs nothing else, tells right figures and runs nothing that a customer wrote."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from config.journey import load_journey
from models.labels import Aspect, Intent, Sentiment, Stage
from pipeline.errors import BadRequest
from pipeline.report import Report, last_week, read_report, write_report
from pipeline.report_charts import Bar, bar, line
from pipeline.sentences import Words
from pipeline.store import Store, open_store
from tests.api_feedback import NOW, TEHRAN, Said, fill, november
from tests.builders import mention, prediction

MARKUP = "<script src='https://evil.example/x.js'></script><img src=x onerror=alert(1)> & \"نقل\""
LATE = prediction(mention())
KIND = prediction(
    mention(stage=Stage.SUPPORT, intent=Intent.PRAISE, aspect=Aspect.STAFF, sentiment=Sentiment.POSITIVE),
    sentiment=Sentiment.POSITIVE,
)
NAMES = {
    table: {label: Words(name.fa, name.en) for label, name in labels.items()}
    for table, labels in load_journey().names.items()
}


class Page(HTMLParser):
    """Collects what a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.quotes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "blockquote":
            self.quotes.append(data)
        if "style" not in self.tags[-1:]:
            self.words.append(data)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/bazkhord.db", zone=TEHRAN) as opened:
        week = [Said(november(14) + timedelta(hours=one), LATE, text=f"دیر رسید {one}") for one in range(60)]
        week += [Said(november(14) + timedelta(hours=one), KIND) for one in range(40)]
        earlier = [Said(november(8) + timedelta(hours=one), KIND) for one in range(40)]
        fill(opened, [*week, *earlier, Said(november(20), LATE, text=MARKUP)])
        yield opened


@pytest.fixture
def report(store: Store) -> Report:
    first, end = last_week(TEHRAN, NOW)
    return read_report(store.engine, first, end, zone=TEHRAN, now=NOW)


@pytest.mark.parametrize(
    ("today", "first"), [(21, date(2026, 11, 14)), (20, date(2026, 11, 7)), (27, date(2026, 11, 14))]
)
def test_the_last_week_is_over_and_runs_from_saturday_to_friday(today: int, first: date) -> None:
    assert last_week(TEHRAN, november(today)) == (first, first + timedelta(days=7))


def test_the_figures_are_those_of_the_week(report: Report) -> None:
    page = Page(write_report(report, NAMES, language="fa"))

    text = " ".join(" ".join(page.words).split())
    assert "۲۳ آبان ۱۴۰۵ – ۲۹ آبان ۱۴۰۵ · ۱۰۱ نظر" in text
    assert "ارسال و تحویل ۶۱ ۶۰٫۴٪" in text
    assert "پشتیبانی ۴۰ ۳۹٫۶٪" in text
    assert "\u200e−۲۱ (" in text


def test_english_reads_from_left_to_right(report: Report) -> None:
    html = write_report(report, NAMES, language="en")

    assert '<html lang="en" dir="ltr">' in html
    assert "14 November 2026 – 20 November 2026 · 101 mentions" in html
    assert (
        re.search(
            "[\u0600-\u06ff]",
            re.sub("<blockquote.*?</blockquote>|<style.*?</style>", "", html, flags=re.DOTALL),
        )
        is None
    )


def test_persian_reads_from_right_to_left(report: Report) -> None:
    assert '<html lang="fa" dir="rtl">' in write_report(report, NAMES, language="fa")


def test_what_a_customer_wrote_stays_text(report: Report) -> None:
    page = Page(write_report(report, NAMES, language="fa"))

    assert MARKUP in page.quotes
    assert {"script", "img", "link", "iframe"} & set(page.tags) == set()


def test_nothing_is_loaded_from_anywhere_and_no_script_runs(report: Report) -> None:
    page = Page(write_report(report, NAMES, language="fa"))

    names = [name for name, _ in page.attributes]
    assert [name for name in names if name in {"src", "href"} or name.startswith("on")] == []
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert "url(" not in write_report(report, NAMES, language="fa")


def test_ten_messages_are_shown_the_worst_places_first(report: Report) -> None:
    assert len(report.messages) == 10
    assert [one.sentiment for one in report.messages[:3]] == [Sentiment.NEGATIVE] * 3


def test_an_empty_week_says_so(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/empty.db", zone=TEHRAN) as store:
        found = read_report(store.engine, date(2026, 11, 14), date(2026, 11, 21), zone=TEHRAN, now=NOW)

    html = write_report(found, NAMES, language="fa")

    assert "در این بازه پیامی نیست." in html
    assert "برای داوری کم است" in html


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_period_that_is_none_is_refused(store: Store, days: int) -> None:
    first = date(2026, 11, 14)

    with pytest.raises(BadRequest, match="a report is of 1 to 366 days"):
        read_report(store.engine, first, first + timedelta(days=days), zone=TEHRAN, now=NOW)


def test_a_line_has_a_gap_where_a_figure_is_missing(report: Report) -> None:
    known = next(one.net_sentiment for one in report.weeks.points if one.net_sentiment)

    drawn = line([("a", "a", known), ("b", "b", None), ("c", "c", known)])

    assert (len(drawn.dots), len(drawn.paths), len(drawn.bands)) == (2, 2, 2)
    assert [bar(one) for one in (0, -100, 40)] == [Bar(50, 0), Bar(0, 50), Bar(50, 20)]


def test_the_command_writes_the_file_it_names(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "week.html"
    command = [sys.executable, "-m", "pipeline", "report", "--from", "1405-08-23", "--to", "2026-11-21"]

    done = subprocess.run(
        [*command, "--out", str(file)],
        env={**os.environ, "BAZKHORD_DATA_DIR": str(tmp_path)},
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert "2026-11-14 to 2026-11-20, 101 mentions" in " ".join(done.stdout.decode().split())
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
