"""Markdown that people write, as HTML that a page can hold: what it may become is listed, the rest is dropped."""

import re
from collections.abc import Collection

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote
from markdown_it.token import Token

_TAGS = set("p br hr h1 h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li table thead tbody tr th td a".split())
_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>&~|]")


def _blockquote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quotation ends where lines cease to begin with `>`.

    Without this, the rule looks through all that follows for lines that might belong to it, once for each quotation.
    """
    last = start + 1
    while last < end and state.src.startswith(">", state.bMarks[last] + state.tShift[last]):
        last += 1
    whole, state.lineMax = state.lineMax, last
    try:
        return blockquote(state, start, last, silent)
    finally:
        state.lineMax = whole


_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_PARSER.block.ruler.at("blockquote", _blockquote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href", "title"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
)


def rendered(markdown: str, names: Collection[str] = ()) -> SafeString:
    """`markdown` as HTML without scripts, styles, images or links to anything but the web and mail.

    Where its text names one of `names` with @, that is set off.
    """
    parsed = _PARSER.parse(markdown)
    if names:
        mention = re.compile("(" + "|".join(re.escape(f"@{name}") for name in sorted(names, reverse=True)) + r")(?!\w)")
        for token in parsed:
            if token.children:
                token.children = [piece for child in token.children for piece in _set_off(child, mention)]
    html = _PARSER.renderer.render(parsed, _PARSER.options, {})
    return mark_safe(_CLEANER.clean(html))  # noqa: S308  it has just been cleaned


def _set_off(token: Token, mention: re.Pattern[str]) -> list[Token]:
    """A piece of text as several, those that name somebody strong."""
    if token.type != "text" or not mention.search(token.content):
        return [token]
    pieces = []
    for number, words in enumerate(mention.split(token.content)):
        text = Token("text", "", 0, content=words, level=token.level)
        is_name = number % 2 == 1
        pieces += [Token("strong_open", "strong", 1), text, Token("strong_close", "strong", -1)] if is_name else [text]
    return pieces


def literal(text: str) -> str:
    """`text` on one line, so written that within a line of Markdown it shows as it is."""
    return _MEANS_SOMETHING.sub(r"\\\g<0>", " ".join(text.split()))
