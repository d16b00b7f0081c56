"""An index of texts: FTS5 with trigrams on SQLite, folded texts and a GIN index of their trigrams on PostgreSQL.

The folding is that of ``pipeline.text_search``; whoever changes it there fills the index anew in a migration.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LETTERS = {"ی": "يىې", "ک": "كڪ", "ه": "ةۀە", "ا": "أإٱآ", "و": "ؤ"} | {
    str(digit): chr(0x06F0 + digit) + chr(0x0660 + digit) for digit in range(10)
}
SILENT = "\u200c\u200d\u200e\u200f\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654"
OTHERS = "".join(LETTERS.values())
ONES = "".join(letter * len(others) for letter, others in LETTERS.items())
FOLDED = f"translate(%s, '{OTHERS}{SILENT}', '{ONES}')"

SQLITE = (
    # Messages that arrive have no trigger: ``pipeline.search_index`` tells why.
    """
    CREATE TRIGGER search_text_leaves AFTER DELETE ON feedback BEGIN
        INSERT INTO search_index (search_index, rowid, folded)
        VALUES ('delete', old.id, bazkhord_fold(old.text));
    END
    """,
    """
    CREATE TRIGGER search_text_changes AFTER UPDATE OF text ON feedback WHEN old.text <> new.text BEGIN
        INSERT INTO search_index (search_index, rowid, folded)
        VALUES ('delete', old.id, bazkhord_fold(old.text));
        INSERT INTO search_index (rowid, folded) VALUES (new.id, bazkhord_fold(new.text));
    END
    """,
    "INSERT INTO search_index (rowid, folded) SELECT id, bazkhord_fold(text) FROM feedback",
)
# Numbers, as texts would be compared by the rules of a language: eleven bits of the first letter, ten of the others.
TRIGRAMS = """
CREATE FUNCTION bazkhord_trigrams(said text) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters text[] := string_to_array(lower(said), NULL);
    n integer := coalesce(cardinality(letters), 0);
    found integer[];
    a integer; b integer; c integer;
BEGIN
    IF n < 3 THEN RETURN '{}'; END IF;
    found := array_fill(0, ARRAY[n - 2]);
    a := ascii(letters[1]); b := ascii(letters[2]);
    FOR i IN 3 .. n LOOP
        c := ascii(letters[i]);
        found[i - 2] := ((a & 2047) << 20) | ((b & 1023) << 10) | (c & 1023);
        a := b; b := c;
    END LOOP;
    RETURN found;
END $$
"""
POSTGRESQL = (
    "CREATE TABLE search_texts (feedback_id bigint CONSTRAINT pk_search_texts PRIMARY KEY, folded text NOT NULL)",
    TRIGRAMS,
    # Filled before the triggers are there: nobody who writes feedback waits as long as the index is built.
    f"INSERT INTO search_texts SELECT id, {FOLDED % 'text'} FROM feedback",
    "CREATE INDEX ix_search_texts_trigrams ON search_texts USING gin (bazkhord_trigrams(folded))",
    f"""
    CREATE FUNCTION bazkhord_keep_search_text() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO search_texts VALUES (new.id, {FOLDED % "new.text"})
        ON CONFLICT (feedback_id) DO UPDATE SET folded = excluded.folded;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION bazkhord_drop_search_text() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF tg_op = 'TRUNCATE' THEN
            TRUNCATE search_texts;
        ELSE
            DELETE FROM search_texts WHERE feedback_id = old.id;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER search_text_arrives AFTER INSERT ON feedback
    FOR EACH ROW EXECUTE FUNCTION bazkhord_keep_search_text()
    """,
    """
    CREATE TRIGGER search_text_changes AFTER UPDATE OF text ON feedback
    FOR EACH ROW WHEN (old.text IS DISTINCT FROM new.text) EXECUTE FUNCTION bazkhord_keep_search_text()
    """,
    """
    CREATE TRIGGER search_text_leaves AFTER DELETE ON feedback
    FOR EACH ROW EXECUTE FUNCTION bazkhord_drop_search_text()
    """,
    """
    CREATE TRIGGER search_texts_leave AFTER TRUNCATE ON feedback
    FOR EACH STATEMENT EXECUTE FUNCTION bazkhord_drop_search_text()
    """,
    # What others wrote in between; from here on they wait for the triggers, and no longer.
    f"""
    INSERT INTO search_texts SELECT id, {FOLDED % "text"} FROM feedback
    LEFT JOIN search_texts ON feedback_id = id WHERE folded IS DISTINCT FROM {FOLDED % "text"}
    ON CONFLICT (feedback_id) DO UPDATE SET folded = excluded.folded
    """,
    "DELETE FROM search_texts WHERE NOT EXISTS (SELECT FROM feedback WHERE id = feedback_id)",
)


def upgrade() -> None:
    """Words are found through an index; where SQLite is too old to have one, texts are read as before."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        _execute(connection, POSTGRESQL)
    elif _has_made_index(connection):
        _execute(connection, SQLITE)


def _execute(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def _has_made_index(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql(
            "CREATE VIRTUAL TABLE search_index USING fts5(folded, tokenize='trigram', content='', detail='none')"
        )
    except OperationalError:
        return False
    return True
