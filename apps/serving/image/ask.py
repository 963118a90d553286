"""Asks the server in this container what its first caller would: whether it is there, and for a prediction.

Run inside the container, which has no network. The first argument is the path of an input below /opt/model, empty for
none. Prints one line of JSON: `status`, `seconds`, `answer`, and `error` where there was none.
"""

import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

MODEL = Path("/opt/model")
LONGEST_ANSWER = 2_000
LIMIT_S = 60


def main(example: str) -> dict[str, Any]:
    body = (MODEL / example).read_bytes() if example else None
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=LIMIT_S)
    try:
        if body is None:
            connection.request("GET", "/ping")
        else:
            connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        said = response.read().decode(errors="replace")
    except OSError as error:
        return {"status": None, "seconds": time.monotonic() - started, "answer": "", "error": str(error)}
    return {"status": response.status, "seconds": time.monotonic() - started, "answer": said[:LONGEST_ANSWER]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))  # noqa: T201  what whoever runs it reads
