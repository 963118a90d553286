"""What can be searched for: the grammars of runs, experiments and logged models, as MLflow's server has them."""

from dataclasses import replace

from apps.tracking.columns import DURATION
from mlregistry.wire.search import Entity, Field, Grammar, values
from mlregistry.wire.search import grammar as words

RUN_NAMES = ("run_name", "run name", "Run name", "Run Name")
STARTS = ("start_time", "created", "Created")

RUNS = Grammar(
    entities=(
        Entity(
            "attribute",
            ("attribute", "attributes", "attr", "run"),
            fields={
                "run_id": Field(words.LISTABLE_TEXT),
                **words.named(("status", "user_id", "artifact_uri"), words.TEXT),
                **words.named(RUN_NAMES, words.TEXT, key="run_name"),
                **words.named(STARTS, words.NUMBER, key="start_time"),
                "end_time": Field(words.NUMBER),
            },
            orders=words.ordered_by(
                *("run_id", "run_name", "status", "user_id", "artifact_uri", "start_time", "end_time"),
                created="start_time",
                Created="start_time",
            ),
        ),
        Entity("metric", ("metric", "metrics"), any_key=words.DECIMAL, orders_any=True),
        Entity("param", ("parameter", "parameters", "param", "params"), any_key=words.OPTIONAL_TEXT, orders_any=True),
        Entity("tag", ("tag", "tags"), any_key=words.OPTIONAL_TEXT, orders_any=True),
        Entity(
            "dataset",
            ("dataset", "datasets"),
            fields=words.named(("name", "digest", "context"), words.LISTABLE_TEXT),
        ),
    )
)

# The genuine server orders by no duration, so on the wire nothing does.
RUNS_IN_TABLES = Grammar(
    entities=(
        replace(RUNS.bare, orders={**RUNS.bare.orders, **words.ordered_by(DURATION)}),
        *RUNS.entities[1:],
    )
)

EXPERIMENTS = Grammar(
    entities=(
        Entity(
            "attribute",
            ("attribute",),
            fields={
                "name": Field(words.TEXT),
                **words.named(("creation_time", "last_update_time"), words.INTEGER),
                "experiment_id": Field(
                    words.compared(values.quoted_integer, *words.EQUALITY)
                    | words.compared(values.integers, *words.MEMBERSHIP)
                ),
            },
            orders=words.ordered_by("name", "experiment_id", "creation_time", "last_update_time"),
        ),
        Entity("tag", ("tag", "tags"), any_key=words.OPTIONAL_TEXT),
    ),
    repeats=True,
)

# Logged models have a parser of their own in MLflow, which reads values without quotes and any spelling of a number.
LOOSE_TEXT = words.compared(values.loose_text, *words.EQUALITY, *words.LIKENESS) | words.compared(
    values.texts, *words.MEMBERSHIP
)
LOOSE_NUMBER = words.compared(values.loose_decimal, *words.EQUALITY, *words.MAGNITUDE)
CREATED = ("creation_timestamp", "creation_time", "creation_timestamp_ms")
UPDATED = ("last_updated_timestamp", "last_updated_timestamp_ms")
LOGGED_MODEL_TEXTS = (
    *("name", "model_id", "model_type", "status", "status_message", "source_run_id", "artifact_location"),
    "lifecycle_stage",
)

LOGGED_MODELS = Grammar(
    entities=(
        Entity(
            "attribute",
            ("attributes",),
            fields={
                **words.named(LOGGED_MODEL_TEXTS, LOOSE_TEXT),
                "experiment_id": Field(
                    words.compared(values.any_integer, *words.EQUALITY)
                    | words.compared(values.integers, *words.MEMBERSHIP)
                ),
                **words.named(CREATED, LOOSE_NUMBER, key="creation_timestamp"),
                **words.named(UPDATED, LOOSE_NUMBER, key="last_updated_timestamp"),
            },
            orders={
                **words.ordered_by(*LOGGED_MODEL_TEXTS, "experiment_id"),
                **words.named(CREATED, {}, key="creation_timestamp"),
                **words.named(UPDATED, {}, key="last_updated_timestamp"),
            },
        ),
        Entity("metric", ("metrics",), any_key=LOOSE_NUMBER, orders_any=True),
        Entity("param", ("params",), any_key=LOOSE_TEXT),
        Entity("tag", ("tags",), any_key=LOOSE_TEXT),
    ),
    repeats=True,
)
