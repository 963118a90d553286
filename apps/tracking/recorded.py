"""What the record says of experiments, runs and what they logged."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.audit.sentences import add_sentences, name_target


def _run(verb: str) -> Callable[[Mapping[str, Any]], str]:
    """Entries of before did not say which run it was."""

    def template(details: Mapping[str, Any]) -> str:
        which = " ({run_id}) of experiment {experiment}" if "run_id" in details else ""
        return f"{verb} {{target}}{which}"

    return template


def add() -> None:
    name_target("tracking.experiment", "experiment")
    name_target("tracking.run", "run")
    name_target("tracking.loggedmodel", "logged model")
    name_target("tracking.dataset", "data set")
    name_target("tracking.savedview", "saved view")
    add_sentences(
        {
            "tracking.experiment.rename": "renamed {target}, which was called {old}",
            "tracking.experiment.delete": "deleted {target} with {runs} runs",
            "tracking.experiment.restore": "restored {target} with {runs} runs",
            "tracking.experiment.purge": "deleted {target} for good",
            "tracking.run.delete": _run("deleted"),
            "tracking.run.restore": _run("restored"),
            "tracking.run.move": "moved {target} ({run_id}) from experiment {experiment} to {to}",
            "tracking.run.purge": "deleted {target} ({run_id}) for good, with its files",
            "tracking.logged_model.delete": "deleted {target}",
            "tracking.logged_model.restore": "restored {target}",
            "tracking.logged_model.purge": "deleted {target} ({model_id}) for good, with its files",
            "tracking.dataset.purge": "deleted {target}, which no run uses any more, for good",
            "tracking.saved_view.save": "saved {target} of experiment {experiment}",
            "tracking.saved_view.delete": "deleted {target} of experiment {experiment}",
            "tracking.artifact.delete": "deleted the artifact {uri} of {target}",
        }
    )
