"""How long our pages take, and what they weigh: on a team's work (manage.py demo), and on 100,000 runs.

    make bench-pages

Each page is asked for by a signed-in administrator over one connection; what is printed is the median time until the
whole page has arrived, and its size. Beside the runs table stands the genuine MLflow's answer for as many runs, from
which its own page draws the same table: the ratio is what is comparable between machines.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.large import SEED
from benchmarks.workload import Client
from tests import live

RUNS = 100_000
ON_ONE_PAGE = 50
REPEATS = 9
LINKS = re.compile(r'href="(/admin/(?:experiments|runs|models|people|audit|compare)/[^"]*)"')
FIRST_OF = (
    r"/admin/experiments/\d+/$",
    r"/admin/runs/\w{32}/$",
    r"/admin/models/\d+/$",
    r"/admin/models/\d+/versions/\d+/$",
)
STARTS = ("/admin/", "/admin/experiments/", "/admin/models/", "/admin/people/", "/admin/audit/", "/admin/account/")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", default="postgres://postgres@127.0.0.1:5432/postgres", help="a server to use")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        _of_a_team(Path(folder) / "team")
        with live.fresh_database(options.postgresql) as database:
            _of_many_runs(Path(folder) / "many", database)
        _of_mlflow(Path(folder) / "mlflow")


def _of_a_team(folder: Path) -> None:
    with live.ours(folder) as server:
        command = [sys.executable, "manage.py", "demo"]
        subprocess.run(command, cwd=live.PROJECT, env=server.environment, check=True, capture_output=True)
        session = signed_in(server)
        print("A team's work: 300 runs, 6 models; SQLite")
        for path in _pages(session, server):
            _print(path, lambda path=path: session.get(server.url(path)))


def _of_many_runs(folder: Path, database: str) -> None:
    with live.ours(folder, database=database) as server:
        experiment = str(Client(server.address, server.token).post("experiments/create", name="large")["experiment_id"])
        with psycopg2.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(SEED, {"experiment": int(experiment), "runs": RUNS})
            cursor.execute("ANALYZE")
        session = signed_in(server)
        print(f"{RUNS:,} runs in one experiment; PostgreSQL")
        table = f"/admin/experiments/{experiment}/"
        for path in (
            "/admin/",
            "/admin/experiments/",
            table,
            f"{table}?filter=metrics.m0+%3E+0.2",
            f"{table}?sort=-metrics.m1",
            f"{table}?sort=-attributes.duration",
        ):
            _print(path, lambda path=path: session.get(server.url(path)))


def _of_mlflow(folder: Path) -> None:
    """As many runs as our table shows, from the call that MLflow's own table makes."""
    with live.genuine_mlflow(folder) as server:
        client = Client(server.address, "")
        experiment = str(client.post("experiments/create", name="peer")["experiment_id"])
        for number in range(ON_ONE_PAGE):
            run_id = client.new_run(experiment, f"run {number}")
            metrics = [{"key": f"m{m}", "value": m, "timestamp": 1, "step": 0} for m in range(5)]
            params = [{"key": f"p{p}", "value": str(p)} for p in range(5)]
            client.post("runs/log-batch", run_id=run_id, metrics=metrics, params=params)
        print("The genuine MLflow")
        body = {"experiment_ids": [experiment], "max_results": ON_ONE_PAGE}
        session = requests.Session()
        path = "ajax-api/2.0/mlflow/runs/search"
        _print(f"/{path}", lambda: session.post(server.url(path), json=body))


def signed_in(server: live.LiveServer) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    form = session.get(server.url("accounts/login/"))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    assert token, "the sign-in page has no form"
    said = {"csrfmiddlewaretoken": token[1], "login": server.username, "password": server.password}
    session.post(server.url("accounts/login/"), data=said, headers={"Referer": server.address}).raise_for_status()
    return session


def _pages(session: requests.Session, server: live.LiveServer) -> list[str]:
    """The pages of the navigation, and the first of each kind that they and those lead to."""
    found = list(STARTS)
    for pattern in FIRST_OF:
        links = [link for path in found for link in LINKS.findall(session.get(server.url(path)).text)]
        found += [link for link in links if re.search(pattern, link)][:1]
    return found


def _print(name: str, call: Callable[[], requests.Response]) -> None:
    times, answer = [], call()
    answer.raise_for_status()
    for _ in range(REPEATS):
        began = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - began)
    print(f"  {name:60}{1000 * statistics.median(times):8.0f} ms{len(answer.content) / 1024:8.0f} KB", flush=True)


if __name__ == "__main__":
    main()
