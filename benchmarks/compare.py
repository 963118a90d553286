"""Our figures beside the genuine MLflow's, measured in turn on this machine: `make bench`.

Ours runs as it comes, by `manage.py serve`. MLflow's, by `mlflow server`, runs twice: as it comes, with four workers,
and with one, with which it answers one client fastest. A ratio above 1 means that ours is that many times better.
Absolute figures differ between machines; quote ratios.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.workload import Client, Figure, measure
from tests import live

SERVERS = {"mlflow": "MLflow", "mlflow, 1 worker": "1 worker", "ours": "ours"}
MLFLOW_WORKERS = {"mlflow": 4, "mlflow, 1 worker": 1}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--postgresql", default="postgres://postgres@127.0.0.1:5432/postgres", help="a server to use")
    parser.add_argument("--seconds", type=float, default=4, help="for each figure")
    parser.add_argument("--rounds", type=int, default=1, help="of both servers in turn; medians are printed")
    options = parser.parse_args()
    for database in options.database or ("sqlite", "postgresql"):
        rounds = [_round(database, options) for _ in range(options.rounds)]
        _print(database, rounds)


def _round(database: str, options: argparse.Namespace) -> dict[str, list[Figure]]:
    return {name: _figures(name, database, options) for name in SERVERS}


def _figures(name: str, database: str, options: argparse.Namespace) -> list[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"bench-{name}-")))
        address = stack.enter_context(live.fresh_database(options.postgresql)) if database == "postgresql" else ""
        with _serve(name, folder, address) as server:
            token = server.token  # This start makes the database; what follows begins as every later one does.
            memory = _idle_memory(server.process.pid)
        began = time.perf_counter()
        with _serve(name, folder, address, token) as server:
            started = time.perf_counter() - began
            client = Client(server.address, server.token)
            figures = list(measure(client, seconds=options.seconds, settle=lambda: _analyze(address)))
        return [
            *figures,
            Figure("first answer after a start", started, "s", more_is_better=False),
            Figure("memory when idle", memory, "MB", more_is_better=False),
        ]


@contextmanager
def _serve(name: str, folder: Path, database: str, token: str = "") -> Iterator[live.LiveServer]:
    if name in MLFLOW_WORKERS:
        address = database.replace("postgres://", "postgresql+psycopg2://")
        with live.genuine_mlflow(folder, database=address, workers=MLFLOW_WORKERS[name]) as server:
            yield server
    else:
        with live.ours(folder, database=database, token=token) as server:
            yield server


def _analyze(database: str) -> None:
    """Let PostgreSQL's planner know the new rows, as autovacuum lets it know after a minute."""
    if database:
        with psycopg2.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _idle_memory(pid: int) -> float:
    """Megabytes of the process and all its descendants, what they share counted once (PSS)."""
    time.sleep(5)
    return sum(_pss(each) for each in _descendants(pid)) / 1024


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # It has ended meanwhile.
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _descendants(pid: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # It has ended meanwhile.
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _print(database: str, rounds: list[dict[str, list[Figure]]]) -> None:
    heads = "".join(f"{head:>14}" for head in SERVERS.values())
    print(f"\n{database}\n{'':42}{heads}  {'unit':12}times better")
    for index, figure in enumerate(rounds[0]["ours"]):
        *theirs, ours = (statistics.median(each[name][index].value for each in rounds) for name in SERVERS)
        ratios = [ours / value if figure.more_is_better else value / ours for value in theirs]
        values = "".join(f"{value:14,.1f}" for value in (*theirs, ours))
        print(f"{figure.name:42}{values}  {figure.unit:12}" + "".join(f"{ratio:7.1f}" for ratio in ratios), flush=True)


if __name__ == "__main__":
    main()
