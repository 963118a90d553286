"""A report: what stands in a stage or under an alias without anybody having been asked."""

from collections.abc import Iterator

from django.urls import reverse

from apps.accounts.models import User
from apps.governance.choices import State
from apps.governance.models import ChangeRequest
from apps.governance.queries.policies import InForce, every_policy
from apps.governance.reports import Line, Period, Report, add_report
from apps.registry.choices import active_stages
from apps.registry.models import Alias, ModelVersion
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.versions import present
from mlregistry.levels import Level

STRETCH = 500
UNPROTECTED = "no policy asks for approval"

Standing = tuple[ModelVersion, str, str]
"""A version, the word for what it stands in ("stage", "alias"), and which."""


def add() -> None:
    add_report(
        Report(
            "never-reviewed",
            "Never reviewed",
            "Versions in a stage or under an alias, without a request that was approved and still stands.",
            ("What", "Stands in", "Registered by", "Protected by"),
            _rows,
            has_period=False,
        )
    )


def _rows(user: User, _: Period) -> Iterator[Line]:
    policies = every_policy()
    for stretch in _standing(user):
        pks = {version.pk for version, _, _ in stretch}
        applied = ChangeRequest.objects.filter(subject_id__in=pks, state=State.APPLIED, taken_back_at=None)
        reviewed = set(applied.values_list("subject_id", "action", "target"))
        for version, word, target in stretch:
            if (version.pk, f"registry.set_{word}", target) not in reviewed:
                yield Line(
                    (
                        str(version),
                        target if word == "stage" else f"alias {target}",
                        version.user_id,
                        _protected_by(policies, version, word, target),
                    ),
                    reverse("version", args=[version.model_id, version.version]),
                )


def _standing(user: User) -> Iterator[list[Standing]]:
    """Of models that the user may read, stretch by stretch: first what is in stages, then what is under aliases."""
    readable = MODEL_GRANTS.filter(present(), user, via="model", at_least=Level.READ).select_related("model")
    in_stages = readable.filter(current_stage__in=active_stages()).order_by("pk")
    last = 0
    while stretch := list(in_stages.filter(pk__gt=last)[:STRETCH]):
        yield [(version, "stage", version.current_stage) for version in stretch]
        last = stretch[-1].pk
    aliases = Alias.objects.filter(version__in=readable.values("pk")).select_related("version__model").order_by("pk")
    last = 0
    while named := list(aliases.filter(pk__gt=last)[:STRETCH]):
        yield [(alias.version, "alias", alias.name) for alias in named]
        last = named[-1].pk


def _protected_by(policies: list[InForce], version: ModelVersion, word: str, target: str) -> str:
    names = (version.model.name,)
    found = [
        met.policy for met in policies if met.terms.covers_object(names) and met.terms.protects_any([(word, target)])
    ]
    return ", ".join(found) or UNPROTECTED
