"""The MLflow wire in the OpenAPI schema: drf-spectacular's hook, fed by what `@endpoint` was told.

Whatever cannot be told is an error, not a gap: two structs or two calls of one name, a path value that the request's
struct does not have.
"""

import inspect
from collections import Counter
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from mlregistry.errors import RegistryError
from mlregistry.levels import Access, Level, Requirement
from mlregistry.wire.answers import Stream
from mlregistry.wire.endpoint import Endpoint, declared
from mlregistry.wire.errors import STATUS

Spec = dict[str, Any]

REF = "#/components/schemas/{name}"
JSON = "application/json"
SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"password": []}, {"session": []}]
SECURITY_SCHEMES: Spec = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token, as `Authorization: Bearer …`."},
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "A username with its password, or with a token in the password's place.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in page. Anything but reading needs the header `X-CSRFToken` too.",
    },
}
ALWAYS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "REQUEST_TOO_LARGE", "REQUEST_LIMIT_EXCEEDED")
SIGNED_IN = ("UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST")
IN_QUERY = ("GET", "DELETE")


def describe_wire(result: Spec, **_: Any) -> Spec:
    """Add every declared call, and the parts that both APIs refer to (a post-processing hook of drf-spectacular)."""
    paths, ours = described(declared())
    components = result["components"]
    components["securitySchemes"] = SECURITY_SCHEMES
    components["responses"] = error_responses()
    theirs = components.get("schemas", {})
    if taken := theirs.keys() & ours.keys():
        raise ValueError(f"both APIs have a schema of this name: {', '.join(sorted(taken))}")
    components["schemas"] = dict(sorted((theirs | ours).items()))
    result["paths"] = dict(sorted((result["paths"] | paths).items()))
    return result


def described(calls: Sequence[Endpoint]) -> tuple[Spec, Spec]:
    """The paths of these calls, and the schemas that they refer to."""
    schemas, names = _schemas(calls), operation_ids(calls)
    paths: Spec = {}
    for call in calls:
        operation = _operation(call, names[call], schemas)
        paths.setdefault(f"/{call.routes[0]}", {})[call.method.lower()] = operation
    # What only ever describes a query string has become parameters.
    return paths, {name: schemas[name] for name in _referred(paths, schemas)}


def operation_ids(calls: Sequence[Endpoint]) -> dict[Endpoint, str]:
    """The name of each call: its view's, with the method where one view answers several."""
    times = Counter(call.view.__name__ for call in calls)
    names = {
        call: call.view.__name__ if times[call.view.__name__] == 1 else f"{call.view.__name__}_{call.method.lower()}"
        for call in calls
    }
    repeated = [name for name, count in Counter(names.values()).items() if count > 1]
    if repeated:
        raise ValueError(f"calls need names of their own: {', '.join(repeated)}")
    return names


def errors_of(requires: Requirement, more: Iterable[type[RegistryError]] = ()) -> dict[str, Spec]:
    """The `responses` of an operation that are refusals."""
    codes = [*ALWAYS, *(error.code for error in more)]
    if requires is not Access.PUBLIC:
        codes += SIGNED_IN
    return {
        str(status): {"$ref": f"#/components/responses/{_response_name(status)}"}
        for status in sorted({STATUS[code] for code in codes})
    }


def error_responses() -> Spec:
    """One named response for each status, with the codes that it may carry."""
    by_status: dict[int, list[str]] = {}
    for code, status in STATUS.items():
        by_status.setdefault(status, []).append(code)
    return {
        _response_name(status): {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}.",
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "error_code": {"type": "string", "enum": codes},
                            "message": {"type": "string"},
                        },
                        "required": ["error_code", "message"],
                    }
                }
            },
        }
        for status, codes in sorted(by_status.items())
    }


def _response_name(status: int) -> str:
    return "".join(word.capitalize() for word in HTTPStatus(status).name.split("_"))


def _schemas(calls: Sequence[Endpoint]) -> Spec:
    """Every struct of the wire as JSON Schema. Requests may carry fields that nobody knows, answers may not."""
    returned = [call.returns for call in calls if isinstance(call.returns, type)]
    _, asked = msgspec.json.schema_components({call.schema for call in calls}, ref_template=REF)
    _, everything = msgspec.json.schema_components({*returned, *(call.schema for call in calls)}, ref_template=REF)
    for name, schema in everything.items():
        if "." in name:
            raise ValueError(f"two structs of the wire share the name of {name}; rename one")
        if name in asked and name != "Empty":
            schema.pop("additionalProperties", None)
        schema.pop("title", None)
    return everything


def _operation(call: Endpoint, name: str, schemas: Spec) -> Spec:
    described = inspect.getdoc(call.view)
    operation: Spec = {
        "operationId": name,
        "summary": call.view.__name__.replace("_", " ").capitalize(),
        "description": "\n\n".join(filter(None, (described, _needs(call.requires)))),
        "tags": [_tag(call)],
        "security": [] if call.requires is Access.PUBLIC else SECURITY,
        "x-requires": call.requires.name,
        "responses": _answers(call) | errors_of(call.requires, call.raises),
    }
    if parameters := _parameters(call, schemas):
        operation["parameters"] = parameters
    if body := _body(call, schemas):
        operation["requestBody"] = body
    return operation


def _tag(call: Endpoint) -> str:
    first = call.path.strip("/").split("/")[0]
    return "artifacts" if "artifact" in first else first if call.base == "mlflow" else call.base


def _needs(requires: Requirement) -> str:
    if isinstance(requires, Level):
        return f"Needs {requires.name} on what it is about."
    return f"For {requires.value}."


def _parameters(call: Endpoint, schemas: Spec) -> list[Spec]:
    fields = schemas[call.schema.__name__]
    if unknown := set(call.path_values) - fields["properties"].keys():
        raise ValueError(f"{call.method} {call.path}: {call.schema.__name__} has no {', '.join(unknown)}")
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": fields["properties"][name]}
        for name in call.path_values
    ]
    if call.method in IN_QUERY or call.streams_body:
        required = fields.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in fields["properties"].items()
            if name not in call.path_values
        ]
    return parameters


def _body(call: Endpoint, schemas: Spec) -> Spec | None:
    if call.streams_body:
        return {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    fields = schemas[call.schema.__name__]["properties"]
    if call.method in IN_QUERY or not fields.keys() - set(call.path_values):
        return None
    return {"required": True, "content": {JSON: {"schema": _body_schema(call, schemas)}}}


def _body_schema(call: Endpoint, schemas: Spec) -> Spec:
    """The struct by reference, or what is left of it when the path has told a part."""
    if not call.path_values:
        return {"$ref": REF.format(name=call.schema.__name__)}
    whole = schemas[call.schema.__name__]
    left = {name: schema for name, schema in whole["properties"].items() if name not in call.path_values}
    required = [name for name in whole.get("required", ()) if name in left]
    return {"type": "object", "properties": left} | ({"required": required} if required else {})


def _answers(call: Endpoint) -> Spec:
    match call.returns:
        case None:
            return {"200": {"description": "Done."}}
        case Stream(media_type=media_type, ranges=ranges):
            content: Spec = {media_type: {"schema": {}}}
            part = {"206": {"description": "The part that was asked for.", "content": content}} if ranges else {}
            return {"200": {"description": "The bytes.", "content": content}} | part
        case struct:
            return {
                "200": {
                    "description": "Done.",
                    "content": {JSON: {"schema": {"$ref": REF.format(name=struct.__name__)}}},
                }
            }


def _referred(spec: Any, schemas: Spec) -> set[str]:
    """Names of the `schemas` that `spec` refers to, and that those refer to."""
    found: set[str] = set()
    waiting = [spec]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found
