"""What Markdown may become, whatever is written into it (SECURITY.md F8)."""

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.registry.limits import CARD_SECTION
from mlregistry.markdown import literal, rendered

CANARIES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "javascript:alert(1)",
    "</p><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "<style>*{background:url(//evil.example)}</style>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext></table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "data:text/html,<script>alert(1)</script>",
]
CONSTRUCTS = [
    "{}",
    "# {}",
    "{}\n===",
    "*{}*",
    "**{}**",
    "~~{}~~",
    "`{}`",
    "```{}\nx\n```",
    "```\n{}\n```",
    "    {}",
    "> {}",
    "- {}",
    "1. {}",
    "[{}](https://example.org)",
    "[x]({})",
    "[x](<{}>)",
    '[x](https://example.org "{}")',
    "[x]\n\n[x]: {}",
    '[x]\n\n[x]: https://example.org "{}"',
    "![{}](https://example.org/a.png)",
    "![x]({})",
    "<{}>",
    "| {} |\n| --- |\n| {} |",
    "a  \n{}",
    "\\{}",
]
ALLOWED = re.compile(
    r"</?(p|br|hr|h[1-6]|strong|em|s|code|pre|blockquote|ul|ol|li|table|thead|tbody|tr|th|td|a)"
    r"( start=\"\d+\"| href=\"(https?:|mailto:)[^\"<>]*\"| title=\"[^\"]*\""
    r"| rel=\"noopener noreferrer nofollow\")*( /)?>"
)


def visible(page: str) -> str:
    """What a browser shows of the page: nothing that looks like a tag is left."""
    rest = ALLOWED.sub("", page)
    assert "<" not in rest, page
    assert ">" not in rest, page
    return html.unescape(rest)


@pytest.mark.parametrize("construct", CONSTRUCTS)
@pytest.mark.parametrize("canary", CANARIES)
def test_no_canary_survives_in_any_construct(construct: str, canary: str) -> None:
    visible(rendered(construct.replace("{}", canary)))


def test_what_people_write_is_formatted() -> None:
    page = rendered(
        "# Title\n\nSome *emphasis*, **weight**, ~~gone~~ and `code`.\n\n- one\n- two\n\n3. three\n\n> said\n\n"
        "```python\nx < 1\n```\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n\n---\n"
    )
    for part in (
        "<h1>Title</h1>",
        "<em>emphasis</em>",
        "<strong>weight</strong>",
        "<s>gone</s>",
        "<code>code</code>",
        "<ul>\n<li>one</li>",
        '<ol start="3">',
        "<blockquote>\n<p>said</p>",
        "<pre><code>x &lt; 1\n</code></pre>",
        "<th>a</th>\n<th>b</th>",
        "<td>1</td>\n<td>2</td>",
        "<hr>",
    ):
        assert part in page


@pytest.mark.parametrize("address", ["https://example.org/a?b=c", "http://example.org", "mailto:ada@example.org"])
def test_links_lead_to_the_web_and_to_mail_and_carry_no_trust(address: str) -> None:
    assert rendered(f"[x]({address})") == f'<p><a href="{address}" rel="noopener noreferrer nofollow">x</a></p>\n'


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#x73;cript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://x/y",
        "//evil.example/x",
        "/admin/logout/",
        "?next=x",
        "#top",
        "models:/a/1",
    ],
)
def test_other_links_lead_nowhere(address: str) -> None:
    assert "href" not in rendered(f"[x]({address})")


def test_images_are_dropped() -> None:
    assert rendered("before ![alt](https://example.org/a.png) after") == "<p>before  after</p>\n"


@pytest.mark.parametrize(
    "unit", ["\n> ---\n|)", "![", "[", "*a ", "> ", "- ", "| a ", "`a", "<a ", "[a](", "[a]: b\n", "&amp;", "~~a"]
)
def test_the_longest_section_is_rendered_in_seconds_whatever_it_repeats(unit: str) -> None:
    began = time.perf_counter()
    rendered((unit * CARD_SECTION)[:CARD_SECTION])
    assert time.perf_counter() - began < 5


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text(
    st.sampled_from("\\`*_[]()<>&~|!#:=-+. \n\t1a\"'")
)


@given(text=TEXTS)
def test_literal_text_shows_as_it_is_in_a_line_and_in_a_table(text: str) -> None:
    shown = " ".join(text.split())
    assert visible(rendered(f"It is {literal(text)} indeed.")).split() == f"It is {shown} indeed.".split()
    table = rendered(f"| a | b |\n| --- | --- |\n| {literal(text)} | c |")
    cell = re.search(r"<tbody>\s*<tr>\s*<td>(.*)</td>\s*<td>c</td>", table, re.DOTALL)
    assert cell, table
    assert visible(cell[1]).split() == shown.split()


def test_literal_text_loads_and_runs_nothing() -> None:
    for canary in CANARIES:
        assert visible(rendered(f"It is {literal(canary)}.")).strip() == f"It is {canary}."
