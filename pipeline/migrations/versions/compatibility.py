"""The data base says which code works on it, so that old processes may start again while newer ones run.

On SQLite the index of texts bears messages that older code stores: it knows nothing of the index, so such a message
is not in it until newer code stores another, and taking out what is not in it is an error to FTS5.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IS_INDEXED = "EXISTS (SELECT 1 FROM search_index_docsize WHERE id = old.id)"
TRIGGERS = (
    "DROP TRIGGER search_text_leaves",
    "DROP TRIGGER search_text_changes",
    f"""
    CREATE TRIGGER search_text_leaves AFTER DELETE ON feedback WHEN {IS_INDEXED} BEGIN
        INSERT INTO search_index (search_index, rowid, folded)
        VALUES ('delete', old.id, bazkhord_fold(old.text));
    END
    """,
    f"""
    CREATE TRIGGER search_text_changes AFTER UPDATE OF text ON feedback
    WHEN old.text <> new.text AND {IS_INDEXED} BEGIN
        INSERT INTO search_index (search_index, rowid, folded)
        VALUES ('delete', old.id, bazkhord_fold(old.text));
        INSERT INTO search_index (rowid, folded) VALUES (new.id, bazkhord_fold(new.text));
    END
    """,
)


def upgrade() -> None:
    """The table is there, whoever migrates writes its row; the index of texts bears older code."""
    op.create_table(
        "schema_compat",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("oldest_code", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schema_compat"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table("search_index"):
        for statement in TRIGGERS:
            op.execute(statement)
