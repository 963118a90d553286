"""The registered models of the demo, and the prompts: what is to be registered, and in which words."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """A registered model. Its versions are runs of `study` that were the best so far, the last one a challenger."""

    name: str
    study: int
    versions: int
    owner: str
    description: str
    tags: Mapping[str, str]
    card: Mapping[str, str] = field(default_factory=dict)
    family: str = ""
    """Only of this family."""
    is_deployed: bool = True
    """Its versions go to Production one after another."""
    deployment: str = ""
    """The name under which its champion answers, where the demo is to deploy anything."""
    leaks: bool = False
    """A file with a credential slipped into its last version."""


MODELS = (
    Entry(
        name="churn-classifier",
        study=0,
        versions=8,
        owner="mira.okafor",
        description="Ranks customers by how likely they leave within a quarter. The retention desk calls the top 200.",
        tags={"domain": "customers", "tier": "1", "serving": "batch, Mondays"},
        deployment="churn-live",
        card={
            "intended_use": "Ranking mobile-contract customers for **calls of the retention desk**, once a week.\n\n"
            "- not for pricing, not for business customers\n- scores compare customers, they are no probabilities",
            "limits": "Knows nothing of customers younger than a month. Drifts when tariffs change: retrain then.",
            "ethics": "Age, sex and address are not among the features. Whoever is called can object.",
            "owner": "Mira Okafor, Customer Analytics",
            "contacts": "#churn in the chat; ca-oncall@example.org",
        },
    ),
    Entry(
        name="churn-baseline",
        study=0,
        versions=1,
        owner="tomas.lindqvist",
        description="Linear yardstick: what the classifier has to beat.",
        tags={"domain": "customers", "tier": "3"},
        family="linear",
        is_deployed=False,
    ),
    Entry(
        name="credit-risk-scorer",
        study=1,
        versions=5,
        owner="ines.carvalho",
        description="Probability of default within two years. Regulated: only versions with a card go to Production.",
        tags={"domain": "risk", "tier": "1", "regulated": "yes"},
        deployment="credit-live",
        card={
            "intended_use": "Pricing and approval of consumer loans up to 50,000, by an officer who sees the reasons.",
            "limits": "Fitted on loans that were granted, so it knows little of those that would have been refused.",
            "ethics": "Reviewed for differences between age groups each quarter; the last review found none above 2 %.",
            "owner": "Inês Carvalho, Credit Risk",
            "contacts": "model-risk@example.org",
        },
    ),
    Entry(
        name="demand-forecaster",
        study=2,
        versions=6,
        owner="hanna.vogel",
        description="Units of tomorrow by shop and product group. Retrained every night.",
        tags={"domain": "supply", "tier": "2", "horizon": "1 day"},
        deployment="demand-live",
        card={
            "intended_use": "Orders of fresh goods for the next day.",
            "limits": "Promotions that nobody announced, and the days around holidays.",
            "owner": "Hanna Vogel, Supply Planning",
        },
    ),
    Entry(
        name="house-price-estimator",
        study=3,
        versions=3,
        owner="yusuf.demir",
        description="Second opinion on valuations. A pilot: nothing is decided by it yet.",
        tags={"domain": "risk", "tier": "3", "status": "pilot"},
        is_deployed=False,
    ),
    Entry(
        name="ticket-router",
        study=4,
        versions=4,
        owner="tomas.lindqvist",
        description="Sends a support ticket to the team that should answer it.",
        tags={"domain": "customers", "tier": "2", "language": "en"},
        card={
            "intended_use": "Routing of tickets in English. People can move a ticket on; that is what it learns from.",
            "limits": "Tickets about two things go to one team.",
            "owner": "Tomas Lindqvist, Customer Analytics",
        },
        leaks=True,
    ),
)


@dataclass(frozen=True)
class Prompt:
    """A prompt with its versions: the template, or a conversation, and why it was written."""

    name: str
    owner: str
    description: str
    tags: Mapping[str, str]
    versions: tuple[tuple[str | list[dict[str, str]], str], ...]
    live: int
    """The number that the alias `production` is at."""


PROMPTS = (
    Prompt(
        name="ticket-summary",
        owner="tomas.lindqvist",
        description="Two sentences for whoever takes a ticket over.",
        tags={"task": "summary", "team": "Customer Analytics"},
        versions=(
            ("Summarise this ticket: {{ticket}}", "How we began"),
            (
                "Summarise this support ticket in {{count}} sentences, without names: {{ticket}}",
                "No names, fixed length",
            ),
            (
                [
                    {"role": "system", "content": "You summarise support tickets in {{count}} plain sentences."},
                    {"role": "user", "content": "Product: {{product}}\n\n{{ticket}}"},
                ],
                "As a conversation, with the product",
            ),
        ),
        live=2,
    ),
    Prompt(
        name="churn-call-notes",
        owner="mira.okafor",
        description="What the retention desk should mention on the phone.",
        tags={"task": "briefing", "team": "Customer Analytics"},
        versions=(
            ("Write three points to mention to a customer who may leave because of {{reason}}.", "First try"),
            (
                "Write at most three short points for a call. Reason: {{reason}}. Tariff: {{tariff}}. Promise nothing.",
                "It promised discounts; now it does not",
            ),
        ),
        live=2,
    ),
)
