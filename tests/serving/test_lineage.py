"""Lineage reaches the deployments that a version answers under now, for each as far as she may read."""

from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.registry.models import ModelVersion
from apps.registry.queries.lineage import lineage_of
from apps.serving.choices import RolloutState
from apps.serving.models import Deployment, Rollout
from apps.tracking.models import Experiment
from mlregistry.errors import NotFound
from mlregistry.levels import Level
from tests.registry.making import give, make_registered, make_version
from tests.registry.pages.visiting import read, words
from tests.registry.test_lineage import Chain, ends, hide, ids, make_chain
from tests.security.statements import counted
from tests.tracking.artifacts.calling import as_user

NODE = "deployment:churn-live"
ABOVE = ("dataset", "run", "logged", "version")


def served(version: ModelVersion, name: str, state: RolloutState = RolloutState.LIVE) -> Rollout:
    """The next rollout of the deployment, made where there is none."""
    deployment, _ = Deployment.objects.get_or_create(name=name, defaults={"model": version.model, "created_by": "ada"})
    return Rollout.objects.create(
        deployment=deployment,
        number=deployment.rollouts.count() + 1,
        version=version,
        state=state,
        requested_by="ada",
        live_at=timezone.now(),
    )


@pytest.fixture
def chain(ada: User, experiment: Experiment) -> Chain:
    return make_chain(ada, experiment, "churn @ home")


@pytest.fixture
def live(chain: Chain) -> Rollout:
    """The version at the end of the chain, deployed."""
    return served(chain.version, "churn-live")


@pytest.mark.parametrize("start", ABOVE)
def test_what_a_deployment_came_from_leads_to_it_and_it_leads_back(
    ada: User,
    chain: Chain,
    live: Rollout,
    start: str,
) -> None:
    deployed = (chain.node("version"), "deployed", NODE)
    down, up = lineage_of(ada, chain.node(start)), lineage_of(ada, NODE, direction="upstream")
    assert deployed in ends(down)
    assert deployed in ends(up)
    assert ids(up) == {NODE, *chain.named(*ABOVE)}
    assert ids(lineage_of(ada, NODE)) == ids(up)
    assert ids(lineage_of(ada, NODE, direction="downstream")) == {NODE}


def test_a_copy_that_is_deployed_is_downstream_of_what_it_copies(ada: User, chain: Chain) -> None:
    copy = make_version(ada, make_registered(ada, "copies"), "models:/churn @ home/1")
    served(copy, "copies-live")
    assert "deployment:copies-live" in ids(lineage_of(ada, chain.node("dataset")))
    assert chain.node("dataset") in ids(lineage_of(ada, "deployment:copies-live"))


def test_siblings_are_no_lineage(ada: User, chain: Chain, live: Rollout) -> None:
    """An alias came from the version, and so did the deployment: neither from the other."""
    assert NODE not in ids(lineage_of(ada, chain.node("alias")))
    assert chain.node("alias") not in ids(lineage_of(ada, NODE))


def test_a_deployment_says_what_it_serves_since_when(ada: User, chain: Chain, live: Rollout) -> None:
    answer = as_user(ada).get("/api/v1/lineage", {"node": NODE, "depth": 1}).json()
    (told,) = (node for node in answer["nodes"] if node["kind"] == "deployment")
    assert live.live_at is not None
    since = live.live_at.isoformat().replace("+00:00", "Z")
    details = {"model": "churn @ home", "version": 1, "since": since}
    assert told == {"id": NODE, "kind": "deployment", "name": "churn-live", "details": details}
    assert answer["edges"] == [{"from": chain.node("version"), "to": NODE, "relation": "deployed"}]


@pytest.mark.parametrize("state", [state for state in RolloutState if state != RolloutState.LIVE])
def test_what_does_not_answer_is_no_deployment(ada: User, chain: Chain, state: RolloutState) -> None:
    served(chain.version, "churn-live", state)
    assert NODE not in ids(lineage_of(ada, chain.node("version")))
    with pytest.raises(NotFound):
        lineage_of(ada, NODE)


def test_a_deployment_moves_to_the_version_that_it_serves_now(ada: User, chain: Chain, live: Rollout) -> None:
    Rollout.objects.update(state=RolloutState.REPLACED)
    served(make_version(ada, chain.model), "churn-live")
    assert NODE not in ids(lineage_of(ada, chain.node("version")))
    found = lineage_of(ada, NODE)
    assert ids(found) == {NODE, "version:churn @ home/2"}
    assert found.nodes[NODE].details["version"] == 2


def test_deployments_of_hidden_models_are_not_there(ada: User, bob: User, chain: Chain, live: Rollout) -> None:
    hide(bob, chain.model)
    found = lineage_of(bob, chain.node("dataset"))
    assert ids(found) == chain.named("dataset", "run", "logged")
    assert live.deployment.name not in str(found)


@pytest.mark.parametrize("node", [NODE, "deployment:never", "deployment:", "deployment:churn @ home/1"])
def test_hidden_and_absent_deployments_look_the_same(
    ada: User,
    bob: User,
    chain: Chain,
    live: Rollout,
    node: str,
) -> None:
    hide(bob, chain.model)
    with pytest.raises(NotFound) as refused:
        lineage_of(bob, node)
    assert refused.value.message == f"There is no {node} here, or not for you."


def test_reading_the_model_is_enough_to_see_its_deployments(
    ada: User,
    bob: User,
    experiment: Experiment,
    chain: Chain,
    live: Rollout,
) -> None:
    hide(bob, experiment)
    give(bob, chain.model, Level.READ)
    assert ids(lineage_of(bob, NODE)) == {NODE, chain.node("version")}


def test_the_statements_do_not_grow_with_the_deployments(ada: User, chain: Chain) -> None:
    def cost() -> int:
        with counted() as statements:
            lineage_of(ada, chain.node("dataset"))
        return len(statements)

    before = cost()
    for number in range(5):
        served(chain.version, f"churn-{number}")
        served(make_version(ada, chain.model, f"runs:/{chain.run.uuid}/m", run_id=chain.run.uuid), f"other-{number}")
    assert len(lineage_of(ada, chain.node("dataset")).nodes) == 6 + 15
    assert cost() == before


def test_the_page_of_a_version_draws_where_it_answers(ada: User, chain: Chain, live: Rollout) -> None:
    page: Any = read(ada, "version", chain.model.pk, 1)
    drawing = page.partition('<div class="lineage')[2].partition("</svg>")[0]
    assert '<a href="/admin/deployments/churn-live/" tabindex="-1">' in drawing
    assert "is deployed to deployment churn-live" in words(page)
