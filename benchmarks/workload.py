"""The requests that both servers get: one client, one connection, bodies encoded beforehand."""

import http.client
import json
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

API = "/api/2.0/mlflow/"
RUNS = 400
METRICS = PARAMS = 5
PAGE = 100
HISTORY = 10_000
BATCH = 1_000


@dataclass
class Client:
    """One HTTP connection that stays open."""

    address: str
    token: str = ""

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=120)
        self._headers = {"Content-Type": "application/json"}
        if self.token:
            self._headers["Authorization"] = f"Bearer {self.token}"

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, API + path, body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{method} {path} answered {response.status}: {answer[:300]!r}")
        return answer

    def rest(self) -> None:
        """Close the connection; the next request opens another. A server closes one that is idle for seconds."""
        self._connection.close()

    def post(self, path: str, **body: object) -> dict[str, object]:
        return json.loads(self.send("POST", path, json.dumps(body).encode()))

    def new_run(self, experiment_id: str, name: str = "run") -> str:
        run = self.post("runs/create", experiment_id=experiment_id, run_name=name, start_time=time.time_ns() // 10**6)
        return run["run"]["info"]["run_id"]


@dataclass(frozen=True)
class Figure:
    """What was measured: `value` in `unit`; more is better, or less."""

    name: str
    value: float
    unit: str
    more_is_better: bool


def measure(client: Client, *, seconds: float, settle: Callable[[], None]) -> Iterable[Figure]:
    """Every figure of one server. Each rate is taken over about `seconds`.

    `settle` is called once the runs to search are there: it does what the database would do by itself in a minute.
    """
    random.seed(7)
    yield Figure("log-metric", _log_metric(client, seconds), "requests/s", more_is_better=True)
    yield Figure("log-batch of 1,000", _log_batch(client, seconds), "metrics/s", more_is_better=True)
    experiment = _seed(client)
    settle()
    searches = {
        "runs/search, first page": {},
        "runs/search, filter and order by metric": {
            "filter": "metrics.m0 > 0.2 and params.p1 = '1' and tags.kind = 'even'",
            "order_by": ["metrics.m1 DESC"],
        },
    }
    for name, question in searches.items():
        body = json.dumps({"experiment_ids": [experiment], "max_results": PAGE, **question}).encode()
        rate = _rate(lambda body=body: client.send("POST", "runs/search", body), seconds)
        yield Figure(name, rate, "pages/s", more_is_better=True)
    yield Figure(
        f"paging through {RUNS} runs", _page_through(client, experiment, seconds), "runs/s", more_is_better=True
    )
    yield Figure(f"get-history of {HISTORY:,}", _history(client, seconds), "points/s", more_is_better=True)
    run_id = client.new_run(experiment)
    path = "runs/get?" + urlencode({"run_id": run_id})
    yield Figure("runs/get", _rate(lambda: client.send("GET", path), seconds), "requests/s", more_is_better=True)


def _rate(call: Callable[[], object], seconds: float) -> float:
    """Calls per second, after a few that do not count."""
    for _ in range(3):
        call()
    began, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - began) < seconds:
        call()
        count += 1
    return count / elapsed


def _log_metric(client: Client, seconds: float) -> float:
    run_id = client.new_run("0")
    step = iter(range(10**9))

    def log() -> None:
        n = next(step)
        body = {
            "run_id": run_id,
            "key": "loss",
            "value": random.random(),
            "timestamp": 1_700_000_000_000 + n,
            "step": n,
        }
        client.send("POST", "runs/log-metric", json.dumps(body).encode())

    return _rate(log, seconds)


def _batches(run_id: str, key: str, count: int) -> list[bytes]:
    return [
        json.dumps(
            {
                "run_id": run_id,
                "metrics": [
                    {"key": f"{key}{n % 10}", "value": random.random(), "timestamp": 1_700_000_000_000 + n, "step": n}
                    for n in range(start, start + BATCH)
                ],
            }
        ).encode()
        for start in range(0, count * BATCH, BATCH)
    ]


def _log_batch(client: Client, seconds: float) -> float:
    bodies = iter(_batches(client.new_run("0"), "k", int(500 * seconds)))
    client.rest()  # making the bodies took a while
    return BATCH * _rate(lambda: client.send("POST", "runs/log-batch", next(bodies)), seconds)


def _seed(client: Client) -> str:
    experiment = client.post("experiments/create", name=f"bench {random.getrandbits(64)}-{time.time_ns()}")
    experiment_id = str(experiment["experiment_id"])
    for n in range(RUNS):
        now = 1_700_000_000_000 + n
        client.post(
            "runs/log-batch",
            run_id=client.new_run(experiment_id, f"run {n}"),
            metrics=[{"key": f"m{i}", "value": random.random(), "timestamp": now, "step": 0} for i in range(METRICS)],
            params=[{"key": f"p{i}", "value": str(n % (i + 2))} for i in range(PARAMS)],
            tags=[{"key": "kind", "value": "odd" if n % 2 else "even"}],
        )
    return experiment_id


def _page_through(client: Client, experiment_id: str, seconds: float) -> float:
    def walk() -> None:
        token = ""
        while True:
            found = client.post("runs/search", experiment_ids=[experiment_id], max_results=PAGE, page_token=token)
            token = str(found.get("next_page_token", ""))
            if not token:
                return

    return RUNS * _rate(walk, seconds)


def _history(client: Client, seconds: float) -> float:
    run_id = client.new_run("0")
    for body in _batches(run_id, "h", HISTORY // BATCH * 10):
        client.send("POST", "runs/log-batch", body)
    path = "metrics/get-history?" + urlencode({"run_id": run_id, "metric_key": "h0"})
    return HISTORY * _rate(lambda: client.send("GET", path), seconds)
