"""Every error that bazkhord raises on purpose, grouped by what the caller should do.

BazkhordError
├── RetryLater             the source is away or asks for patience: run again, nothing is lost
│   └── SourceBusy         another process pulls it now
├── SkipRecord             one row cannot be read: it becomes a dead letter, the rest goes on
├── StopSource             this source cannot go on until a person changes something
│   ├── SourceChanged      the file changed while it was read: run again
│   └── PlaceRefused       the service does not take the parameters of a request
├── StopRun                nothing can go on: configuration, weights, data base
│   ├── SettingsError
│   └── StoreError
└── BadRequest             a question that the API or the command line cannot answer as asked

A message says what was given, what was expected and what to do next; it never holds message text,
names or secrets.
"""

from __future__ import annotations


class BazkhordError(Exception):
    """Root of the tree; ``str(error)`` is fit to be shown to a person."""


class RetryLater(BazkhordError):
    """The source did not answer as it should; the same call may work later."""


class SourceBusy(RetryLater):
    """Another process pulls the source now; it is no failure of the source."""


class SkipRecord(BazkhordError):
    """One row cannot be read.

    Args:
        message: What was given and expected, without the row's contents.
        native_id: Identifier of the row, where that much could be read.
    """

    def __init__(self, message: str, *, native_id: str | None = None) -> None:
        super().__init__(message)
        self.native_id = native_id


class StopSource(BazkhordError):
    """This source cannot go on until a person changes something; other sources can."""


class SourceChanged(StopSource):
    """A file changed while it was read; running again reads the new one."""


class PlaceRefused(StopSource):
    """The service does not take what a request asks for, perhaps as the token of a page is too old."""


class StopRun(BazkhordError):
    """Nothing can go on until a person changes something."""


class SettingsError(StopRun):
    """A setting is missing or wrong; the message names it and the values it may have."""


class StoreError(StopRun):
    """The data base cannot be used; the message says why and what to do."""


class BadRequest(BazkhordError):
    """A question with a wrong parameter.

    Args:
        message: What was given and which values are allowed.
        parameter: Name of the parameter as the caller wrote it.
    """

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter
