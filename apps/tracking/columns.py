"""The columns of a table of runs: an attribute, or the value of a metric, param or tag."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.tracking.limits import ENTITY_KEY

PREFIXES = {"attributes": "attribute", "metrics": "metric", "params": "param", "tags": "tag"}
"""How a column's id begins, and what it shows."""
ATTRIBUTES = {
    "status": "Status",
    "start_time": "Started",
    "duration": "Duration",
    "user_id": "User",
    "end_time": "Ended",
    "run_id": "Run ID",
}
DURATION = "duration"
"""A column of tables alone: MLflow's search language has no word for it, so no filter names it."""
NAME = "attributes.run_name"
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Column:
    """`id` is how addresses, preferences and saved views name it: `metrics.loss`."""

    prefix: str
    key: str

    @property
    def id(self) -> str:
        return f"{self.prefix}.{self.key}"

    @property
    def kind(self) -> str:
        return PREFIXES[self.prefix]

    @property
    def title(self) -> str:
        return ATTRIBUTES.get(self.key, self.key) if self.prefix == "attributes" else self.key

    @property
    def is_number(self) -> bool:
        return self.prefix == "metrics"

    @property
    def begins_with_the_most(self) -> bool:
        """Whether the first click on its header sorts downwards: the best metric, the latest time, the longest."""
        return self.is_number or self.key in ("start_time", "end_time", DURATION)

    @property
    def reference(self) -> str:
        """How the search language names it; empty where it cannot."""
        if self.prefix == "attributes":
            return self.id
        quote = next((quote for quote in "`\"'" if quote not in self.key), "")
        return f"{self.prefix}.{quote}{self.key}{quote}" if quote else ""


def column_of(written: str) -> Column | None:
    """The column that `written`, which anybody may have written, is the id of."""
    prefix, dot, key = written.partition(".")
    if prefix not in PREFIXES or not dot or not key or len(key) > ENTITY_KEY or "\0" in key:
        return None
    if prefix == "attributes" and key not in ATTRIBUTES and key != "run_name":
        return None
    return Column(prefix, key)


def columns_of(written: Iterable[str]) -> tuple[Column, ...]:
    """The columns that `written` names, each once; the name of a run is always there and no column to choose."""
    found = dict.fromkeys(column for text in written if (column := column_of(text)) and column.id != NAME)
    return tuple(found)[:MOST_COLUMNS]
