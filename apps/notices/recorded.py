"""What the record says of notices."""

from apps.audit.sentences import add_sentences, name_target


def add() -> None:
    name_target("notices.delivery", "notice", before="the")
    add_sentences({"notices.delivery.send_again": "had {target} sent again"})
