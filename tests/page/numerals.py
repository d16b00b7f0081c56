"""Numbers as the page writes them, in either language."""

from __future__ import annotations

import re

_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")


def number_in(words: str) -> int:
    """Return the first whole number in some words.

    >>> number_in("دیدن هر ۱٬۴۰۴ پیام")
    1404
    """
    found = re.search(r"\d[\d٬,]*", words.translate(_TO_LATIN))
    if found is None:
        raise ValueError(f"no number in {words!r}")
    return int(re.sub(r"[٬,]", "", found.group()))
