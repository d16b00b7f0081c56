"""Views with Persian names on PostgreSQL, for tools that ask in SQL (Metabase, Superset).

They lie in a schema of their own, so that a role may read them and nothing else, and are made anew by a command:
what labels are called is the operator's to change, and a migration could not follow. See
docs/decisions/016-views-by-a-command.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from sqlalchemy import Connection, Engine, text

from models.labels import Flag
from pipeline.database import writing
from pipeline.errors import StoreError
from pipeline.jalali import MONTHS, format_jalali, to_jalali
from pipeline.tallies import SPAM

SCHEMA = "analytics"
FIRST, LAST = date(2001, 3, 21), date(2071, 3, 20)
WEEKDAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")
Names = Mapping[str, Mapping[str, str]]
KINDS = {"stage": "stages", "intent": "intents", "aspect": "aspects", "sentiment": "sentiments",
         "emotion": "emotions", "channel": "channels"}  # fmt: skip
CALLED = {"stage": "مرحله", "intent": "قصد", "aspect": "جنبه", "sentiment": "احساس", "emotion": "هیجان",
          "channel": "کانال"}  # fmt: skip
FLAGS = dict(zip(Flag, ("فوری", "تلاش_زیاد", "طعنه", "هرزنوشت", "فینگلیش"), strict=True))
CALENDAR = (
    "jalali_day AS تاریخ_جلالی, jalali_month AS ماه_جلالی, month_name AS نام_ماه, jalali_year AS سال_جلالی, "
    "weekday AS روز_هفته"
)
SCORE = "CASE {}.sentiment WHEN 'positive' THEN 100 WHEN 'negative' THEN -100 ELSE 0 END AS رضایت_خالص"
SETTING_UP = f"""
    DROP SCHEMA IF EXISTS {SCHEMA} CASCADE;
    CREATE SCHEMA {SCHEMA};
    CREATE TABLE {SCHEMA}.calendar (
        day date PRIMARY KEY, jalali_day text NOT NULL, jalali_month text NOT NULL, month_name text NOT NULL,
        jalali_year integer NOT NULL, weekday text NOT NULL
    );
    CREATE TABLE {SCHEMA}.labels (kind text, id text, fa text NOT NULL, PRIMARY KEY (kind, id));
"""
# Rights that others have, as statements: quote_ident and the list of rights leave nothing that could be other SQL.
RIGHTS = """
    SELECT format('GRANT %s ON SCHEMA %I TO %I', given.privilege_type, space.nspname, role.rolname), NULL
    FROM pg_namespace AS space, aclexplode(space.nspacl) AS given JOIN pg_roles AS role ON role.oid = given.grantee
    WHERE space.nspname = :schema AND given.grantee <> space.nspowner
    UNION ALL
    SELECT format('GRANT %s ON %I.%I TO %I', given.privilege_type, space.nspname, one.relname, role.rolname), one.relname
    FROM pg_class AS one JOIN pg_namespace AS space ON space.oid = one.relnamespace, aclexplode(one.relacl) AS given
    JOIN pg_roles AS role ON role.oid = given.grantee
    WHERE space.nspname = :schema AND given.grantee <> one.relowner
"""


def create_views(engine: Engine, names: Names, *, with_text: bool) -> tuple[str, ...]:
    """The views are there as this code knows them, with these names; return what they are called.

    Each role keeps the rights that it had on each. Whoever reads them meanwhile sees the old ones or the new.

    Args:
        names: Persian name of each label, by table of ``journey.toml``.
        with_text: Whether messages and mentions show the words.

    Raises:
        StoreError: It is no PostgreSQL, or this role may not make a schema.
    """
    _require_postgresql(engine)
    views = _views(with_text=with_text)
    with writing(engine, seen=False) as connection:
        rights = connection.execute(text(RIGHTS), {"schema": SCHEMA}).all()
        connection.exec_driver_sql(SETTING_UP)
        _fill(connection, names)
        for name, query in views.items():
            connection.exec_driver_sql(f'CREATE VIEW {SCHEMA}."{name}" AS {query}')
        for grant, on in rights:
            if on is None or on in views:
                connection.exec_driver_sql(grant)
    return tuple(views)


def drop_views(engine: Engine) -> None:
    """There are no views any more.

    Raises:
        StoreError: It is no PostgreSQL.
    """
    _require_postgresql(engine)
    with writing(engine, seen=False) as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))


def _require_postgresql(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        raise StoreError(
            "views are for PostgreSQL; this data base is SQLite: for other tools write it as Parquet with "
            "bazkhord export --parquet FOLDER"
        )


def _fill(connection: Connection, names: Names) -> None:
    labels = [
        {"kind": kind, "id": label, "fa": fa}
        for kind, table in KINDS.items()
        for label, fa in names[table].items()
    ]
    connection.execute(text(f"INSERT INTO {SCHEMA}.labels VALUES (:kind, :id, :fa)"), labels)
    days = text(f"INSERT INTO {SCHEMA}.calendar VALUES (:day, :jalali, :month, :name, :year, :weekday)")
    connection.execute(days, list(_calendar()))
    connection.execute(text(f"ANALYZE {SCHEMA}.calendar"))


def _calendar() -> Iterator[dict[str, object]]:
    day = FIRST
    while day <= LAST:
        written = format_jalali(day)
        year, month, _ = to_jalali(day)
        yield {
            "day": day,
            "jalali": written,
            "month": written[:7],
            "name": MONTHS[month - 1],
            "year": year,
            "weekday": WEEKDAYS[day.weekday()],
        }
        day += timedelta(days=1)


def _views(*, with_text: bool) -> dict[str, str]:
    """Return the query of each view by its name."""
    return {
        "پیام": _messages(with_text=with_text),
        "نظر": _mentions(with_text=with_text),
        "شمار_نظر": _tally("intent_tallies", ("stage", "intent", "sentiment"), "تعداد_نظر"),
        "شمار_جنبه": _tally("aspect_tallies", ("stage", "aspect", "sentiment"), "تعداد_نظر"),
        "شمار_پیام": _tally("message_tallies", ("sentiment", "emotion"), "تعداد_پیام", flags=True),
    }


def _messages(*, with_text: bool) -> str:
    shown = ", ".join(
        (
            "f.id AS شناسه",
            "f.native_id AS شناسه_در_منبع",
            *_cuts("f"),
            "f.queue AS صف",
            "f.status AS وضعیت",
            _label("f", "sentiment"),
            _label("f", "emotion"),
            "f.emotion_confidence AS اطمینان_هیجان",
            *_flags("f"),
            "f.rating AS امتیاز",
            'f.nps AS "NPS"',
            'f.csat AS "CSAT"',
            'f.ces AS "CES"',
            "f.counted AS شمرده",
            "f.model_version AS نسخه_مدل",
            *(("f.text AS متن",) if with_text else ()),
        )
    )
    return f"SELECT {shown} FROM public.feedback AS f {_joined('f', 'f.day', ('channel', 'sentiment', 'emotion'))}"


def _mentions(*, with_text: bool) -> str:
    labels = ("stage", "intent", "aspect", "sentiment")
    words = 'substr(f.text, m.start + 1, m."end" - m.start) AS متن'
    shown = ", ".join(
        (
            "f.id AS شناسه_پیام",
            *_cuts("f"),
            *(_label("m", label) for label in labels),
            SCORE.format("m"),
            *(f"m.{label}_confidence AS اطمینان_{CALLED[label]}" for label in labels),
            "m.corrected AS تصحیح_شده",
            "f.model_version AS نسخه_مدل",
            *((words,) if with_text else ()),
        )
    )
    joined = _joined("m", "f.day", labels) + _joined_label("f", "channel")
    return (
        f"SELECT {shown} FROM public.feedback AS f JOIN public.mentions AS m ON m.feedback_id = f.id {joined} "
        f"WHERE f.counted AND f.flags & {SPAM}::smallint = 0"
    )


def _tally(table: str, labels: tuple[str, ...], n: str, *, flags: bool = False) -> str:
    shown = ", ".join(
        (
            "t.start AS روز",
            CALENDAR,
            "t.source AS منبع",
            _label("t", "channel"),
            "nullif(t.brand, '') AS برند",
            *(_label("t", label) for label in labels),
            *((SCORE.format("t"),) if not flags else ()),
            *(_flags("t") if flags else ()),
            "t.model_version AS نسخه_مدل",
            f"t.n AS {n}",
        )
    )
    return f"SELECT {shown} FROM public.{table} AS t {_joined('t', 't.start', ('channel', *labels))} WHERE t.period = 'd'"


def _cuts(table: str) -> tuple[str, ...]:
    return (
        f"{table}.created_at AS زمان",
        f"{table}.day AS روز",
        CALENDAR,
        f"{table}.source AS منبع",
        _label(table, "channel"),
        f"{table}.brand AS برند",
        f"{table}.product AS محصول",
        f"{table}.segment AS گروه_مشتری",
        f"{table}.touchpoint AS نقطه_تماس",
    )


def _label(table: str, kind: str) -> str:
    return f"coalesce({kind}_label.fa, {table}.{kind}) AS {CALLED[kind]}"


def _flags(table: str) -> tuple[str, ...]:
    return tuple(
        f"({table}.flags & {1 << place}::smallint) <> 0 AS {FLAGS[flag]}" for place, flag in enumerate(Flag)
    )


def _joined(table: str, day: str, kinds: tuple[str, ...]) -> str:
    labels = "".join(_joined_label(table, kind) for kind in kinds)
    return f"LEFT JOIN {SCHEMA}.calendar ON calendar.day = {day}{labels}"


def _joined_label(table: str, kind: str) -> str:
    alias = f"{kind}_label"
    return f" LEFT JOIN {SCHEMA}.labels AS {alias} ON {alias}.kind = '{kind}' AND {alias}.id = {table}.{kind}"
