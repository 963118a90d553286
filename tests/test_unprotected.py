"""What no policy protects costs what it cost: policies for other models add at most one statement to a call."""

from typing import Any

from apps.accounts.models import User
from apps.governance.models import Policy, PolicyRevision
from tests.governance.making import make_policy, make_team
from tests.security.recipes import RECIPES
from tests.security.world import World
from tests.test_query_counts import statements_of, world  # noqa: F401  a fixture

OF_MLFLOW = ("/api/2.0/mlflow/", "/api/3.0/mlflow/", "/api/2.0/mlflow-artifacts/")
PROTECTS = {word: ["*"] for word in ("stage", "alias", "tag", "delete", "rename", "copy", "permission")}
POLICIES = 5
AT_MOST = 1


def calls() -> list[str]:
    return sorted(recipe for recipe in RECIPES if recipe.split(" ")[1].startswith(OF_MLFLOW))


def test_a_call_about_what_is_not_protected_costs_at_most_one_statement_more(
    world: World,  # noqa: F811  the fixture
) -> None:
    in_force = dict(Policy.objects.values_list("pk", "current"))
    Policy.objects.update(current=None)
    without = {recipe: statements_of(world, recipe) for recipe in calls()}
    for pk, current in in_force.items():
        Policy.objects.filter(pk=pk).update(current=current)
    root = User.objects.create_superuser("author")
    make_team("Deciding", by=root)
    for number in range(POLICIES):
        make_policy(root, f"elsewhere-{number}", models=["elsewhere-*"], protects=PROTECTS, slots={"Deciding": 1})
    assert PolicyRevision.objects.filter(in_force_for__isnull=False).count() == POLICIES + len(in_force)
    more: dict[str, Any] = {}
    for recipe, (answer, count) in without.items():
        again, now = statements_of(world, recipe)
        assert again.status == answer.status, (recipe, answer.content, again.content)
        if now > count:
            more[recipe] = now - count
    assert {recipe: count for recipe, count in more.items() if count > AT_MOST} == {}
