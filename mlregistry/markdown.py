"""Markdown that people write, as HTML that a page can hold: what it may become is listed, the rest is dropped."""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote

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


def rendered(markdown: str) -> SafeString:
    """`markdown` as HTML without scripts, styles, images or links to anything but the web and mail."""
    return mark_safe(_CLEANER.clean(_PARSER.render(markdown)))  # noqa: S308  it has just been cleaned


def literal(text: str) -> str:
    """`text` on one line, so written that within a line of Markdown it shows as it is."""
    return _MEANS_SOMETHING.sub(r"\\\g<0>", " ".join(text.split()))
