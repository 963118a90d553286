"""Grammars of the searches that come later, to show that the language has words for them already."""

from mlregistry.wire.search import Entity, Field, Grammar, Operator, values
from mlregistry.wire.search import grammar as words

PATTERN = words.compared(values.text, *words.EQUALITY, *words.LIKENESS, Operator.RLIKE)
LISTABLE_PATTERN = PATTERN | words.compared(values.texts, *words.MEMBERSHIP)
OPTIONAL_PATTERN = PATTERN | words.compared(values.nothing, *words.PRESENCE)
ASSESSED = OPTIONAL_PATTERN | words.compared(values.number, *words.MAGNITUDE)
MILLISECONDS = words.compared(values.any_number, *words.EQUALITY, *words.MAGNITUDE)
CONTENT = words.compared(values.text, *words.LIKENESS)
TRACE_NAME = Field(OPTIONAL_PATTERN, kind="tag", key="mlflow.traceName")
SOURCE_RUN = Field(OPTIONAL_PATTERN, kind="metadata", key="mlflow.sourceRun")

TRACES = Grammar(
    entities=(
        Entity(
            "attribute",
            ("attribute", "attributes", "trace"),
            fields={
                **words.named(("request_id", "status", "client_request_id"), LISTABLE_PATTERN),
                **words.named(("timestamp", "timestamp_ms"), MILLISECONDS, key="timestamp_ms"),
                **words.named(("execution_time", "execution_time_ms"), MILLISECONDS, key="execution_time_ms"),
                **words.named(("end_time", "end_time_ms"), MILLISECONDS, key="end_time_ms"),
                "name": TRACE_NAME,
                "run_id": SOURCE_RUN,
                "prompt": Field(words.compared(values.text, Operator.EQUAL), kind="tag", key="mlflow.linkedPrompts"),
                "text": Field(CONTENT, kind="span", key="content"),
            },
            orders={
                **words.ordered_by("experiment_id", "timestamp_ms", "execution_time_ms", "status", "request_id"),
                **words.ordered_by(timestamp="timestamp_ms", execution_time="execution_time_ms"),
                "name": TRACE_NAME,
                "run_id": SOURCE_RUN,
            },
        ),
        Entity("tag", ("tag", "tags"), any_key=OPTIONAL_PATTERN, orders_any=True),
        Entity("metadata", ("metadata", "request_metadata"), any_key=OPTIONAL_PATTERN, orders_any=True),
        Entity(
            "span",
            ("span",),
            fields={**words.named(("name", "type", "status"), LISTABLE_PATTERN), "content": Field(CONTENT)},
            namespaces={"attributes.": LISTABLE_PATTERN},
        ),
        Entity("feedback", ("feedback",), any_key=ASSESSED),
        Entity("expectation", ("expectation",), any_key=ASSESSED),
        Entity("issue", ("issue",), fields={"id": Field(words.compared(values.text, Operator.EQUAL))}),
    )
)
