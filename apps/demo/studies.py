"""The five experiments of the demo: what each is about, who works on it, and what is tried."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.demo import tables
from apps.demo.tables import Table


@dataclass(frozen=True)
class Study:
    """An experiment. `share` is its part of a hundred runs; `best` the figure that its people compare runs by."""

    name: str
    description: str
    make_table: Callable[[int], Table]
    lead: str
    colleagues: tuple[str, ...]
    team: str
    families: tuple[str, ...]
    share: int
    best: str
    script: str
    tags: Mapping[str, str]
    is_swept: bool = False
    """Its runs are children of sweeps."""
    seconds_a_step: float = 2.0
    """How long a step takes on the machines of the story; the demo's own data are small."""
    hidden_from: str = ""
    """A team that may not see it, nor its models."""
    limits: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Where the space to search is narrower than usual."""

    @property
    def lower_is_better(self) -> bool:
        return self.best == "rmse"

    def is_better(self, figure: float, than: float) -> bool:
        return figure < than if self.lower_is_better else figure > than


BOOSTING, FOREST, LINEAR, NEURAL = "gradient boosting", "random forest", "linear", "neural network"

STUDIES = (
    Study(
        name="Customer churn",
        description=(
            "Which customers of the mobile contracts leave within the next quarter?\n\n"
            "The retention desk calls the **200 customers** with the highest score every Monday, so what counts is the"
            " order (`roc_auc`) and, near the top, `precision`. Data: monthly snapshots, one row a customer."
        ),
        make_table=tables.churn,
        lead="mira.okafor",
        colleagues=("mira.okafor", "tomas.lindqvist"),
        team="Customer Analytics",
        families=(BOOSTING, FOREST, LINEAR, NEURAL),
        share=28,
        best="roc_auc",
        script="churn/train.py",
        tags={"domain": "customers", "cost-centre": "CA-210", "status": "in production"},
        is_swept=True,
        seconds_a_step=1.4,
    ),
    Study(
        name="Credit risk",
        description=(
            "Probability that a borrower defaults within two years. **Regulated**: every version in use needs a model"
            " card and the sign-off of Model Risk. `log_loss` matters as much as `roc_auc`, since prices are set by"
            " the probability."
        ),
        make_table=tables.credit,
        lead="ines.carvalho",
        colleagues=("ines.carvalho", "yusuf.demir"),
        team="Credit Risk",
        families=(LINEAR, BOOSTING, FOREST),
        share=20,
        best="roc_auc",
        script="pd_model/fit.py",
        tags={"domain": "risk", "regulated": "yes", "review": "quarterly"},
        seconds_a_step=3.1,
        hidden_from="Supply Planning",
    ),
    Study(
        name="Demand forecast",
        description=(
            "Units of tomorrow for every shop and product group. The last quarter of the days is held out, never"
            " shuffled. Yardstick: the error of *same weekday, last week*."
        ),
        make_table=tables.demand,
        lead="hanna.vogel",
        colleagues=("hanna.vogel", "nightly-training"),
        team="Supply Planning",
        families=(BOOSTING, LINEAR, NEURAL, FOREST),
        share=20,
        best="rmse",
        script="forecast/run_training.py",
        tags={"domain": "supply", "horizon": "1 day"},
        is_swept=True,
        seconds_a_step=5.2,
        limits={"learning_rate_init": (0.02, 0.04, 0.08), "batch_size": (32, 64)},
    ),
    Study(
        name="House prices",
        description="What a house would sell for, in thousands: a check on valuations before a mortgage is offered.",
        make_table=tables.houses,
        lead="yusuf.demir",
        colleagues=("yusuf.demir", "ines.carvalho"),
        team="Credit Risk",
        families=(BOOSTING, FOREST, LINEAR, NEURAL),
        share=16,
        best="rmse",
        script="valuation/train.py",
        tags={"domain": "risk", "status": "pilot"},
        seconds_a_step=2.2,
        limits={"learning_rate_init": (0.02, 0.04, 0.08), "batch_size": (32, 64)},
    ),
    Study(
        name="Support ticket topics",
        description=(
            "Sends a ticket to the team that should answer it. Six topics, English only. About one label in twenty-five"
            " is wrong in the data, so nothing gets far beyond 0.9."
        ),
        make_table=tables.tickets,
        lead="tomas.lindqvist",
        colleagues=("tomas.lindqvist", "mira.okafor"),
        team="Customer Analytics",
        families=(LINEAR, NEURAL, FOREST),
        share=16,
        best="f1_macro",
        script="tickets/topics.py",
        tags={"domain": "customers", "language": "en"},
        seconds_a_step=4.0,
        limits={"epochs": (20, 30, 40)},
    ),
)
