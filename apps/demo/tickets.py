"""Tickets as customers of a software company write them: a topic's words among those that everybody uses."""

import numpy as np

TOPICS = ("billing", "login", "performance", "data export", "integrations", "feature request")

_SAID = {
    "billing": (
        "the invoice shows {n} seats but we pay for fewer", "please refund the payment of last month",
        "our credit card was charged twice", "how do we change the plan before renewal", "the VAT number is wrong",
    ),
    "login": (
        "I cannot sign in since this morning", "the password reset mail never arrives", "two colleagues are locked out",
        "SSO redirects in a loop", "my second factor was lost with the phone",
    ),
    "performance": (
        "the dashboard takes {n} seconds to load", "searches time out at noon", "everything is slow since the update",
        "the page freezes with {n} thousand rows", "charts load only after a refresh",
    ),
    "data export": (
        "the CSV has only {n} rows", "export to Excel breaks umlauts", "the nightly download is empty",
        "columns are missing in the file", "we need all data before the audit",
    ),
    "integrations": (
        "the webhook answers {n} times with an error", "the API token is refused", "Slack messages stopped",
        "sync with the CRM skips contacts", "rate limits hit our script",
    ),
    "feature request": (
        "it would be great to filter by team", "could you add a dark theme", "we would like scheduled reports",
        "please allow {n} more columns", "a keyboard shortcut for search would help",
    ),
}  # fmt: skip
_AROUND = (
    "Hello,", "Hi team,", "Good morning,", "Since yesterday", "As discussed,", "Again:", "It is urgent,", "By the way,",
    "thanks in advance", "please have a look", "our team is waiting", "this happens for every user in the account",
    "we have a customer meeting at noon", "best regards", "can somebody call me back", "see the screenshot",
)  # fmt: skip
_MIXED = 0.3
"""The share of tickets that mention a second topic in passing."""
_MISLABELLED = 0.04


def write_tickets(rng: np.random.Generator, count: int) -> tuple[list[str], list[str]]:
    """Texts with their topics. Some say two things, and a few were filed under the wrong one, as in life."""
    texts, topics = [], []
    for _ in range(count):
        topic = TOPICS[rng.integers(len(TOPICS))]
        parts = [str(rng.choice(_AROUND)), str(rng.choice(_SAID[topic])), str(rng.choice(_AROUND))]
        if rng.random() < _MIXED:
            other = TOPICS[rng.integers(len(TOPICS))]
            parts.insert(int(rng.integers(1, 3)), str(rng.choice(_SAID[other])))
        text = " ".join(parts).format(n=int(rng.integers(2, 60)))
        words = text.split()
        kept = [word for word in words if rng.random() > 0.25]  # noqa: PLR2004  people leave words out
        texts.append(" ".join(kept or words))
        topics.append(TOPICS[rng.integers(len(TOPICS))] if rng.random() < _MISLABELLED else topic)
    return texts, topics
