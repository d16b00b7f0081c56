"""Indexes and statistics that the plans of the statements ask for, and none that they do not.

SQLite goes from messages to their mentions, so that it has no use for mentions in the order of their labels. Where it
knows nothing of the data, it takes a source for ten messages and reads all of it to find those of a day. PostgreSQL
takes five messages of a thousand for what is no spam, unless it counts them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OF_LABELS = ("ix_mentions_stage_intent_sentiment", "ix_mentions_aspect_sentiment")
COUNTS_EXPRESSIONS = (14, 0)
# Rows, and how many of them share the first column, the first two and so on: about as of 71,536 messages.
SHARED = {
    "feedback": {
        "sqlite_autoindex_feedback_1": "71536 7154 1",
        "ix_feedback_in_time": "71536 2" + " 1" * 15,
        "ix_feedback_customer_key": "71536 3",
        "ix_feedback_group_key": "71536 2",
        "ix_feedback_conversation_id": "71536 4",
        "ix_feedback_surveyed": "5000 2",
        "ix_feedback_waiting": "1000 2 1 1",
        "uq_feedback_counted_copy": "5000 1",
    },
    "corrections": {"ix_corrections_feedback_id": "1000 2"},
}


def upgrade() -> None:
    """Mentions have one index on SQLite, which knows how feedback is shared; PostgreSQL 14 counts the spam."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for name in OF_LABELS:
            op.drop_index(name, "mentions")
        op.execute("DELETE FROM sqlite_stat1 WHERE tbl IN ('feedback', 'corrections')")
        statistics = sa.table("sqlite_stat1", sa.column("tbl"), sa.column("idx"), sa.column("stat"))
        rows = [
            {"tbl": table, "idx": index, "stat": stat}
            for table, of_table in SHARED.items()
            for index, stat in of_table.items()
        ]
        op.bulk_insert(statistics, rows)
    elif (connection.dialect.server_version_info or (0,)) >= COUNTS_EXPRESSIONS:
        op.execute("CREATE STATISTICS st_feedback_spam ON (flags & 8::smallint) FROM feedback")
        op.execute("ANALYZE feedback")
