"""Answers of two servers made comparable: times, ids and names drawn at random become words."""

import re
from typing import Any

TIMES = {
    "creation_time", "last_update_time", "start_time", "end_time", "timestamp",
    "creation_timestamp_ms", "last_updated_timestamp_ms", "creation_timestamp", "last_updated_timestamp",
}  # fmt: skip
A_REAL_TIME = 1_600_000_000_000  # scenarios give small times, so that given times are compared and real ones are not
KEY_VALUES = {"tags", "params", "metrics"}
SETS = {
    "aliases", "latest_versions", "dataset_inputs", "dataset_summaries", "model_inputs", "model_outputs",
    "roles", "permissions", "role_permissions", "assignments",
}  # fmt: skip
IDS = re.compile(r"\b(?:m-)?[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
LOCATION = re.compile(r"(mlflow-artifacts:/+)(\d+)")
NUMBERED = re.compile(r"""(\b(?:ids?|experiment)[ =:]*["'\[(]*)(\d+)\b""", re.IGNORECASE)
HINT = re.compile(r"supplied: .*?Hint")  # we add what was expected; the genuine server leaves a hole
OWN_ROLE = re.compile(r"__user_\d+__")
RANDOM_NAME = re.compile(r"^[a-z]+-[a-z]+-\d+$")


class Normaliser:
    """One server's answers; knows the scenario's words for the ids that it saved."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._unnamed: dict[str, str] = {}
        self._experiments: dict[str, str] = {"0": "<experiment 0>"}

    def name(self, value: str, word: str) -> None:
        """`value` is what a scenario calls `$word`."""
        if value.isdigit():
            self._experiments[value] = f"${word}"
        elif IDS.fullmatch(value):
            self._words[value] = f"${word}"

    def tidy(self, answer: Any, *, without: tuple[str, ...] = ()) -> Any:
        self._unnamed.clear()
        return self._tidy(answer, key="", parent="", without=without)

    def _tidy(self, value: Any, *, key: str, parent: str, without: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {
                name: self._tidy(inner, key=name, parent=key, without=without)
                for name, inner in sorted(value.items())
                if name not in without
            }
        if isinstance(value, list):
            items = [self._tidy(item, key=key, parent=parent, without=without) for item in value]
            return sorted(items, key=repr) if self._is_unordered(key, parent, value) else items
        if isinstance(value, int | float) and key in TIMES and value > A_REAL_TIME:
            return "<now>"
        return self._text(value, key) if isinstance(value, str) else value

    @staticmethod
    def _is_unordered(key: str, parent: str, items: list[Any]) -> bool:
        """Key-value lists have no order; a metric's history, which is no part of anything, has."""
        if key in SETS:
            return True
        return key in KEY_VALUES and bool(parent) and all("key" in item for item in items if isinstance(item, dict))

    def _text(self, value: str, key: str) -> str:
        if key in ("experiment_id", "experiment_ids", "resource_pattern"):
            return self._experiment(value)
        if key.endswith("page_token"):
            return "<token>" if value else value
        if key in ("run_name", "value") and RANDOM_NAME.match(value):
            return "<random name>"
        value = OWN_ROLE.sub("__user_<id>__", value)
        value = IDS.sub(lambda found: self._id(found[0]), value)
        value = LOCATION.sub(lambda found: found[1] + self._experiment(found[2]), value)
        if key == "message":
            value = HINT.sub("supplied: Hint", value)
            value = NUMBERED.sub(lambda found: found[1] + self._experiments.get(found[2], found[2]), value)
        return value

    def _id(self, value: str) -> str:
        """The scenario's word for an id, or its number among those of this answer."""
        return self._words.get(value) or self._unnamed.setdefault(value, f"<id {len(self._unnamed)}>")

    def _experiment(self, number: str) -> str:
        if not number.isdigit():
            return number
        return self._experiments.setdefault(number, f"<experiment {len(self._experiments)}>")
