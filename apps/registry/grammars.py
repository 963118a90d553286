"""What can be searched for: the grammars of registered models and of versions, as MLflow's server has them."""

from mlregistry.wire.search import Entity, Field, Grammar, values
from mlregistry.wire.search import grammar as words

REGISTERED_MODELS = Grammar(
    entities=(
        Entity(
            "attribute",
            ("attribute",),
            fields={"name": Field(words.LISTABLE_TEXT)},
            orders=words.ordered_by("name", "last_updated_timestamp", timestamp="last_updated_timestamp"),
        ),
        Entity("tag", ("tag", "tags"), any_key=words.TEXT),
    )
)

MODEL_VERSIONS = Grammar(
    entities=(
        Entity(
            "attribute",
            ("attribute",),
            fields={
                **words.named(("name", "run_id"), words.LISTABLE_TEXT),
                "source_path": Field(words.TEXT),
                "version_number": Field(words.compared(values.any_integer, *words.EQUALITY, *words.MAGNITUDE)),
            },
            orders=words.ordered_by("name", "version_number", "creation_timestamp", "last_updated_timestamp"),
        ),
        Entity("tag", ("tag", "tags"), any_key=words.TEXT),
    )
)
