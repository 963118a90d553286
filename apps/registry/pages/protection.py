"""What the pages of models say of policies before somebody sends a form, and what the panel of a version lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode

from apps.governance.actions import Proposal, action_named
from apps.governance.models import ChangeRequest
from apps.governance.queries.policies import InForce, policies_for
from apps.governance.queries.policy_pages import told_terms
from apps.governance.queries.requests import live_requests_about, requests_about
from apps.governance.terms import combined
from apps.registry import proposals
from apps.registry.choices import stages
from apps.registry.models import Alias, ModelVersion, RegisteredModel
from mlregistry.levels import Level

MOST_TARGETS = 12
"""Of a policy that protects many aliases."""
REQUESTS = 20
SHOWN = 5
_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Target:
    """A protected place, and how a version stands to it."""

    word: str
    name: str
    stands: bool
    needs: str
    gates: int
    policies: list[InForce]
    request: ChangeRequest | None = None

    @property
    def query(self) -> str:
        """What it is called in the address of what it would take."""
        return urlencode({"to" if self.word == "stage" else "alias": self.name})


class Protection:
    """The policies that are for one model; read once for a page."""

    def __init__(self, model: RegisteredModel) -> None:
        self.model = model
        self.policies = policies_for(model.name)

    def of(self, word: str, target: str) -> list[InForce]:
        return [met for met in self.policies if met.terms.protects_any([(word, target)])]

    @property
    def stages(self) -> list[str]:
        return [stage for stage in stages() if self.of("stage", stage)]

    @property
    def aliases(self) -> list[str]:
        """As policies name them: names, and patterns."""
        return self._patterns("alias")

    @property
    def tags(self) -> list[str]:
        return self._patterns("tag")

    @property
    def levels(self) -> list[str]:
        """Levels that nobody gives or takes back alone."""
        return [level.name.replace("_", " ").lower() for level in Level if self.of("permission", level.name)]

    @property
    def deleting(self) -> bool:
        return self._meets(proposals.delete_model(self.model))

    @property
    def renaming(self) -> bool:
        return self._meets(proposals.rename_model(self.model, self.model.name))

    def deleting_version(self, version: ModelVersion) -> bool:
        return self._meets(proposals.delete_version(version))

    def targets(self, standing: Iterable[tuple[str, str]], requests: Iterable[ChangeRequest] = ()) -> list[Target]:
        """Protected stages and aliases; `standing` are those at which the version is."""
        places, asked = set(standing), {(each.action, each.target): each for each in requests if each.is_live}
        found = [("stage", stage) for stage in self.stages if not self.model.is_prompt]
        found += [("alias", alias) for alias in self._named_aliases()]
        return [self._target(word, name, places, asked) for word, name in found[:MOST_TARGETS]]

    def _target(
        self, word: str, name: str, places: set[tuple[str, str]], asked: dict[tuple[str, str], ChangeRequest]
    ) -> Target:
        met = self.of(word, name)
        told = told_terms(combined([each.terms for each in met]))
        action = proposals.SET_STAGE if word == "stage" else proposals.SET_ALIAS
        return Target(word, name, (word, name) in places, told.needs, len(told.gates), met, asked.get((action, name)))

    def _named_aliases(self) -> list[str]:
        """Those that policies name, and of this model's those that fit a pattern of theirs."""
        patterns = self.aliases
        named = [each for each in patterns if not _PATTERN & set(each)]
        if len(named) == len(patterns):
            return named
        known = Alias.objects.filter(model=self.model).order_by("name").values_list("name", flat=True)[:200]
        fitting = [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]
        return list(dict.fromkeys([*named, *fitting]))

    def _patterns(self, word: str) -> list[str]:
        return sorted({pattern for met in self.policies for pattern in met.terms.protects.get(word, ())})

    def _meets(self, proposal: Proposal) -> bool:
        """Nothing is read of where a model stands unless some policy is for it."""
        if not self.policies:
            return False
        doors = action_named(proposal.action).doors(proposal)
        return any(met.terms.protects_any(doors) for met in self.policies)


def of_version(version: ModelVersion, aliases: Iterable[str]) -> dict[str, Any]:
    """For the page of a version: what its forms and its panel say."""
    protection = Protection(version.model)
    requests = requests_about(proposals.MODEL_TYPE, version.model_id, subject_id=version.pk, most=REQUESTS)
    standing = [("stage", version.current_stage), *(("alias", alias) for alias in aliases)]
    targets = protection.targets(standing, requests)
    return {
        "protection": protection,
        "deleting_takes_approval": protection.deleting_version(version),
        "targets": targets,
        "first_target": next((each for each in targets if not each.stands), None),
        "requests": requests[:SHOWN],
    }


def of_model(model: RegisteredModel) -> dict[str, Any]:
    """For the page of a model: likewise, and what waits to be decided of any of its versions."""
    protection = Protection(model)
    return {
        "protection": protection,
        "deleting_takes_approval": protection.deleting,
        "targets": protection.targets([]),
        "requests": live_requests_about(proposals.MODEL_TYPE, model.pk, most=SHOWN),
    }
