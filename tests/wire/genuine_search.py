"""The genuine server's reading of a search, in our words.

MLflow checks some things when it parses and some when it builds its query, so both are done here, on no database.
"""

import warnings
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

with warnings.catch_warnings():  # MLflow uses what its SQLAlchemy is going to drop
    warnings.simplefilter("ignore")
    from mlflow.exceptions import MlflowException
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking import sqlalchemy_store as tracking
    from mlflow.store.tracking.dbmodels.models import SqlLoggedModel, SqlTraceInfo
    from mlflow.utils.search_logged_model_utils import parse_filter_string
    from mlflow.utils.search_utils import (
        SearchExperimentsUtils,
        SearchModelUtils,
        SearchModelVersionUtils,
        SearchTraceUtils,
        SearchUtils,
    )

KINDS = {
    "parameter": "param",
    "params": "param",
    "attributes": "attribute",
    "metrics": "metric",
    "tags": "tag",
    "request_metadata": "metadata",
}
KEYS = {
    "creation_timestamp_ms": "creation_timestamp",
    "last_updated_timestamp_ms": "last_updated_timestamp",
}
Clause = tuple[Any, ...]


class Refused(Exception):
    """The genuine server answers with this error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def ask(search: str, text: str) -> list[Clause]:
    """The clauses of a filter as (kind, key, operator, value); `Refused` if the genuine server refuses it."""
    return _answer(lambda: [_clause(*clause) for clause in FILTERS[search](text)])


def ask_order(search: str, text: str) -> Clause:
    """An order as (kind, key, ascending)."""

    def read() -> Clause:
        kind, key, ascending = ORDERS[search](text)
        return KINDS.get(kind, kind), key, ascending

    return _answer(read)


def _answer(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except MlflowException as error:
        raise Refused(error.error_code) from None
    except Exception:  # noqa: BLE001  whatever else it raises, its server answers 500
        raise Refused("INTERNAL_ERROR") from None


def _clause(kind: str, key: str, operator: str, value: Any) -> Clause:
    kind = KINDS.get(kind, kind)
    return kind, KEYS.get(key, key) if kind == "attribute" else key, operator.upper(), value


def _runs(text: str) -> list[Clause]:
    parsed = SearchUtils.parse_search_filter(text)
    tracking._get_sqlalchemy_filter_clauses(parsed, Session(), "sqlite")  # noqa: SLF001
    return [
        (clause["type"], SearchUtils.translate_key_alias(clause["key"]), clause["comparator"], clause["value"])
        for clause in parsed
    ]


def _experiments(text: str) -> list[Clause]:
    parsed = SearchExperimentsUtils.parse_search_filter(text)
    tracking._get_search_experiments_filter_clauses(parsed, "sqlite")  # noqa: SLF001
    return _spelled(parsed)


def _logged_models(text: str) -> list[Clause]:
    parsed = parse_filter_string(text)
    for clause in parsed:
        if clause.entity.type.value == "attributes":
            getattr(SqlLoggedModel, clause.entity.key)
    return [(clause.entity.type.value, clause.entity.key, clause.op, clause.value) for clause in parsed]


def _registered_models(text: str) -> list[Clause]:
    parsed = SearchModelUtils.parse_search_filter(text)
    _registry()._get_search_registered_model_filter_query(Session(), parsed, "sqlite")  # noqa: SLF001
    return _spelled(parsed)


def _model_versions(text: str) -> list[Clause]:
    parsed = SearchModelVersionUtils.parse_search_filter(text)
    _registry()._get_search_model_versions_filter_clauses(parsed, "sqlite")  # noqa: SLF001
    return _spelled(parsed)


def _traces(text: str) -> list[Clause]:
    session = Session()
    tracking._get_filter_clauses_for_search_traces(text, session, "sqlite", session.query(SqlTraceInfo))  # noqa: SLF001
    return _spelled(SearchTraceUtils.parse_search_filter_for_search_traces(text))


def _spelled(parsed: list[dict[str, Any]]) -> list[Clause]:
    return [(clause["type"], clause["key"], clause["comparator"], clause["value"]) for clause in parsed]


def _registry() -> Registry:
    """The store without its database: only its workspaces would be looked up there."""
    store = object.__new__(Registry)
    store._get_workspace_clauses = lambda _: []
    return store


def _order_runs(text: str) -> Clause:
    tracking._get_orderby_clauses([text], Session())  # noqa: SLF001
    kind, key, ascending = SearchUtils.parse_order_by_for_search_runs(text)
    return kind, SearchUtils.translate_key_alias(key), ascending


def _order_experiments(text: str) -> Clause:
    tracking._get_search_experiments_order_by_clauses([text])  # noqa: SLF001
    return SearchExperimentsUtils.parse_order_by_for_search_experiments(text)


def _order_registered_models(text: str) -> Clause:
    Registry._parse_search_registered_models_order_by([text])  # noqa: SLF001
    key, ascending = SearchUtils.parse_order_by_for_search_registered_models(text)
    return "attribute", "last_updated_timestamp" if key == "timestamp" else key, ascending


def _order_model_versions(text: str) -> Clause:
    Registry._parse_search_model_versions_order_by([text])  # noqa: SLF001
    return SearchModelVersionUtils.parse_order_by_for_search_model_versions(text)


def _order_traces(text: str) -> Clause:
    tracking._get_orderby_clauses_for_search_traces([text], Session())  # noqa: SLF001
    return SearchTraceUtils.parse_order_by_for_search_traces(text)


FILTERS: dict[str, Callable[[str], list[Clause]]] = {
    "runs": _runs,
    "experiments": _experiments,
    "logged_models": _logged_models,
    "registered_models": _registered_models,
    "model_versions": _model_versions,
    "traces": _traces,
}
ORDERS: dict[str, Callable[[str], Clause]] = {
    "runs": _order_runs,
    "experiments": _order_experiments,
    "registered_models": _order_registered_models,
    "model_versions": _order_model_versions,
    "traces": _order_traces,
}
