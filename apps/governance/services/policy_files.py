"""Policies as a file, so that they can live in git: read, held against what is in force, applied, written back.

    production:
      models: ["fraud-*"]
      protects: {stage: [Production]}
      slots: {Risk: 1}

A file says everything: what it names is drafted and published where it differs; what is in force and not in the file
is only retired when asked for.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.governance.models import ChangeRequest, Policy
from apps.governance.services import policies
from apps.governance.services.policy_documents import read_document, written_document
from apps.governance.terms import Terms, read_terms, written_terms
from mlregistry.actor import Actor
from mlregistry.errors import InvalidParameter

LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Difference:
    """What a file asks of one policy: `now` and `asked` are documents, None for none."""

    name: str
    now: dict[str, Any] | None
    asked: dict[str, Any] | None

    def lines(self) -> list[str]:
        """A unified diff of the two, as YAML."""
        before, after = (
            written_document(document) if document is not None else "" for document in (self.now, self.asked)
        )
        names = (f"{self.name} (in force)", f"{self.name} (file)")
        return list(difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm=""))


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a difference: in force, or asked for by a change request."""

    name: str
    request: ChangeRequest | None


def read_file(text: str) -> dict[str, Terms]:
    """The policies of a file, by name; `InvalidParameter` says where it is wrong."""
    content = read_document(text, longest=LARGEST)
    if not all(isinstance(each, Mapping) for each in content.values()):
        raise InvalidParameter("A file of policies is a mapping: the name of each policy, and what it says.")
    found = {}
    for name, document in content.items():
        try:
            found[name] = read_terms(document)
        except InvalidParameter as wrong:
            raise InvalidParameter(f"{name}: {wrong.message}") from None
    return found


def written_file() -> str:
    """Everything that is in force, as such a file."""
    current = Policy.objects.filter(current__isnull=False).order_by("name").select_related("current")
    return written_document({policy.name: policy.current.document for policy in current if policy.current})


def differences(asked: Mapping[str, Terms], *, retire: bool) -> list[Difference]:
    """What is not yet as the file says; with `retire`, also what is in force and not in the file."""
    current = {
        policy.name: policy.current.document
        for policy in Policy.objects.filter(current__isnull=False).select_related("current")
        if policy.current
    }
    found = [
        Difference(name, current.get(name), written_terms(terms))
        for name, terms in asked.items()
        if current.get(name) != written_terms(terms)
    ]
    gone = sorted(set(current) - set(asked)) if retire else []
    return found + [Difference(name, current[name], None) for name in gone]


def apply(found: list[Difference], *, by: Actor, reason: str) -> list[Applied]:
    """Publish each difference, or ask for it; one after another, so that the second already knows the first."""
    done = []
    for difference in found:
        if difference.asked is None:
            policy = Policy.objects.select_related("current").get(name=difference.name)
            request = policies.retire(policy=policy, by=by, reason=reason)
        else:
            draft = policies.draft_saying(name=difference.name, document=difference.asked, by=by)
            request = policies.publish(revision=draft, by=by, reason=reason)
        done.append(Applied(difference.name, request))
    return done
