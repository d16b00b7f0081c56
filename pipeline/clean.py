"""Raw text to the customer's own words: HTML, quoted mail and unstorable characters are taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailparser_reply import EmailMessage
from mailparser_reply.constants import MAIL_LANGUAGES, QUOTED_MATCH_INCLUDE
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.records import TextFormat

MAX_TEXT_CHARS = 100_000
_MAX_HTML_CHARS = 1_000_000
_MAX_TREE_CHARS = 300_000
_MAX_MAIL_CHARS = 10_000
_MAX_LINE_CHARS = 998  # RFC 5322, 2.1.1: no line of a mail header may be longer

_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_REPLACEMENTS = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)]),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF]),
    **dict.fromkeys(map(ord, _LINE_ENDS), "\n"),
    0x00: "\ufffd",
    0x09: "\t",
    0x0A: "\n",
}

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*(?:>|\Z)")
_LOOKS_LIKE_HTML = re.compile(r"<(?:html|body|div|p|br|table|blockquote|span)\b[^<>]*>", re.IGNORECASE)
_FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_UNNESTED = frozenset(
    ["area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta"]
).union(["option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "wbr"])
_MAX_OPEN_FORMATTING = 16
_MAX_OPEN_TAGS = 200
_INVISIBLE = ["script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "select"]
_QUOTES = (
    "blockquote, .gmail_quote, .gmail_attr, .gmail_signature, .yahoo_quoted, .moz-cite-prefix,"
    " .moz-signature, .protonmail_quote, aside.quote"
)
_QUOTED_FROM_HERE = "#divRplyFwdMsg, #appendonsend"
_BLOCKS = frozenset(
    ["address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3"]
).union(["h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul"])
_CELLS = frozenset(["td", "th"])
_LINE_MARK = "\x1f"  # no text holds it: it is struck out before and cannot be written as an entity
_SPACES = re.compile(r"[ \t\n]{2,}|[\t\n]")  # a single blank stays as it is
_LINE_MARKS = re.compile(rf" ?(?:{_LINE_MARK} ?)+")
_MAY_HOLD_INVISIBLE = re.compile(rf"<(?:{'|'.join(_INVISIBLE)})", re.IGNORECASE)
_MAY_HOLD_QUOTES = re.compile(r"<blockquote|\b(?:class|id)\b", re.IGNORECASE)

_AUTO_REPLY = re.compile(
    r"\A(?:subject|موضوع)?:?\s*(?:"
    r"(?:پاسخ|جواب)[ \u200c]?خودکار\s*(?::|$)"
    r"|auto(?:matic)?[ -]?(?:reply|response)\s*(?::|$)|out of (?:the )?office\b)"
    r"|\A.{0,300}?(?:این (?:یک )?(?:پیام|ایمیل|پاسخ|نامه)(?: به[ \u200c]صورت)? خودکار (?:است|ارسال|می)"
    r"|this is an automat(?:ed|ic) (?:reply|response|message))",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)

_LAST_LINES = r"(?:\n[^\n]{0,60}){0,5}\Z"
# The parser's own way of learning a language is an entry in this table; every quantifier is bounded.
MAIL_LANGUAGES["fa"] = {
    "wrote_header": (
        rf"^({QUOTED_MATCH_INCLUDE}(?:[^\n]{{0,80}} )?در (?:"
        r"تاریخ (?=[^\n]{0,120}\d)[^\n]{2,160}\n?[^\n]{0,120}|(?=[^\n]{0,120}\d)[^\n]{2,160}\n?[^\n]{0,80}[@<][^\n]{0,120})"
        r"\s?نوشت(?:ه[ \u200c]?است|ه)?\s?:)$"
        r"|^(-{5,}\s?(?:پیام اصلی|پیام (?:هدایت|ارجاع|فوروارد)[ \u200c]?شده|forwarded message)\s?-{5,})$"
    ),
    "from_header": (
        rf"((?:(?:^|\n|\n{QUOTED_MATCH_INCLUDE})[* ]*"
        r"(?:از|فرستنده|به|گیرنده|تاریخ|ارسال[ \u200c]شده|زمان ارسال|موضوع|رونوشت)\s?:[^\n]{0,300}){2,})"
    ),
    "signatures": [
        rf"با(?: کمال)?\s(?:تشکر|احترام|سپاس)(?:\s(?:فراوان|و احترام|از شما))?[،,.! ]*$(?={_LAST_LINES})",
        rf"(?:ارادتمند|با آرزوی موفقیت)[،,.! ]*$(?={_LAST_LINES})",
    ],
    "sent_from": r"(?:ارسال|فرستاده)[ \u200c]?شده (?:از|با)|فرستاده از",
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The customer's own words; ``truncated`` says that more was there than is kept."""

    text: str
    truncated: bool = False


def clean_text(text: str, text_format: TextFormat = TextFormat.PLAIN) -> str:
    """Return the text of ``clean``, for callers that need not know whether it was cut.

    >>> clean_text("<p>سلام <b>بسته</b> نرسید</p><script>x()</script>", TextFormat.HTML)
    'سلام بسته نرسید'
    """
    return clean(text, text_format).text


def clean(
    text: str, text_format: TextFormat = TextFormat.PLAIN, *, limit_chars: int = MAX_TEXT_CHARS
) -> Cleaned:
    """Only the customer's own words are left, and every data base can store them.

    Plain text passes untouched but for its ends, line ends (all become line feeds), NUL and lone
    surrogates (U+FFFD), other control characters, byte-order marks and the bidi embeddings, overrides
    and isolates U+202A-202E and U+2066-2069 (removed: they could turn the page around). Joiners
    (ZWNJ, ZWJ) and the marks U+200E and U+200F stay. Cleaning the result again as plain text changes nothing.

    Args:
        text: As the source gave it; any string, lone surrogates included.
        text_format: HTML loses tags, scripts and quoted blocks; a mail loses quoted replies,
            signatures and, where the whole of it is an automatic reply, everything.
        limit_chars: Longest text kept, in code points; a mail is read up to 10,000.
    """
    text = _storable(text)
    truncated = False
    if text_format is TextFormat.HTML or (text_format is TextFormat.EMAIL and _LOOKS_LIKE_HTML.search(text)):
        truncated = len(text) > _MAX_TREE_CHARS
        text = _storable(_html_to_text(text[:_MAX_HTML_CHARS]))
    if text_format is TextFormat.EMAIL:
        text, cut = _own_words(text)
        truncated = truncated or cut
    text = text.strip()
    if len(text) > limit_chars:
        return Cleaned(text[:limit_chars].rstrip(), truncated=True)
    return Cleaned(text, truncated)


def _storable(text: str) -> str:
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if _UNSTORABLE.search(text):
        text = text.replace("\r\n", "\n").translate(_REPLACEMENTS)
    return text


def _html_to_text(html: str) -> str:
    if _nests_too_deep(html):
        return re.sub(r"\n{2,}", "\n", _TAG.sub("\n", html))
    tree = LexborHTMLParser(html[:_MAX_TREE_CHARS])
    if _MAY_HOLD_INVISIBLE.search(html):
        tree.strip_tags(_INVISIBLE)
    if not _MAY_HOLD_QUOTES.search(html):
        return _visible_text(tree)
    quotes, quoted_from_here = tree.css(_QUOTES), tree.css_first(_QUOTED_FROM_HERE)
    if not quotes and quoted_from_here is None:
        return _visible_text(tree)
    whole = _visible_text(tree.clone())
    for node in quotes:
        node.decompose()
    _drop_from(tree.css_first(_QUOTED_FROM_HERE))
    return _visible_text(tree) or whole


def _drop_from(node: LexborNode | None) -> None:
    while node is not None:
        following = node.next
        node.decompose()
        node = following


def _visible_text(tree: LexborHTMLParser) -> str:
    root = tree.body or tree.root
    if root is None:
        return ""
    for node, tag in [(node, node.tag) for node in root.traverse()]:
        if tag in _BLOCKS:
            node.insert_before(_LINE_MARK)
            node.insert_after(_LINE_MARK)
        elif tag in _CELLS:
            node.insert_after(" ")
    return _LINE_MARKS.sub("\n", _SPACES.sub(" ", root.text())).strip()


def _nests_too_deep(html: str) -> bool:
    """Say whether building a tree could take more than linear time or memory.

    Unclosed blocks make the standard's tree construction quadratic (100,000 nested ``div`` take 35 s),
    and every unclosed formatting tag is repeated in each later block.
    """
    if html.count("<") <= _MAX_OPEN_FORMATTING:
        return False
    n_open: dict[str, int] = {}
    n_formatting = n_other = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _UNNESTED:
            continue
        change = -1 if match[1] else 1
        if n_open.get(name, 0) + change < 0:
            continue
        n_open[name] = n_open.get(name, 0) + change
        if name in _FORMATTING:
            n_formatting += change
        else:
            n_other += change
        if n_formatting > _MAX_OPEN_FORMATTING or n_other > _MAX_OPEN_TAGS:
            return True
    return False


def _own_words(text: str) -> tuple[str, bool]:
    """Return what the writer of a mail added to the thread, and whether more than that was cut."""
    if _AUTO_REPLY.search(text):
        return "", False
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()
    head = re.sub(rf"([^\n]{{{_MAX_LINE_CHARS}}})(?!\n)", r"\1\n", text[:_MAX_MAIL_CHARS])
    message = EmailMessage(text=head, languages=["fa", "en"], keep_hyphen_lists=True).read()
    bodies = (_unquoted(reply.body) for reply in message.replies)
    own = next((body for body in bodies if body), "")
    return own, len(text) > _MAX_MAIL_CHARS and len(message.replies) == 1


def _unquoted(body: str) -> str:
    lines = [line for line in body.split("\n") if not line.startswith(">")]
    return "\n".join(lines).strip()
