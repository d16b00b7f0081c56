from __future__ import annotations

import ast
import inspect
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import openpyxl
import pytest

from pipeline.connectors import CONNECTORS, build_connector, build_connectors
from pipeline.connectors.json_paths import compile_path
from pipeline.errors import SettingsError, StopSource
from pipeline.records import Author, Channel, Feedback, Page, Rating, Reply, Role
from tests.checks import CHECKS, NOW, Case, errors_of, items_of
from tests.fixtures.cases import CASES
from tests.fixtures.http_cases import HTTP_CASES

REPOSITORY = Path(__file__).parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
INBOX = REPOSITORY.parent / "shared" / "data" / "inbox"


def read(folder: Path, kind: str, arguments: Mapping[str, object]) -> list[Page]:
    return list(build_connector("shop", kind, arguments, now=lambda: NOW, root=folder).fetch(None))


def read_table(folder: Path, text: str, fields: Mapping[str, object], **arguments: object) -> list[Page]:
    (folder / "table.csv").write_text(text, encoding="utf-8")
    return read(
        folder, "table_file", {"path": "table.csv", "channel": "ticket", "fields": fields, **arguments}
    )


def read_json(folder: Path, text: str, fields: Mapping[str, object], **arguments: object) -> list[Page]:
    (folder / "chats.json").write_text(text, encoding="utf-8")
    return read(folder, "json_file", {"path": "chats.json", "channel": "chat", "fields": fields, **arguments})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_battery(check: Callable[[Case, Path], None], case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_every_connector_has_a_case_in_the_battery() -> None:
    # neither a file in place nor HTTP: their own tests ask the same of them, of imap tests/live/test_imap.py
    otherwise = {"drop_folder", "google_play_scraper", "imap", "kafka", "singer", "sql"}

    assert {case.kind for case in (*CASES, *HTTP_CASES)} | otherwise == set(CONNECTORS)


def n_lines_beside_its_documentation(kind: str) -> int:
    """Lines of the file of a connector without the docstring that docs/connectors.md is made of."""
    connector = CONNECTORS[kind]
    text = Path(inspect.getfile(connector)).read_text(encoding="utf-8")
    (told,) = (
        node.body[0]
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == connector.__name__
    )
    return len(text.splitlines()) - len(range(told.lineno, (told.end_lineno or told.lineno) + 1))


def test_half_of_the_connectors_are_under_80_lines_beside_their_documentation() -> None:
    assert median(n_lines_beside_its_documentation(kind) for kind in CONNECTORS) < 80


def n_code_lines(kind: str) -> int:
    """Lines of the file of a connector that are neither documentation nor blank."""
    text = Path(inspect.getfile(CONNECTORS[kind])).read_text(encoding="utf-8")
    docstrings = [
        node.body[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node) is not None
    ]
    told = {line for one in docstrings for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)}
    return sum(bool(line.strip()) for number, line in enumerate(text.splitlines(), 1) if number not in told)


def test_half_of_the_connectors_are_under_80_lines_of_code() -> None:
    assert median(n_code_lines(kind) for kind in CONNECTORS) < 80


def test_a_ticket_row_fills_every_field(tmp_path: Path) -> None:
    text = (
        "no,mail,phone,crm,subject,body,opened,changed,replied,product,group,team,state,url,stars,nps,csat,effort,city\n"
        'T-1,a@example.com,09120000000,C7,دیر رسید,"سه روز, دیر",1402/12/09,1402-12-10 08:00,1402/12/09 10:30,'
        "چای,وفادار,ارسال,باز,https://example.com/1,۴,9,4.5,2,تبریز\n"
    )
    fields = {
        "id": "no", "text": ["subject", "body"], "created_at": "opened", "edited_at": "changed", "author_email": "mail",
        "author_phone": "phone", "author_crm_id": "crm", "conversation_id": "no", "product": "product",
        "segment": "group", "queue": "team", "status": "state", "permalink": "url", "nps": "nps", "csat": "csat",
        "ces": "effort", "rating": {"column": "stars", "lowest": 1, "highest": 5}, "replies": [{"at": "replied"}],
        "attributes": ["city"],
    }  # fmt: skip

    pages = read_table(
        tmp_path, text, fields, zone="Asia/Tehran", constants={"brand": "نیک‌سبد"}, text_format="html"
    )

    assert items_of(pages) == [
        Feedback(
            source="shop",
            native_id="T-1",
            text="دیر رسید\nسه روز, دیر",
            created_at=datetime(2024, 2, 27, 20, 30, tzinfo=UTC),
            edited_at=datetime(2024, 2, 29, 4, 30, tzinfo=UTC),
            channel=Channel.TICKET,
            text_format="html",  # type: ignore[arg-type] - equal to the member of the enumeration
            author=Author(None, "09120000000", "a@example.com", "C7"),
            conversation_id="T-1",
            brand="نیک‌سبد",
            product="چای",
            segment="وفادار",
            queue="ارسال",
            status="باز",
            permalink="https://example.com/1",
            rating=Rating(4.0, 1.0, 5.0),
            nps=9,
            csat=4.5,
            ces=2.0,
            replies=(Reply(Role.AGENT, datetime(2024, 2, 28, 7, 0, tzinfo=UTC)),),
            attributes={"city": "تبریز"},
        )
    ]


def test_an_open_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    text = 'id,text\n1,"باز ماند\n2,"خوب, عالی"\n3,"دو\nخط"\n4,ساده\n'

    pages = read_table(tmp_path, text, {"id": "id", "text": "text"})

    assert [(item.native_id, item.text) for item in items_of(pages)] == [
        ("2", "خوب, عالی"),
        ("3", "دو\nخط"),
        ("4", "ساده"),
    ]
    assert errors_of(pages) == [("line 2", None)]


def test_bytes_of_another_encoding_are_a_dead_letter_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,text\n1," + "سلام".encode("cp1256") + "\n2,خوب\n".encode())

    pages = read(
        tmp_path, "table_file", {"path": "t.csv", "channel": "review", "fields": {"id": "id", "text": "text"}}
    )

    assert [item.native_id for item in items_of(pages)] == ["2"]
    assert "set encoding" in pages[0].dead_letters[0].error


def test_a_table_in_the_arabic_code_page_is_read_where_the_settings_say_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("id;text\n1;سلام\n".encode("cp1256"))
    arguments = {"path": "t.csv", "channel": "review", "encoding": "cp1256", "delimiter": ";"}

    pages = read(tmp_path, "table_file", {**arguments, "fields": {"id": "id", "text": "text"}})

    assert [item.text for item in items_of(pages)] == ["سلام"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("1,خوب,7,", "rate: got 7, expected 1 to 5"),
        ("1,خوب,زیاد,", "rate: expected a number"),
        ("1,خوب,nan,", "rate: expected a number"),
        ("1,خوب,3,11", "nps: got 11, expected a whole number from 0 to 10"),
        ("1,خوب,3,2.5", "nps: got 2.5"),
        (",خوب,3,", "id: no value"),
    ],
)
def test_a_value_that_cannot_be_is_a_dead_letter_that_names_its_column(
    tmp_path: Path, cells: str, words: str
) -> None:
    rating = {"column": "rate", "lowest": 1, "highest": 5, "unrated": [0.0]}
    fields = {"id": "id", "text": "text", "rating": rating, "nps": "nps"}

    pages = read_table(tmp_path, f"id,text,rate,nps\n{cells}\n2,خوب,0.0,\n", fields)

    assert [(item.native_id, item.rating, item.nps) for item in items_of(pages)] == [("2", None, None)]
    assert [words in letter.error for letter in pages[0].dead_letters] == [True]


def test_an_id_of_two_columns_cannot_be_mistaken_for_another(tmp_path: Path) -> None:
    pages = read_table(tmp_path, "a,b,text\nx,y/z,خوب\nx/y,z,بد\n", {"id": ["a", "b"], "text": "text"})

    assert [item.native_id for item in items_of(pages)] == ["x/y%2Fz", "x%2Fy/z"]


def test_rows_without_an_id_are_told_apart_by_all_they_hold(tmp_path: Path) -> None:
    pages = read_table(tmp_path, "day,text\n1,خوب\n2,خوب\n1,خوب\n", {"text": "text"})

    first, second, again = (item.native_id for item in items_of(pages))
    assert first == again
    assert first != second


def test_an_excel_cell_keeps_its_kind(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(("id", "text", "at", "rate", None))
    book.worksheets[0].append((12, "خوب", datetime(2024, 2, 28, 13, 5), 4.5, None))  # noqa: DTZ001 - Excel has no zones
    book.worksheets[0].append((13.0, 404, "1402/12/09"))
    book.save(tmp_path / "t.xlsx")
    rating = {"column": "rate", "lowest": 0, "highest": 5}
    fields = {"id": "id", "text": "text", "created_at": "at", "rating": rating}

    pages = read(
        tmp_path,
        "table_file",
        {"path": "t.xlsx", "channel": "review", "zone": "Asia/Tehran", "fields": fields},
    )

    assert [(item.native_id, item.text, item.created_at, item.rating) for item in items_of(pages)] == [
        ("12", "خوب", datetime(2024, 2, 28, 9, 35, tzinfo=UTC), Rating(4.5, 0.0, 5.0)),
        ("13", "404", datetime(2024, 2, 27, 20, 30, tzinfo=UTC), None),
    ]


def test_a_pattern_reads_all_its_files_and_later_only_the_new_one(tmp_path: Path) -> None:
    fields = {"id": "id", "text": "text"}
    connector = build_connector(
        "shop",
        "table_file",
        {"path": "*.csv", "channel": "ticket", "fields": fields},
        now=lambda: NOW,
        root=tmp_path,
    )
    (tmp_path / "a.csv").write_text("id,text\n1,خوب\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,text\n2,بد\nx\n", encoding="utf-8")
    first = list(connector.fetch(None))
    (tmp_path / "c.csv").write_text("id,text\n3,دیر\n", encoding="utf-8")

    second = list(connector.fetch(first[-1].bookmark))

    assert [item.native_id for item in items_of(first)] == ["1", "2"]
    assert errors_of(first) == [("b.csv line 3", None)]
    assert [item.native_id for item in items_of(second)] == ["3"]


def test_a_pattern_without_a_file_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(StopSource, match=re.escape(f"no file matches {tmp_path}/*.csv")):
        read(tmp_path, "table_file", {"path": "*.csv", "channel": "ticket", "fields": {"text": "text"}})


def test_a_conversation_gives_the_customers_words_and_the_times_of_the_others(tmp_path: Path) -> None:
    text = """{"data": [{"id": 5, "who": {"phone": "0912"}, "tags": ["a", "b"], "turns": [
        {"role": "customer", "text": "سلام", "at": "2024-02-28T10:00:00Z"},
        {"role": "bot", "text": "منتظر باشید", "at": "2024-02-28T10:00:01Z"},
        {"role": "agent", "text": "بفرمایید", "at": "2024-02-28T10:05:00Z"},
        {"role": "customer", "text": "پولم کجاست؟", "at": "2024-02-28T10:06:00Z"}]}]}"""
    replies = [{"at": "turns[role=agent].at"}, {"at": "turns[role=bot].at", "role": "bot"}]
    fields = {
        "id": "id",
        "text": "turns[role=customer].text",
        "author_phone": "who.phone",
        "replies": replies,
    }

    pages = read_json(tmp_path, text, {**fields, "attributes": {"tags": "tags[]"}}, items="data")

    (item,) = items_of(pages)
    assert (item.native_id, item.text, item.author) == ("5", "سلام\nپولم کجاست؟", Author(phone="0912"))
    assert item.replies == (
        Reply(Role.BOT, datetime(2024, 2, 28, 10, 0, 1, tzinfo=UTC)),
        Reply(Role.AGENT, datetime(2024, 2, 28, 10, 5, tzinfo=UTC)),
    )
    assert item.attributes == {"tags": "a, b"}


def test_an_optional_path_may_be_absent(tmp_path: Path) -> None:
    fields = {"id": "id", "text": "text", "nps": "survey.nps"}

    pages = read_json(tmp_path, '[{"id": 1, "text": "خوب"}]', fields, optional=["survey.nps"])

    assert [item.nps for item in items_of(pages)] == [None]


def test_a_value_that_is_an_object_is_a_dead_letter(tmp_path: Path) -> None:
    text = '[{"id": 1, "text": {"fa": "خوب"}}, {"id": 2, "text": "خوب"}]'

    pages = read_json(tmp_path, text, {"id": "id", "text": "text"})

    assert errors_of(pages) == [("item 1", "1")]
    assert "name a path further inside" in pages[0].dead_letters[0].error


def test_a_path_finds_keys_with_dots_and_nothing_where_nothing_is() -> None:
    record = {"a.b": 1, "c": {"d": [{"e": 2}, {"e": 3}, 4]}, "f": None}

    found = {
        path: compile_path(path)(record)
        for path in (r"a\.b", "c.d[].e", "c.d[e=3].e", "f.g", "x", "c.x", "x[].y")
    }

    assert found == {
        r"a\.b": 1,
        "c.d[].e": [2, 3],
        "c.d[e=3].e": [3],
        "f.g": None,
        "x": None,
        "c.x": None,
        "x[].y": [],
    }


@pytest.mark.parametrize("path", ["a..b", "a[", "a.", "[x].y", "a[b].c"])
def test_a_path_that_cannot_be_read_is_refused_before_anything_runs(tmp_path: Path, path: str) -> None:
    with pytest.raises(SettingsError, match="source shop"):
        read_json(tmp_path, "[]", {"text": path})


def test_a_whole_account_of_telegram_gives_the_customers_messages_only() -> None:
    arguments = {"path": "telegram_account.json", "agents": ["user500"]}

    pages = read(FIXTURES, "telegram_export", arguments)

    first, thanks, photo, direct = items_of(pages)
    assert first == Feedback(
        source="shop",
        native_id="77/2",
        text="سفارشم دو روز دیر رسید\x07",
        created_at=datetime(2024, 1, 1, 9, 10, tzinfo=UTC),
        edited_at=datetime(2024, 1, 1, 9, 15, tzinfo=UTC),
        channel=Channel.SOCIAL,
        author=Author(native_id="user1"),
        conversation_id="77/2",
        replies=(
            Reply(Role.AGENT, datetime(2024, 1, 1, 9, 40, tzinfo=UTC)),
            Reply(Role.AGENT, datetime(2024, 1, 1, 11, 10, tzinfo=UTC)),
        ),
    )
    assert (thanks.native_id, thanks.conversation_id, thanks.replies) == ("77/4", "77/2", ())
    assert (photo.native_id, photo.text, photo.attributes) == ("77/7", "", {"forwarded": "true"})
    assert (direct.native_id, direct.channel, direct.conversation_id) == ("1/2", Channel.CHAT, "1")
    assert errors_of(pages) == []


@pytest.mark.parametrize("chat", ["77", "گروه مشتریان"])
def test_chats_are_chosen_by_number_or_title(chat: str) -> None:
    arguments = {"path": "telegram_account.json", "agents": ["پشتیبانی"], "chats": [chat]}

    items = items_of(read(FIXTURES, "telegram_export", arguments))

    assert [item.native_id for item in items] == ["77/2", "77/4", "77/7"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"connector": "table_flie"},
            "no connector 'table_flie' (nearest: 'table_file'); there are: ",
        ),
        ({"path": "x.csv"}, "source shop: connector is missing"),
        ({"connector": "table_file", "path": "x.csv", "fields": {"text": "t"}}, "channel: is missing"),
        (
            {"connector": "table_file", "path": "x.csv", "channel": "reviw", "fields": {"text": "t"}},
            "channel: got 'reviw', expected 'social', 'chat', 'ticket', 'review'",
        ),
        (
            {
                "connector": "table_file",
                "path": "x.csv",
                "channel": "review",
                "zone": "Tehran",
                "fields": {"text": "t"},
            },
            "zone: got 'Tehran', expected",
        ),
        (
            {
                "connector": "table_file",
                "path": "x.csv",
                "channel": "review",
                "fields": {"text": "t", "ratting": "r"},
            },
            "fields.ratting: no argument 'ratting' (nearest: 'rating'); there are: text, id, created_at",
        ),
        (
            {
                "connector": "json_file",
                "path": "x",
                "channel": "chat",
                "fields": {"text": "t", "rating": {"path": "r"}},
            },
            "fields.rating.lowest: is missing; fields.rating.highest: is missing",
        ),
        (
            {
                "connector": "table_file",
                "path": "x",
                "channel": "chat",
                "encoding": "utf-9",
                "fields": {"text": "t"},
            },
            "encoding: got 'utf-9', expected an encoding that Python knows",
        ),
        ({"connector": "telegram_export", "path": "x", "now": 5}, "now cannot be set"),
    ],
)
def test_a_wrong_setting_says_what_was_given_and_what_is_allowed(
    arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        build_connectors({"sources": {"shop": arguments}}, now=lambda: NOW, root=Path())

    assert words in str(refused.value)


def test_an_unknown_key_of_the_file_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"no key 'source' \(nearest: 'sources'\)"):
        build_connectors({"source": {}}, now=lambda: NOW, root=Path())


def test_an_environment_variable_moves_the_root(tmp_path: Path) -> None:
    config = tomllib.loads(
        'root = "elsewhere"\nroot_env = "EXPORTS"\n[sources.tg]\nconnector = "telegram_export"\npath = "result.json"'
    )

    given = build_connectors(config, now=lambda: NOW, root=tmp_path, environment={})
    moved = build_connectors(config, now=lambda: NOW, root=tmp_path, environment={"EXPORTS": "/data"})

    assert given["tg"].root == tmp_path / "elsewhere"
    assert moved["tg"].root == Path("/data")


def test_the_shipped_examples_run_nothing_and_are_right_once_uncommented() -> None:
    text = (REPOSITORY / "config" / "sources.toml").read_text(encoding="utf-8")

    shipped = build_connectors(tomllib.loads(text), now=lambda: NOW, root=Path(), environment={})
    uncommented = re.sub(r"^#(?=[\w\[])", "", text, flags=re.MULTILINE)
    examples = build_connectors(tomllib.loads(uncommented), now=lambda: NOW, root=Path(), environment={})

    assert shipped == {}
    assert [(name, one.kind) for name, one in examples.items()] == [
        ("telegram", "telegram_export"),
        ("tickets", "table_file"),
        ("chats", "json_file"),
        ("matrix", "matrix"),
        ("bot", "telegram_bot"),
        ("intercom", "singer"),
        ("request_tracker", "request_tracker"),
        ("youtube", "youtube"),
        ("bluesky", "bluesky"),
    ]


@pytest.mark.shared
@pytest.mark.skipif(not INBOX.is_dir(), reason="needs the files of ../shared/data/inbox")
@pytest.mark.parametrize(
    ("name", "n_rows", "n_ids"),
    [
        ("snappfood", 19_990, 19_990),
        ("bank_apps", 28_546, 28_546),
        ("digikala", 20_000, 20_000),
        ("misc", 3_000, 2_999),
    ],
)
def test_the_inbox_loads_by_configuration_alone(name: str, n_rows: int, n_ids: int, tmp_path: Path) -> None:
    config = tomllib.loads((REPOSITORY / "config" / "sources.inbox.toml").read_text(encoding="utf-8"))
    environment = {"BAZKHORD_INBOX": str(shutil.copytree(INBOX, tmp_path / "inbox"))}
    connector = build_connectors(config, now=lambda: NOW, root=REPOSITORY, environment=environment)[name]

    pages = list(connector.fetch(None))

    items = items_of(pages)
    assert errors_of(pages) == []
    assert (len(items), len({item.native_id for item in items}), pages[0].n_total) == (n_rows, n_ids, n_rows)
    assert [item for item in items if (item.created_at is None) != (name == "misc")] == []
