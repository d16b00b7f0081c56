"""Python's garbage collector looks seldom, and not through what lives as long as the process.

It frees only what refers to itself in a circle, which next to nothing here does; all else is freed by its count of
references. By default it looks after every 700 new objects, and a batch of messages is some hundred thousand, which
it went through again and again: an eighth of the time of ``bazkhord run`` (perf, ``make bench``).
"""

from __future__ import annotations

import gc

# New objects after which it looks through the new ones, and after how many of these looks through older ones.
LOOKS_AFTER = (100_000, 50, 100)


def spare_collector() -> None:
    """All that lives now is taken to stay and is no longer looked through for circles; what comes is, but seldom.

    What the libraries define takes a tenth of a second to look through, again and again while messages are read; it
    was a twentieth of the time of a pull, and fell into the middle of answers.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOKS_AFTER)
