"""The runs of a table with everything that they logged, batch by batch, as files hold them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from apps.accounts.models import User
from apps.tracking.grammars import RUNS_IN_TABLES
from apps.tracking.queries.run_details import RunDetails, details_of
from apps.tracking.queries.run_search import FoundRun, count_runs, match_more_than, search_runs
from apps.tracking.run_files import RunRecord
from mlregistry.templatetags.console import as_datetime
from mlregistry.wire.keyset import INT64
from mlregistry.wire.schema import ViewType

BATCH = 500


@dataclass(frozen=True, slots=True)
class WantedRuns:
    """Those of an experiment that match, in the order of the table."""

    experiment: int
    filter: str = ""
    view: str = ViewType.ACTIVE_ONLY.value
    order_by: tuple[str, ...] = ()

    def batches(self, reader: Callable[[], User]) -> Iterator[Sequence[RunRecord]]:
        """By keyset, so that memory and the time for each stay the same; `reader` says anew for each who reads."""
        token = ""
        while True:
            found = search_runs(
                reader(),
                experiment_ids=[str(self.experiment)],
                filter_text=self.filter,
                view=ViewType(self.view),
                order_by=self.order_by,
                max_results=BATCH,
                page_token=token,
                orders=RUNS_IN_TABLES,
            )
            details = details_of([run.id for run in found.rows])
            if found.rows:
                yield [_record(run, details[run.id]) for run in found.rows]
            token = found.next_page_token
            if not token:
                return

    def count(self, user: User) -> int:
        return count_runs(
            user,
            experiment_ids=[str(self.experiment)],
            filter_text=self.filter,
            view=ViewType(self.view),
            newest=INT64 - 1,
        )

    def are_more_than(self, most: int, user: User) -> bool:
        """Whether there are more; it counts no further."""
        return match_more_than(
            most,
            user,
            experiment_ids=[str(self.experiment)],
            filter_text=self.filter,
            view=ViewType(self.view),
        )


def _record(run: FoundRun, details: RunDetails) -> RunRecord:
    return RunRecord(
        attributes={
            "run_id": run.uuid,
            "run_name": run.name,
            "status": run.status,
            "start_time": as_datetime(run.start_time),
            "end_time": as_datetime(run.end_time),
            "user_id": run.user_id,
            "artifact_uri": run.artifact_uri,
        },
        metrics={point.key: point.value for point in details.read_metrics()},
        params=details.read_params(),
        tags=details.read_tags(),
    )
