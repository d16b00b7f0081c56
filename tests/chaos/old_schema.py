"""A data base as the first version left it, with messages in it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, func, insert, select

from pipeline.database import MIGRATIONS, connect, reading, writing
from pipeline.tables import FeedbackRow
from tests.test_migrations import message, old_mention

N_MESSAGES = 1500
JUDGED = {"counted": True, "model_version": "m", "state": "classified"}


def write_old(url: str) -> None:
    """The data base has the first schema and labelled messages of one mention each."""
    engine = connect(url)
    with writing(engine, seen=False) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0001")
        tables = MetaData()
        rows = [message("shop", str(number), number % 60) | JUDGED for number in range(N_MESSAGES)]
        connection.execute(insert(Table("feedback", tables, autoload_with=connection)), rows)
        said = [
            old_mention(number, ("positive", "negative")[number % 2]) for number in range(1, N_MESSAGES + 1)
        ]
        connection.execute(insert(Table("mentions", tables, autoload_with=connection)), said)
    engine.dispose()


def check_all_there(url: str) -> None:
    """No message is gone, whatever the schema is by now."""
    engine = connect(url)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(FeedbackRow)) == N_MESSAGES
    engine.dispose()
