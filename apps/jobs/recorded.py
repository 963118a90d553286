"""What the record says of jobs."""

from apps.audit.sentences import add_sentences, name_target


def add() -> None:
    name_target("jobs.job", "job")
    add_sentences({"jobs.cancel": "cancelled {target}"})
