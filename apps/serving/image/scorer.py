"""Answers for one model over HTTP, by the protocol of MLflow's own scoring server: /ping, /version, /invocations."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import mlflow.pyfunc
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server

LONGEST_BODY = 32 * 1024 * 1024
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}
Answer = tuple[int, str, bytes]
Environ = dict[str, Any]

os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"  # as MLflow's own server tells the model
model = mlflow.pyfunc.load_model("/opt/model")
schema = model.metadata.get_input_schema()


def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    status, mimetype, body = answer(environ)
    headers = [("Content-Type", mimetype), ("Content-Length", str(len(body)))]
    start_response(f"{status} {REASONS.get(status, 'Error')}", headers)
    return [body]


def answer(environ: Environ) -> Answer:
    match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
        case "GET", "/ping" | "/health":
            return 200, "application/json", b"\n"
        case "GET", "/version":
            return 200, "application/json", mlflow.__version__.encode()
        case "POST", "/invocations":
            return predicted(environ)
        case _, "/ping" | "/health" | "/version" | "/invocations":
            return 405, "text/plain", b"Ask /ping and /version by GET, and /invocations by POST.\n"
    return 404, "text/plain", b"There is /ping, /version and /invocations.\n"


def predicted(environ: Environ) -> Answer:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > LONGEST_BODY:
        return 413, "text/plain", f"At most {LONGEST_BODY} bytes can be sent at a time.\n".encode()
    data = environ["wsgi.input"].read(length)
    try:
        said = scoring_server.invocations(data, environ.get("CONTENT_TYPE", ""), model, schema)
    except MlflowException as error:
        return error.get_http_status_code(), "application/json", error.serialize_as_json().encode()
    return said.status, said.mimetype, said.response.encode()
