"""The WordPress connector against a site of its own: nothing is lost, nothing doubled, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.clean import clean_text
from pipeline.connectors import build_connector
from pipeline.connectors.base import Connector
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError, RetryLater, StopSource
from pipeline.records import Author, Channel, Feedback, Page, SaveCounts, TextFormat
from pipeline.run import pull
from pipeline.store import Store
from tests.live.held import Held, stored_texts
from tests.live.wordpress_site import EDITOR, WordPressSite, is_installed

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not is_installed(), reason="needs WordPress, PHP and MariaDB: run tests/live/install.sh"
    ),
]
KEY = b"k" * 32
EDITOR_ID = 1


@dataclass(frozen=True)
class Post:
    """A post without comments, and the site it is on."""

    site: WordPressSite
    id: int

    def comment(self, text: str, *, author: str = "sara", parent: int = 0) -> int:
        """Comment as a visitor; return the number of the comment."""
        return self.site.comment(self.id, text, author=author, parent=parent)

    def change(self, comment: int, **fields: object) -> None:
        """The editor changes a comment."""
        self.site.ask("POST", f"/comments/{comment}", fields)

    def delete(self, comment: int) -> None:
        """The editor deletes a comment for good."""
        self.site.ask("DELETE", f"/comments/{comment}?force=true")

    def raw(self, comment: int) -> dict[str, object]:
        """Return a comment as the editor sees it."""
        return dict(self.site.ask("GET", f"/comments/{comment}?context=edit"))

    def connect(
        self, *, password: str = "", days_later: int = 0, anonymous: bool = False, **arguments: object
    ) -> Connector:
        given: dict[str, object] = {"base_url": self.site.url, "staff": [EDITOR_ID], "attempts": 1}
        given |= {} if anonymous else {"user": EDITOR}
        network = Network(environment={"WORDPRESS_PASSWORD": password or self.site.password})
        return build_connector(
            "blog",
            "wordpress",
            {**given, **arguments},
            now=lambda: datetime.now(UTC) + timedelta(days=days_later),
            network=network,
        )


@pytest.fixture(scope="module")
def running() -> Iterator[WordPressSite]:
    site = WordPressSite()
    try:
        site.start()
        yield site
    finally:
        site.remove()


@pytest.fixture
def post(running: WordPressSite) -> Post:
    running.start()
    return Post(running, running.open_post())


def test_every_field_of_persian_comments_is_read(post: Post) -> None:
    one = post.comment("رنگش با عکس «فرق» دارد 😔\nپس می‌فرستم")
    post.site.ask("POST", "/comments", {"post": post.id, "parent": one, "content": "ما هستیم، پیگیری می‌کنیم"})
    two = post.comment("برای من هم همین‌طور", author="ali", parent=one)
    held = Held()

    held.pull(post.connect(constants={"brand": "نیک‌سبد"}))

    told = post.raw(one)
    first = Feedback(
        source="blog",
        native_id=str(one),
        text="<p>رنگش با عکس «فرق» دارد 😔<br />\nپس می‌فرستم</p>\n",
        text_format=TextFormat.HTML,
        created_at=datetime.fromisoformat(f"{told['date_gmt']}+00:00"),
        channel=Channel.SOCIAL,
        author=Author(email="sara@example.com"),
        conversation_id=str(one),
        brand="نیک‌سبد",
        status="approved",
        permalink=str(told["link"]),
        attributes={"post": str(post.id)},
    )
    told = post.raw(two)
    assert held.items == {
        str(one): first,
        str(two): replace(
            first,
            native_id=str(two),
            text="<p>برای من هم همین‌طور</p>\n",
            created_at=datetime.fromisoformat(f"{told['date_gmt']}+00:00"),
            author=Author(email="ali@example.com"),
            permalink=str(told["link"]),
        ),
    }
    assert clean_text(first.text, first.text_format) == "رنگش با عکس «فرق» دارد 😔\nپس می‌فرستم"
    assert held.dead_letters == []


@pytest.mark.parametrize("plain_permalinks", [False, True])
def test_anybody_reads_what_everybody_sees(plain_permalinks: bool, post: Post) -> None:
    shown, waiting = post.comment("خوب"), post.comment("در انتظار")
    post.change(waiting, status="hold")
    held = Held()

    held.pull(post.connect(anonymous=True, plain_permalinks=plain_permalinks))

    assert [(item.native_id, item.author) for item in held.items.values()] == [(str(shown), None)]


def test_comments_are_added_edited_let_in_and_deleted_between_runs(post: Post, database: Store) -> None:
    one, two, three = (post.comment(f"نظر شمارهٔ {number}") for number in (1, 2, 3))
    late = post.comment("دیر تأیید شد")
    post.change(late, status="hold")

    first = pull(post.connect(), database, identity_key=KEY)
    post.change(one, content="نظرم عوض شد")
    post.delete(two)
    post.change(late, status="approved")
    post.comment("نظر تازه", parent=three)
    second = pull(post.connect(), database, identity_key=KEY)
    again = pull(post.connect(), database, identity_key=KEY)

    assert (first.n_new, first.n_updated, first.n_dead) == (3, 0, 0)
    assert (second.n_new, second.n_updated, second.n_dead) == (2, 1, 0)
    assert (again.n_new, again.n_updated) == (0, 0)
    assert stored_texts(database) == [
        "دیر تأیید شد",
        "نظر تازه",
        "نظر شمارهٔ 2",
        "نظر شمارهٔ 3",
        "نظرم عوض شد",
    ]


def test_an_edit_far_down_the_list_is_found_by_the_deep_scan(post: Post, database: Store) -> None:
    post.site.add_many(post.id, 320)
    pull(post.connect(), database, identity_key=KEY)
    oldest = post.site.ask("GET", f"/comments?post={post.id}&order=asc&per_page=1")[0]["id"]
    post.change(oldest, content="ویرایش شد")

    soon = pull(post.connect(), database, identity_key=KEY)
    later = pull(post.connect(days_later=8), database, identity_key=KEY)

    assert (soon.n_new, soon.n_updated) == (0, 0)
    assert (later.n_new, later.n_updated) == (0, 1)


def test_a_pull_that_is_killed_is_taken_up_where_it_was_stored(post: Post, database: Store) -> None:
    post.site.add_many(post.id, 250)
    n_pages = 0

    def die(page: Page, counts: SaveCounts) -> None:
        nonlocal n_pages
        n_pages += 1
        if n_pages == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(post.connect(), database, identity_key=KEY, on_page=die)
    (broken_off,) = database.sources()
    post.comment("در این میان")
    rest = pull(post.connect(), database, identity_key=KEY)
    again = pull(post.connect(), database, identity_key=KEY)
    (state,) = database.sources()

    assert broken_off.n_stored == 200
    assert rest.n_new + again.n_new == 51
    assert state.n_stored == 251
    assert len(set(stored_texts(database))) == 251


def test_a_crash_after_any_page_loses_nothing(post: Post) -> None:
    post.site.add_many(post.id, 250)
    whole = Held()
    whole.pull(post.connect())

    for n_pages in range(1, 4):
        held = Held()
        held.pull(post.connect(), n_pages)
        held.pull(post.connect())

        assert held.items == whole.items
    assert len(whole.items) == 250


def test_comments_written_and_deleted_while_reading_cost_no_other(post: Post) -> None:
    post.site.add_many(post.id, 450)
    held = Held()
    pages = post.connect().fetch(None)
    brought = held.keep(next(pages))
    held.keep(next(pages))
    held.keep(next(pages))

    for name in brought[:3]:
        post.delete(int(name))
    new = post.comment("در این میان")
    for page in pages:
        held.keep(page)
    held.pull(post.connect())
    # what moved up a page meanwhile, unseen, is found when all is read once more
    held.pull(post.connect(days_later=8))

    assert len(held.items) == 451
    assert str(new) in held.items


def test_a_site_that_goes_away_says_so_and_the_next_run_goes_on(post: Post, database: Store) -> None:
    post.site.add_many(post.id, 150)
    n_pages = 0

    def stop(page: Page, counts: SaveCounts) -> None:
        nonlocal n_pages
        n_pages += 1
        if n_pages == 1:
            post.site.stop()

    with pytest.raises(RetryLater, match="the connection failed"):
        pull(post.connect(), database, identity_key=KEY, on_page=stop)
    with pytest.raises(RetryLater, match="nothing is lost"):
        pull(post.connect(), database, identity_key=KEY)
    post.site.start()
    pull(post.connect(), database, identity_key=KEY)

    (state,) = database.sources()
    assert state.n_stored == 150


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            {"password": "wrong-secret"},
            StopSource,
            "HTTP 401, the credentials are refused: check the secret in",
        ),
        ({"base_url": "http://127.0.0.1:1"}, RetryLater, "the connection failed (ConnectError)"),
    ],
    ids=["password", "port"],
)
def test_what_a_person_has_to_mend_is_said_without_secrets(
    arguments: dict[str, object], error: type[BazkhordError], words: str, post: Post
) -> None:
    with pytest.raises(error) as failed:
        list(post.connect(**arguments).fetch(None))  # type: ignore[arg-type]

    told = f"{failed.value}{failed.value.__cause__}"
    assert words in told
    assert "source blog" in told
    assert [secret for secret in (post.site.password, "wrong-secret") if secret in told] == []
