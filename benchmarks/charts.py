"""How long the first chart of a metric takes that has 1,000,000 points, along steps and along time, on both databases.

    make bench-charts

One run has logged its steps one after the other, another in disorder. What is printed is the time until a signed-in
administrator has the points that the chart draws, the shortest and the median of several: other work on the machine
makes the median longer.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.pages import signed_in
from benchmarks.workload import Client
from tests import live

POINTS = 1_000_000
LAST = 1_700_000_000_000 + 37 * POINTS
REPEATS = 7
STRIDES = {"in order": 1, "in disorder": 7_919}

NUMBERS = {
    "sqlite": "WITH RECURSIVE s (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {last})",
    "postgresql": "WITH s (n) AS (SELECT generate_series(0::bigint, {last}))",
}
SEED = """
INSERT INTO tracking_metric (run_id, key_id, step, timestamp, value, is_nan)
{numbers} SELECT r.id, k.id, (n * {stride}) % {points}, 1700000000000 + 37 * n, (n * 7919 % 10007) / 10007.0, false
  FROM s, tracking_run r, tracking_metrickey k WHERE r.uuid = '{uuid}' AND k.name = 'loss'
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", default="postgres://postgres@127.0.0.1:5432/postgres", help="a server to use")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-charts-") as folder:
        _of("SQLite", Path(folder) / "sqlite", "")
        with live.fresh_database(options.postgresql) as database:
            _of("PostgreSQL", Path(folder) / "postgresql", database)


def _of(name: str, folder: Path, database: str) -> None:
    with live.ours(folder, database=database) as server:
        client = Client(server.address, server.token)
        experiment = str(client.post("experiments/create", name="charts")["experiment_id"])
        session = signed_in(server)
        print(f"A metric of {POINTS:,} points; {name}")
        for order, stride in STRIDES.items():
            uuid = client.new_run(experiment, order)
            client.post("runs/log-metric", run_id=uuid, key="loss", value=0.5, timestamp=LAST, step=POINTS)
            _seed(server, database, uuid, stride)
            for axis in ("step", "time"):
                _print(
                    f"steps {order}, along {axis}", session, server.url(f"admin/runs/{uuid}/points/?key=loss&x={axis}")
                )


def _seed(server: live.LiveServer, database: str, uuid: str, stride: int) -> None:
    numbers = NUMBERS["postgresql" if database else "sqlite"].format(last=POINTS - 1)
    statement = SEED.format(numbers=numbers, stride=stride, points=POINTS, uuid=uuid)
    if not database:
        path = Path(server.environment["MLREGISTRY_DATA"], "mlregistry.sqlite3")
        with closing(sqlite3.connect(path, timeout=60)) as held, held:
            held.execute(statement)
        return
    with closing(psycopg2.connect(database)) as held:
        held.autocommit = True
        with held.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("VACUUM ANALYZE tracking_metric")


def _print(name: str, session: requests.Session, address: str) -> None:
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        session.get(address).raise_for_status()
        times.append(1000 * (time.perf_counter() - began))
    print(f"  {name:36}{min(times):8.0f} ms{statistics.median(times):8.0f} ms", flush=True)


if __name__ == "__main__":
    main()
