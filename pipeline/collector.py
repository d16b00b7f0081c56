"""What lives as long as the process is kept out of the garbage collector's way."""

from __future__ import annotations

import gc


def spare_collector() -> None:
    """All that lives now is taken to stay: it is no longer looked through for cycles.

    What the libraries define takes a tenth of a second to look through, again and again while messages are read; it
    was a twentieth of the time of a pull, and fell into the middle of answers.
    """
    gc.collect()
    gc.freeze()
