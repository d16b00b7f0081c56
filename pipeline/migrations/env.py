"""Run by Alembic: migrates over the connection and in the transaction that the store hands in."""

from __future__ import annotations

from alembic import context

from pipeline.tables import Row

context.configure(connection=context.config.attributes["connection"], target_metadata=Row.metadata)
context.run_migrations()
