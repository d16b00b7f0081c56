"""Personal data in a text is replaced by masks that name its kind, with a map back to the original.

Rules, strongest first; an earlier rule takes its characters before a later one looks:

========================  ==================================================================================
``<email>``               anything@word, dotted or not (RFC 5321, 4.5.3.1 for the characters), also with
                          spaces or "(at)" before a well-known mail host
``<user>``                links to a profile (t.me, instagram.com, ...), then ``@name``
``<sheba>``               IR and 24 digits, or 24 digits alone; ISO 13616 check (mod 97)
``<card>``                16 digits, whole or in fours; ISO/IEC 7812-1 check (Luhn)
``<plate>``               two digits, letter, three digits with «ایران» and two digits; after «پلاک» the
                          motorcycle's three and five digits too
``<postal_code>``         ten digits beside «کد پستی», or five-five with a dash where the digits keep the
                          rule of Iran's postal code (no 0 or 2 in the first five, the fifth no 5, no 2 after)
``<phone>``               mobile or landline with its prefix, or a mobile's bare ten digits; numbering plan
                          of Iran as kept by libphonenumber
``<national_id>``         ten digits, whole or three-six-one, that pass the check digit (weights 10 to 2,
                          modulo 11), not 000 and not ten times one digit
========================  ==================================================================================

Digits of every script count, mixed too; invisible characters, spaces, dashes and dots may stand between
the digits of one number. Prices, dates, times, versions and numbers that fail their check digit stay. One
ten-digit number in eleven passes it by chance: it is masked, since the safe error is to mask too much.
Names, and digits written as words, are a known limit.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from phonenumbers import PhoneNumber, is_valid_number


class MaskKind(StrEnum):
    """What a mask stands for; the mask is the name in angle brackets."""

    EMAIL = "email"
    USER = "user"
    SHEBA = "sheba"
    CARD = "card"
    PLATE = "plate"
    POSTAL_CODE = "postal_code"
    PHONE = "phone"
    NATIONAL_ID = "national_id"


@dataclass(frozen=True, slots=True)
class Mask:
    """One replaced piece; all four offsets are code points, ends are exclusive.

    Args:
        start: Where the mask begins in the masked text.
        original_start: Where the personal data began in the text that was given.
    """

    kind: MaskKind
    start: int
    end: int
    original_start: int
    original_end: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without personal data, and the way back to where everything was."""

    text: str
    masks: tuple[Mask, ...] = ()

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the given text that became ``text[start:end]``.

        A span that touches a mask takes in all that the mask hides.
        """
        first = self._mask_over(start)
        last = self._mask_over(end - 1) if end > start else None
        original_start = first.original_start if first else self._shifted(start)
        if end <= start:
            return original_start, original_start
        return original_start, last.original_end if last else self._shifted(end - 1) + 1

    def original_offset(self, offset: int) -> int:
        """Return where a character of ``text`` was; inside a mask, the begin of what it hides."""
        return self.original_span(offset, offset)[0]

    def _mask_over(self, offset: int) -> Mask | None:
        at = bisect_right(self.masks, offset, key=lambda mask: mask.start) - 1
        return self.masks[at] if at >= 0 and offset < self.masks[at].end else None

    def _shifted(self, offset: int) -> int:
        at = bisect_right(self.masks, offset, key=lambda mask: mask.start) - 1
        return offset + (self.masks[at].original_end - self.masks[at].end if at >= 0 else 0)


_INVISIBLE = "\u00ad\u0640\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe0f\ufeff"
_SPACE_DASH = r" \t\u00a0\u2007\u2009\u202f\-\u2010-\u2015\u2212"
_H = f"[{_INVISIBLE}]{{0,3}}"
_GAP = f"[{_INVISIBLE}{_SPACE_DASH}._()]{{0,4}}"
_WIDE_GAP = f"[{_INVISIBLE}{_SPACE_DASH}._()/]{{0,4}}"
_NARROW_GAP = f"[{_INVISIBLE}{_SPACE_DASH}]{{0,2}}"
_NOT_MONEY = r"(?!\d)(?![.,/\u066b\u066c\-]\d)(?!\s{0,2}(?:تومان|تومن|ریال|ريال|هزار))"


def _digits(n: int, gap: str = _H) -> str:
    return r"\d" + rf"(?:{gap}\d)" * (n - 1) if n < 4 else rf"\d(?:{gap}\d){{{n - 1}}}"


_MAIL_HOST = r"(?:gmail|yahoo|ymail|hotmail|outlook|live|icloud|chmail|protonmail|aol|msn)"
_LOCAL_PART = r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]++"
_EMAIL = (
    rf"{_LOCAL_PART}@(?=[A-Za-z0-9.\-]*[A-Za-z])[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*"
    rf"|{_LOCAL_PART}\s?(?:@|[(\[]at[)\]])\s?{_MAIL_HOST}(?:\s?(?:\.|[(\[]dot[)\]])\s?(?:com|org|net|ir|me)\b)?"
)
_PROFILE = (
    r"(?<![A-Za-z0-9.\-])(?:https?://)?(?:(?:www|m|web)\.)?"
    r"(?:t\.me|telegram\.(?:me|dog|org)|instagram\.com|instagr\.am|(?:twitter|x|facebook|threads|tiktok)\.com"
    r"|linkedin\.com/in|ble\.ir|eitaa\.com|rubika\.ir|virasty\.com|aparat\.com)/"
    r"(?!(?:p|reel|tv|explore|share|status|hashtag)/)(?:s/)?[@+]?\w(?:[\w.\-]*\w)?(?:[/?#][\w/?=&%.#\-]*\w)?"
)
_HANDLE = (
    r"(?<![A-Za-z0-9._%+\-])@(?:(?=[A-Za-z0-9_.]*[A-Za-z_])[A-Za-z0-9_](?:[A-Za-z0-9_.]{0,62}[A-Za-z0-9_])?"
    r"|[^\W\dA-Za-z_]\w{0,62})"
)
_SHEBA = (
    rf"(?<![A-Za-z\d])IR{_GAP}{_digits(24, _GAP)}(?!\d)"
    rf"|(?<!\d)(?:{_digits(24)}|{_digits(2)}(?:{_GAP}{_digits(4)}){{5}}{_GAP}{_digits(2)})(?!\d)"
)
_CARD = rf"(?<!\d){_digits(4)}(?:{_WIDE_GAP}{_digits(4)}){{3}}{_NOT_MONEY}"

_PLATE_GAP = f"[{_INVISIBLE}{_SPACE_DASH}._/|:]{{0,3}}"
_PLATE_LETTER = "(?:الف|هـ|[بپتثجدزژسشصطعفقکكگلمنوهةیيىDdSs])"
_PLATE_LETTER_ALONE = "(?:الف|هـ|[بپتثجدزژسصطعفقکكگلنهیي])"  # not «و» (and), «م» (metre), «ش» (date)
_IRAN = rf"{_PLATE_GAP}ا[یيى]ران{_PLATE_GAP}"
_TWO, _THREE = _digits(2), _digits(3)
_PLATE_CORE = rf"{_TWO}{_PLATE_GAP}{_PLATE_LETTER}{_PLATE_GAP}{_THREE}"
_PLATE = (
    rf"(?<!\d){_PLATE_CORE}{_IRAN}{_TWO}(?!\d)"
    rf"|ا[یيى]ران{_PLATE_GAP}{_TWO}{_PLATE_GAP}{_PLATE_CORE}(?!\d)"
    rf"|(?<!\d){_TWO}{_IRAN}(?:{_THREE}{_PLATE_GAP}{_PLATE_LETTER}{_PLATE_GAP}{_TWO}|{_PLATE_CORE})(?!\d)"
    rf"|(?<!\d){_TWO}{_PLATE_GAP}{_PLATE_LETTER_ALONE}{_PLATE_GAP}{_THREE}{_PLATE_GAP}{_TWO}(?!\d)"
    rf"|پلاک[^\d<>]{{0,20}}(?P<plate>{_PLATE_CORE}(?:(?:{_IRAN}|{_PLATE_GAP}){_TWO})?|{_THREE}{_PLATE_GAP}{_digits(5)})(?!\d)"
)
_POSTAL_WORD = r"(?:کد[\s\u200c]{0,2}پست[یيى]|(?:postal|post|zip)[ \-]?code|code[ \-]?posti)"
_POSTAL = (
    rf"{_POSTAL_WORD}[^\d<>]{{0,25}}(?P<after>{_digits(10, _NARROW_GAP)})(?!\d)"
    rf"|(?<!\d)(?P<before>{_digits(10, _NARROW_GAP)})[\s:]{{0,3}}{_POSTAL_WORD}"
)
_DASHED_POSTAL = rf"(?<!\d)(?<!\d[\-.,/]){_digits(5)}[\-\u2010-\u2015\u2212]{_digits(5)}{_NOT_MONEY}"
_POSTAL_RULE = re.compile(r"(?!(\d)\1{3})[13-9]{4}[1346-9][013-9]{5}")

_COUNTRY = rf"(?:[+\uff0b]{_GAP}|0{_H}0{_GAP})9{_H}8{_GAP}(?:0{_GAP})?"
_BEFORE_BARE = r"(?<![\dA-Za-z_])(?<!\d[.,/\u066b\u066c\-])(?<![A-Za-z][/=\-])"
_PHONE = (
    rf"(?:{_COUNTRY}|(?<!\d)9{_H}8{_GAP}|(?<!\d)0{_WIDE_GAP})9(?:{_WIDE_GAP}\d){{9}}(?!\d)"
    rf"|(?:{_COUNTRY}|(?<!\d)\(?0{_GAP})[1-8](?:{_GAP}\d){{8}}{_H}\d(?!\d)"
    rf"|{_BEFORE_BARE}9{_H}{_TWO}{_NARROW_GAP}{_THREE}{_NARROW_GAP}{_TWO}{_NARROW_GAP}{_TWO}{_NOT_MONEY}"
)
_DATE = re.compile(
    r"(?<!\d)\d{1,2}([/.\-])\d{1,2}\1(?:1[34]|19|20)\d\d(?!\d)"
    r"|(?<!\d)(?:1[34]|19|20)\d\d([/.\-])\d{1,2}\2"
)
_NATIONAL_ID = rf"{_BEFORE_BARE}(?:{_digits(10)}|{_THREE}[ \-]{_digits(6)}[ \-]\d){_NOT_MONEY}"


_TO_LATIN = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(0x80, sys.maxunicode + 1)
    if unicodedata.category(chr(code)) == "Nd"
}


def _plain_digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _is_sheba(raw: str) -> bool:
    digits = _plain_digits(raw)
    return int(digits[2:] + "1827" + digits[:2]) % 97 == 1


def _is_card(raw: str) -> bool:
    digits = _plain_digits(raw)
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return digits[0] != "0" and (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_phone(raw: str) -> bool:
    if _DATE.search(raw):
        return False
    return is_valid_number(PhoneNumber(country_code=98, national_number=int(_plain_digits(raw)[-10:])))


def _is_national_id(raw: str) -> bool:
    digits = _plain_digits(raw)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    check = rest if rest < 2 else 11 - rest
    return int(digits[9]) == check and not digits.startswith("000") and len(set(digits)) > 1


def _is_postal_code(raw: str) -> bool:
    return _POSTAL_RULE.fullmatch(_plain_digits(raw)) is not None


_TELL_TALE = re.compile(r"[@\d/(\[]")  # what is worth a look has one of these, and most texts have none
_WORTH_A_LOOK = re.compile(
    rf"@|\d(?:{_WIDE_GAP}\d){{4}}|[(\[]at[)\]]|\.(?:me|dog|org|com|am|ir)/|\d{_PLATE_GAP}{_PLATE_LETTER}{_PLATE_GAP}\d",
    re.IGNORECASE,
)
_HAS_MAIL = re.compile(r"@|[(\[]at[)\]]", re.IGNORECASE)
_HAS_HANDLE = re.compile("@")
_HAS_LINK = re.compile("/")
_HAS_NUMBER = re.compile(rf"\d(?:{_WIDE_GAP}\d){{9}}")
_HAS_POSTAL_WORD = re.compile(_POSTAL_WORD, re.IGNORECASE)
_HAS_PLATE = re.compile(rf"\d{_PLATE_GAP}{_PLATE_LETTER}{_PLATE_GAP}\d|پلاک")


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: MaskKind
    pattern: re.Pattern[str]
    worth_it: re.Pattern[str]
    accepts: Callable[[str], bool] | None = None


def _rule(
    kind: MaskKind, pattern: str, worth_it: re.Pattern[str], accepts: Callable[[str], bool] | None = None
) -> _Rule:
    return _Rule(kind, re.compile(pattern, re.IGNORECASE), worth_it, accepts)


_RULES = (
    _rule(MaskKind.EMAIL, _EMAIL, _HAS_MAIL),
    _rule(MaskKind.USER, _PROFILE, _HAS_LINK),
    _rule(MaskKind.USER, _HANDLE, _HAS_HANDLE),
    _rule(MaskKind.SHEBA, _SHEBA, _HAS_NUMBER, _is_sheba),
    _rule(MaskKind.CARD, _CARD, _HAS_NUMBER, _is_card),
    _rule(MaskKind.PLATE, _PLATE, _HAS_PLATE),
    _rule(MaskKind.POSTAL_CODE, _POSTAL, _HAS_POSTAL_WORD),
    _rule(MaskKind.POSTAL_CODE, _DASHED_POSTAL, _HAS_NUMBER, _is_postal_code),
    _rule(MaskKind.PHONE, _PHONE, _HAS_NUMBER, _is_phone),
    _rule(MaskKind.NATIONAL_ID, _NATIONAL_ID, _HAS_NUMBER, _is_national_id),
)


def redact(text: str) -> Redacted:
    """Every piece of personal data is replaced by its mask; redacting the result again changes nothing.

    >>> redact("شمارم ۰۹۱۲ ۱۲۳ ۴۵۶۷ هست").text
    'شمارم <phone> هست'
    """
    if not _TELL_TALE.search(text) or not _WORTH_A_LOOK.search(text):
        return Redacted(text)
    found = sorted(_find(text))
    pieces: list[str] = []
    masks: list[Mask] = []
    read = written = 0
    for start, end, kind in found:
        mask = f"<{kind}>"
        pieces += (text[read:start], mask)
        written += start - read
        masks.append(Mask(kind, written, written + len(mask), start, end))
        written += len(mask)
        read = end
    return Redacted("".join((*pieces, text[read:])), tuple(masks))


def _find(text: str) -> list[tuple[int, int, MaskKind]]:
    """Return where personal data is; what one rule took is hidden from the next.

    Taking one piece away may free another (two addresses glued together), so the rules run until
    they find nothing more.
    """
    found: list[tuple[int, int, MaskKind]] = []
    text = text.translate(_TO_LATIN)
    while True:
        n_before = len(found)
        for rule in _RULES:
            if rule.worth_it.search(text):
                spans = list(_matches(rule, text))
                found += [(start, end, rule.kind) for start, end in spans]
                text = _hide(text, spans)
        if len(found) == n_before:
            return found


def _matches(rule: _Rule, text: str) -> Iterator[tuple[int, int]]:
    for match in rule.pattern.finditer(text):
        start, end = match.span(match.lastgroup or 0)
        if rule.accepts is None or rule.accepts(text[start:end]):
            yield start, end


def _hide(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    read = 0
    for start, end in spans:
        pieces += (text[read:start], "<" * (end - start))
        read = end
    return "".join((*pieces, text[read:]))
