"""How our server behaves when it is full: 100,000 runs in one experiment, 1,000,000 points on one run, 10,000 models.

    make bench-large

Runs and models are put straight into a new PostgreSQL database (through the API it would take minutes); the points go
over the wire. What is printed is the time of one request, the median of several.
"""

import argparse
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import psycopg2
import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.workload import BATCH, Client
from tests import live

RUNS = 100_000
POINTS = 1_000_000
PAGE = 100
MODELS = 10_000
VERSIONS = 5
REPEATS = 5

SEED = """
INSERT INTO tracking_metrickey (name) SELECT 'm' || i FROM generate_series(0, 4) i ON CONFLICT DO NOTHING;
INSERT INTO tracking_run
    (uuid, experiment_id, name, user_id, created_by, status, start_time, end_time, lifecycle_stage, artifact_uri)
    SELECT md5(n::text), %(experiment)s, 'run ' || n, 'ada', 'admin', 'FINISHED', 1700000000000 + n,
           1700000000000 + n + n::bigint * 7919 %% 3600000, 'active',
           'mlflow-artifacts:/' || %(experiment)s || '/' || md5(n::text) || '/artifacts'
      FROM generate_series(1, %(runs)s) n;
INSERT INTO tracking_latestmetric (run_id, key_id, step, timestamp, value, is_nan)
    SELECT r.id, k.id, 0, 1, random(), false FROM tracking_run r, tracking_metrickey k
     WHERE r.experiment_id = %(experiment)s AND k.name LIKE 'm_';
INSERT INTO tracking_param (run_id, key, value)
    SELECT r.id, 'p' || i, (r.id %% (i + 2))::text FROM tracking_run r, generate_series(0, 4) i
     WHERE r.experiment_id = %(experiment)s;
INSERT INTO tracking_runtag (run_id, key, value)
    SELECT r.id, 'kind', CASE WHEN r.id %% 2 = 0 THEN 'even' ELSE 'odd' END FROM tracking_run r
     WHERE r.experiment_id = %(experiment)s;
"""

SEARCHES = {
    "first page": {},
    "filter by metric, param and tag": {"filter": "metrics.m0 > 0.2 and params.p1 = '1' and tags.kind = 'even'"},
    "filter that few match": {"filter": "metrics.m0 > 0.9999"},
    "filter that none matches": {"filter": "params.p1 = 'nothing'"},
    "name LIKE": {"filter": "attributes.run_name LIKE '%99999%'"},
    "order by metric": {"order_by": ["metrics.m1 DESC"]},
    "order by param": {"order_by": ["params.p3 ASC"]},
    "filter and order by metric": {
        "filter": "metrics.m0 > 0.2 and tags.kind = 'even'",
        "order_by": ["metrics.m1 DESC"],
    },
}

SEED_MODELS = """
INSERT INTO registry_registeredmodel
    (name, description, creation_time, last_updated_time, created_by, last_version, is_prompt)
    SELECT 'model ' || n, 'made for measuring', 1700000000000 + n, 1700000000000 + (n * 7919) %% 1000000, 'admin',
           %(versions)s, false
      FROM generate_series(1, %(models)s) n;
INSERT INTO registry_registeredmodeltag (model_id, key, value)
    SELECT m.id, 'team', 'team ' || m.id %% 50 FROM registry_registeredmodel m;
INSERT INTO registry_modelversion
    (model_id, version, creation_time, last_updated_time, user_id, current_stage, source, location, run_id, run_link,
     logged_model_id, status, status_message)
    SELECT m.id, v, m.creation_time + v, m.creation_time + v, 'admin',
           (ARRAY['None', 'Staging', 'Production', 'Archived', 'None'])[v], 's3://bucket/' || m.id || '/' || v,
           's3://bucket/' || m.id || '/' || v, md5(m.id::text), '', '', 'READY', ''
      FROM registry_registeredmodel m, generate_series(1, %(versions)s) v;
INSERT INTO registry_modelversiontag (version_id, key, value)
    SELECT v.id, 'checked', CASE WHEN v.id %% 2 = 0 THEN 'yes' ELSE 'no' END FROM registry_modelversion v;
INSERT INTO registry_alias (model_id, name, version_id)
    SELECT v.model_id, 'champion', v.id FROM registry_modelversion v WHERE v.current_stage = 'Production';
"""

MODEL_SEARCHES = {
    "models, first page": ("registered-models", {}),
    "models, name LIKE": ("registered-models", {"filter": "name LIKE '%999%'"}),
    "models, filter by tag": ("registered-models", {"filter": "tags.team = 'team 7'"}),
    "models, filter that none matches": ("registered-models", {"filter": "tags.team = 'nobody'"}),
    "models, order by last change": ("registered-models", {"order_by": ["last_updated_timestamp DESC"]}),
    "versions, first page": ("model-versions", {}),
    "versions of one model": ("model-versions", {"filter": "name = 'model 4711'"}),
    "versions, filter by tag": ("model-versions", {"filter": "tags.checked = 'yes'", "order_by": ["name ASC"]}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", default="postgres://postgres@127.0.0.1:5432/postgres", help="a server to use")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-large-") as folder,
        live.fresh_database(options.postgresql) as database,
        live.ours(Path(folder), database=database) as server,
    ):
        client = Client(server.address, server.token)
        experiment = str(client.post("experiments/create", name="large")["experiment_id"])
        _seed(database, experiment)
        print(f"{RUNS:,} runs in one experiment; runs/search, {PAGE} to a page")
        for name, question in SEARCHES.items():
            body = json.dumps({"experiment_ids": [experiment], "max_results": PAGE, **question}).encode()
            _print(name, lambda body=body: client.send("POST", "runs/search", body))
        _points(client, experiment)
        _models(client, database, server)


def _seed(database: str, experiment: str) -> None:
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(SEED, {"experiment": int(experiment), "runs": RUNS})
        cursor.execute("ANALYZE")


def _points(client: Client, experiment: str) -> None:
    run_id = client.new_run(experiment, "the long one")
    began = time.perf_counter()
    for start in range(0, POINTS, BATCH):
        points = [{"key": "loss", "value": 1 / (n + 1), "timestamp": n, "step": n} for n in range(start, start + BATCH)]
        client.post("runs/log-batch", run_id=run_id, metrics=points)
    print(f"{POINTS:,} points on one run, logged in {time.perf_counter() - began:.0f} s")
    _print("runs/get", lambda: client.send("GET", "runs/get?" + urlencode({"run_id": run_id})))
    page = {"run_id": run_id, "metric_key": "loss", "max_results": 25_000}
    _print("a page of 25,000 points", lambda: client.send("GET", "metrics/get-history?" + urlencode(page)))
    sample = {"run_ids": run_id, "metric_key": "loss", "max_results": 2_500}
    path = "metrics/get-history-bulk-interval?" + urlencode(sample)
    _print("a sample of 2,500 points", lambda: client.send("GET", path))


def _models(client: Client, database: str, server: live.LiveServer) -> None:
    """Searches by the administrator, who may read everything, and by a person who has the default and a few grants."""
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute(SEED_MODELS, {"models": MODELS, "versions": VERSIONS})
        cursor.execute("ANALYZE")
    person = _person(server)
    print(f"{MODELS:,} models x {VERSIONS} versions; search, {PAGE} to a page")
    for name, (kind, question) in MODEL_SEARCHES.items():
        path = f"{kind}/search?" + urlencode({"max_results": PAGE, **question}, doseq=True)
        _print(name, lambda path=path: client.send("GET", path))
        _print("  for a person", lambda path=path: person.send("GET", path))


def _person(server: live.LiveServer) -> Client:
    """Someone who may not read every hundredth model."""
    account, password = {"username": "reader"}, secrets.token_urlsafe(16)
    with server.session() as session:
        session.post(server.url("api/v1/people"), json={**account, "password": password}).raise_for_status()
        for number in range(1, MODELS + 1, MODELS // 100):
            path = server.url(f"api/v1/registered-models/model {number}/permissions")
            session.put(path, json={"user": "reader", "permission": "NO_PERMISSIONS"}).raise_for_status()
    made = requests.post(server.url("api/v1/tokens"), json={"name": "bench"}, auth=("reader", password), timeout=60)
    made.raise_for_status()
    return Client(server.address, made.json()["token"])


def _print(name: str, call: Callable[[], object]) -> None:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    print(f"  {name:36}{1000 * statistics.median(times):10.1f} ms", flush=True)


if __name__ == "__main__":
    main()
