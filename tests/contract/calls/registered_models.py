"""registered-models: create, get, update, rename, delete, tags, aliases."""

from tests.contract.steps import LIMIT, Step, delete, get, patch, post, send

NAME = "$here model"


def create(name: str = NAME, **fields: object) -> Step:
    return post("registered-models/create", name=name, **fields)


def version(name: str = NAME, **fields: object) -> Step:
    """A version, whose registrant only we name."""
    given = {"name": name, "source": "s3://bucket/model", "without": ("user_id",)} | fields
    return post("model-versions/create", **given)


def model_now(name: str = NAME) -> Step:
    return get("registered-models/get", name=name, without=("user_id",))


def names_that_fail() -> list[Step]:
    return [
        create("", says=True),
        create("   ", says=True),
        create("a/b", says=True),
        create("a:b", says=True),
        create(".", says=True),
        create("..", says=True),
        create("$here " + "n" * 257, differs=LIMIT),
        create(5, says=True),  # type: ignore[arg-type]  # what a client should not send
        post("registered-models/create", says=True),
        post("registered-models/create", name=None, says=True),
        post("registered-models/create", name=["a"]),
    ]


MALFORMED: tuple[bytes, ...] = (b"", b"{", b"[]", b"null", b'"text"', b'{"name": 5}', b'{"name": {}}', b'{"name": ""}')
"""Bodies that no call can do anything with."""


def malformed(method: str, path: str) -> list[Step]:
    return [send(method, path, body) for body in MALFORMED]


SCENARIOS: dict[str, list[Step]] = {
    "bodies that say nothing": [
        *malformed("POST", "registered-models/create"),
        *malformed("PATCH", "registered-models/update"),
        *malformed("POST", "registered-models/rename"),
        *malformed("DELETE", "registered-models/delete"),
        *malformed("POST", "registered-models/set-tag"),
        *malformed("DELETE", "registered-models/delete-tag"),
        *malformed("POST", "registered-models/alias"),
        *malformed("DELETE", "registered-models/alias"),
    ],
    "a model is created and read": [
        create(description="what it is for", tags=[{"key": "team", "value": "vision"}, {"key": "b", "value": ""}]),
        model_now(),
        create("$here-plain"),
        model_now("$here-plain"),
        create("$here-unknown", colour="red"),
        create("$here-twice", tags=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]),
        create("$here ünï © -_%\"'"),
        model_now("$here ünï © -_%\"'"),
    ],
    "a model is created wrongly": [
        *names_that_fail(),
        create(says=True),
        create(says=True),
        create("$here-a", description=5, says=True),
        create("$here-b", tags="a"),
        create("$here-c", tags=["a"]),
        create("$here-d", tags=[{"key": "", "value": "1"}]),
        create("$here-e", tags=[{"key": "a/../b", "value": "1"}], says=True),
        create("$here-f", tags=[{"key": "k" * 251, "value": "1"}], says=True),
        create("$here-g", tags=[{"key": "k", "value": "v" * 100_001}], says=True),
        create("$here-h", description="d" * 5_001, differs=LIMIT),
    ],
    "names differ by case": [
        create("$here Case"),
        create("$here case"),
        model_now("$here Case"),
        model_now("$here CASE"),
    ],
    "a model is not there": [
        get("registered-models/get", name="$here nowhere", says=True),
        get("registered-models/get", says=True),
        get("registered-models/get", name="a/b", says=True),
        patch("registered-models/update", name="$here nowhere", description="x", says=True),
        patch("registered-models/update", says=True),
        post("registered-models/rename", name="$here nowhere", new_name="$here there", says=True),
        delete("registered-models/delete", name="$here nowhere", says=True),
        delete("registered-models/delete", says=True),
        post("registered-models/set-tag", name="$here nowhere", key="a", value="1", says=True),
        delete("registered-models/delete-tag", name="$here nowhere", key="a", says=True),
        post("registered-models/alias", name="$here nowhere", alias="a", version="1", says=True),
        delete("registered-models/alias", name="$here nowhere", alias="a", says=True),
        get("registered-models/alias", name="$here nowhere", alias="a", says=True),
    ],
    "a model is described": [
        create(description="before"),
        patch("registered-models/update", name=NAME, description="after"),
        patch("registered-models/update", name=NAME, description=""),
        patch("registered-models/update", name=NAME),
        patch("registered-models/update", name=NAME, description=5, says=True),
        model_now(),
        patch("registered-models/update", name=NAME, description="d" * 5_001, differs=LIMIT),
    ],
    "a model is renamed": [
        create(tags=[{"key": "team", "value": "vision"}]),
        create("$here-taken"),
        version(),
        post("registered-models/alias", name=NAME, alias="champion", version="1"),
        post("registered-models/rename", name=NAME, new_name="$here-new", without=("user_id",)),
        model_now("$here-new"),
        model_now(),
        get("registered-models/alias", name="$here-new", alias="champion", without=("user_id",)),
        post("registered-models/rename", name="$here-new", new_name="$here-taken"),
        post("registered-models/rename", name="$here-new", new_name="", says=True),
        post("registered-models/rename", name="$here-new", says=True),
        post("registered-models/rename", name="$here-new", new_name="a/b", says=True),
        post("registered-models/rename", name="$here-new", new_name="$here-new", without=("user_id",)),
        create(),
    ],
    "a model is deleted with its versions": [
        create(),
        version(),
        delete("registered-models/delete", name=NAME),
        delete("registered-models/delete", name=NAME, says=True),
        model_now(),
        get("model-versions/get", name=NAME, version="1", says=True),
        create(),
        version(),
    ],
    "a model is tagged": [
        create(),
        post("registered-models/set-tag", name=NAME, key="team", value="vision"),
        post("registered-models/set-tag", name=NAME, key="team", value="speech"),
        post("registered-models/set-tag", name=NAME, key="none"),
        post("registered-models/set-tag", name=NAME, key="long", value="v" * 100_000),
        model_now(),
        post("registered-models/set-tag", name=NAME, key="longer", value="v" * 100_001, says=True),
        post("registered-models/set-tag", name=NAME, key="k" * 251, value="1", says=True),
        post("registered-models/set-tag", name=NAME, key="a;b", value="1", says=True),
        post("registered-models/set-tag", name=NAME, key="", value="1", says=True),
        post("registered-models/set-tag", name=NAME, value="1", says=True),
        post("registered-models/set-tag", name=NAME, key="n", value=5, says=True),
        delete("registered-models/delete-tag", name=NAME, key="team"),
        delete("registered-models/delete-tag", name=NAME, key="team"),
        delete("registered-models/delete-tag", name=NAME, key="long"),
        delete("registered-models/delete-tag", name=NAME, key="a;b", says=True),
        delete("registered-models/delete-tag", name=NAME, says=True),
        model_now(),
    ],
    "aliases point at versions": [
        create(),
        version(),
        version(source="s3://bucket/second"),
        post("registered-models/alias", name=NAME, alias="champion", version="1"),
        post("registered-models/alias", name=NAME, alias="Champion", version="2"),
        post("registered-models/alias", name=NAME, alias="a_b-1", version="1"),
        model_now(),
        get("registered-models/alias", name=NAME, alias="champion", without=("user_id",)),
        get("registered-models/alias", name=NAME, alias="Champion", without=("user_id",)),
        get("model-versions/get", name=NAME, version="1", without=("user_id",)),
        post("registered-models/alias", name=NAME, alias="champion", version="2"),
        get("registered-models/alias", name=NAME, alias="champion", without=("user_id",)),
        get("registered-models/alias", name=NAME, alias="latest", without=("user_id",)),
        get("registered-models/alias", name=NAME, alias="LATEST", without=("user_id",)),
        get("registered-models/alias", name=NAME, alias="absent", says=True),
        get("registered-models/alias", name=NAME, says=True),
        delete("registered-models/alias", name=NAME, alias="champion"),
        delete("registered-models/alias", name=NAME, alias="champion"),
        model_now(),
    ],
    "aliases that cannot be": [
        create(),
        version(),
        post("registered-models/alias", name=NAME, alias="latest", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="Latest", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="v1", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="V23", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="v1x", version="1"),
        post("registered-models/alias", name=NAME, alias="1", version="1"),
        post("registered-models/alias", name=NAME, alias="a b", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="a/b", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="a" * 255, version="1"),
        post("registered-models/alias", name=NAME, alias="a" * 256, version="1", says=True),
        post("registered-models/alias", name=NAME, alias="", version="1", says=True),
        post("registered-models/alias", name=NAME, alias="ok", version="9", says=True),
        post("registered-models/alias", name=NAME, alias="ok", version="x", says=True),
        post("registered-models/alias", name=NAME, alias="ok", version="", says=True),
        post("registered-models/alias", name=NAME, alias="ok", says=True),
        post("registered-models/alias", name=NAME, alias="ok", version=1),
        get("registered-models/alias", name="$here unknown", alias="latest", says=True),
        delete("registered-models/alias", name=NAME, alias="a b", says=True),
        delete("registered-models/alias", name=NAME, says=True),
    ],
    "the latest of a model without versions": [
        create(),
        get("registered-models/alias", name=NAME, alias="latest", says=True),
        get("registered-models/get-latest-versions", name=NAME),
        post("registered-models/get-latest-versions", name=NAME),
    ],
}
