"""Times, durations, numbers and states as pages write them."""

from datetime import UTC, datetime, timedelta

import pytest

from mlregistry.templatetags.console import ago, badge, duration, number, size, tone, when

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (44, "just now"),
        (50, "50 s ago"),
        (125, "2 min ago"),
        (7200, "2 h ago"),
        (86400 * 3, "3 d ago"),
        (86400 * 90, "3 months ago"),
        (86400 * 800, "2 y ago"),
        (-3700, "in 1 h"),
    ],
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_time_has_the_exact_one_on_hover() -> None:
    shown = when(1_700_000_000_000)
    assert 'title="2023-11-14 22:13:20 UTC"' in shown
    assert 'datetime="2023-11-14T22:13:20+00:00"' in shown


@pytest.mark.parametrize("moment", [None, 0, 10**30, -(10**30)])
def test_what_no_calendar_has_is_no_time(moment: int | None) -> None:
    assert when(moment) == "never"


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (None, ""),
        (-1, ""),
        (45, "45 ms"),
        (1500, "1.5 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_how_long_it_took(milliseconds: int | None, words: str) -> None:
    assert duration(milliseconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.1 + 0.2, "0.3"),
        (3.0, "3"),
        (1e-7, "1e-07"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (12345678, "12345678"),
        ("x", "x"),
        (None, ""),
    ],
)
def test_a_number_has_the_digits_that_count(value: object, words: str) -> None:
    assert number(value) == words


def test_sizes_and_states() -> None:
    assert size(1536) == "1.5 KB"
    assert [tone(state) for state in ("FINISHED", "RUNNING", "KILLED", "FAILED", "<b>")] == [
        "good",
        "live",
        "warn",
        "bad",
        "plain",
    ]
    assert badge("<b>") == '<span class="badge plain">&lt;b&gt;</span>'
