"""One message on its way into the store: cleaned, redacted, its author a key, its copies known as copies."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from pipeline.clean import clean, clean_text
from pipeline.identity import customer_key, known_as
from pipeline.key_ring import keyed_digest, ring_of
from pipeline.records import CleanFeedback, Feedback
from pipeline.redact import MaskKind, redact

MIN_GROUP_LETTERS = 40
TRUNCATED = "truncated"
_KEPT_NAMES = 1024  # queues, states and products come again and again, conversations a few times in a row
_SHORTEST_PERSONAL_DIGITS = 10  # a mobile's number without its zero
_SURELY_PERSONAL = frozenset({MaskKind.PHONE, MaskKind.EMAIL})

_LINK = re.compile(r"https?://\S+")
_PASSED_ON = re.compile(
    r"\s*(?:rt\s+(?:@\w+|<user>)\s*:?"
    r"|-{3,}\s*forwarded message\s*-{3,}"
    r"|(?:forwarded from|(?:فوروارد|بازارسال|هدایت|ارسال)[ \u200c]?شده از)\s?:?[^\n]*(?:\n|\Z))",
    re.IGNORECASE,
)
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_ONE_FORM = str.maketrans("يىئكةأإآٱؤ\u0640", "یییکهاااا" + "و" + " ")


_kept_customer_key = lru_cache(maxsize=_KEPT_NAMES)(customer_key)
_kept_known_as = lru_cache(maxsize=_KEPT_NAMES)(known_as)


def prepare(feedback: Feedback, *, identity_key: bytes) -> CleanFeedback:
    """The message as it may be stored: nothing in it says who wrote it, every data base can hold it.

    An identifier that holds a phone number or an address becomes a keyed digest, so that it still tells
    messages apart; a permalink that holds any personal data (a profile's name in it) is left out. A text
    longer than is kept has the attribute ``truncated``.

    Args:
        identity_key: bytes of ``load_identity_key``.
    """
    cleaned = clean(feedback.text, feedback.text_format)
    text = redact(cleaned.text).text
    attributes = _masked_attributes(feedback.attributes)
    return CleanFeedback(
        source=feedback.source,
        native_id=masked_id(feedback.native_id, identity_key),
        text=text,
        created_at=feedback.created_at,
        channel=feedback.channel,
        customer_key=_kept_customer_key(feedback.author, source=feedback.source, key=identity_key),
        known_as=_kept_known_as(feedback.author, source=feedback.source, key=identity_key),
        group_key=group_key(text),
        edited_at=feedback.edited_at,
        conversation_id=_masked_conversation(feedback.conversation_id, identity_key),
        brand=_masked_name(feedback.brand),
        product=_masked_name(feedback.product),
        touchpoint=_masked_name(feedback.touchpoint),
        segment=_masked_name(feedback.segment),
        queue=_masked_name(feedback.queue),
        status=_masked_name(feedback.status),
        rating=feedback.rating,
        nps=feedback.nps,
        csat=feedback.csat,
        ces=feedback.ces,
        permalink=_harmless_link(feedback.permalink),
        replies=feedback.replies,
        attributes={**attributes, TRUNCATED: "true"} if cleaned.truncated else attributes,
    )


def group_key(text: str) -> str | None:
    """Return what copies of one text share: SHA-256 of its letters and digits, whatever their forms.

    Retweet marks, forward headers and links do not count, nor do case, punctuation, spacing, emoji and
    Arabic or Persian letter forms (see docs/decisions/002-copies.md).

    Returns:
        ``None`` for fewer than 40 letters and digits: so short a text is written anew by many.
    """
    if len(text) < MIN_GROUP_LETTERS:
        return None
    while match := _PASSED_ON.match(text):
        text = text[match.end() :]
    unlinked = _LINK.sub(" ", text) if "://" in text else text
    one_form = unicodedata.normalize("NFKC", unlinked).translate(_ONE_FORM).casefold()
    letters = _NO_LETTER_OR_DIGIT.sub("", "".join(one_form.split()))
    if len(letters) < MIN_GROUP_LETTERS:
        return None
    return hashlib.sha256(letters.encode()).hexdigest()


@lru_cache(maxsize=_KEPT_NAMES)
def _masked_name(value: str | None) -> str | None:
    """Mask a name or code; ten digits there are an article's number, not a person's."""
    if value is None:
        return None
    cleaned = clean_text(value)
    redacted = redact(cleaned)
    if all(mask.kind in (MaskKind.NATIONAL_ID, MaskKind.POSTAL_CODE) for mask in redacted.masks):
        return cleaned or None
    return redacted.text


@lru_cache(maxsize=_KEPT_NAMES)
def _masked_conversation(value: str | None, key: bytes) -> str | None:
    return None if value is None else masked_id(value, key)


def masked_id(value: str, key: bytes) -> str:
    """Return the identifier of a message or conversation as it is stored: a digest where it is personal data.

    It outlives rotations, as messages are known again by it: the first secret of the present chain makes it.
    """
    if len(value) < _SHORTEST_PERSONAL_DIGITS and value.isascii() and value.isdigit():
        return value
    cleaned = clean_text(value)
    if any(mask.kind in _SURELY_PERSONAL for mask in redact(cleaned).masks):
        return keyed_digest("bazkhord id 1", cleaned, key=ring_of(key).present[0])
    return cleaned


@lru_cache(maxsize=_KEPT_NAMES)
def _harmless_link(link: str | None) -> str | None:
    if link is None:
        return None
    cleaned = clean_text(link)
    return None if redact(cleaned).masks else cleaned


def _masked_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    return {_cleaned_name(name): _masked_value(value) for name, value in attributes.items()}


@lru_cache(maxsize=_KEPT_NAMES)
def _cleaned_name(name: str) -> str:
    return clean_text(name)


@lru_cache(maxsize=_KEPT_NAMES)
def _masked_value(value: str) -> str:
    return redact(clean_text(value)).text
