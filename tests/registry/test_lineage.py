"""Lineage: from a data set to an alias and back, for each as far as she may read."""

from dataclasses import dataclass

import pytest

from apps.accounts.models import User
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.queries.lineage import MOST_NODES, Lineage, lineage_of
from apps.registry.services import registered_models, versions
from apps.tracking.entities import Dataset, DatasetInput, ModelInput, ModelOutput
from apps.tracking.models import Dataset as DatasetRow
from apps.tracking.models import DatasetInput as DatasetInputRow
from apps.tracking.models import Experiment, LoggedModel, Run
from apps.tracking.services import inputs
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from tests.registry.making import give, make_registered, make_version
from tests.security.statements import counted
from tests.tracking.making import delete, make_experiment, make_model, make_run, row


@dataclass
class Chain:
    """A data set, the run that took it, the model that the run made, and the version that it was registered as."""

    dataset: DatasetRow
    run: Run
    logged: LoggedModel
    model: RegisteredModel
    version: ModelVersion

    def named(self, *names: str) -> set[str]:
        words = {
            "dataset": f"dataset:{self.dataset.pk}",
            "run": f"run:{self.run.uuid}",
            "logged": f"logged_model:{self.logged.model_id}",
            "version": f"version:{self.model.name}/{self.version.version}",
            "alias": f"alias:{self.model.name}@champion",
            "model": f"model:{self.model.name}",
        }
        return {words[name] for name in names}

    def node(self, name: str) -> str:
        return self.named(name).pop()


def take(user: User, run: Run, name: str) -> DatasetRow:
    dataset = Dataset(name=name, digest="d1", source_type="local", source="iris.csv")
    inputs.log_inputs(run=row(user, run), datasets=[DatasetInput(dataset=dataset)], models=[], user=user)
    return DatasetRow.objects.get(experiment=run.experiment_id, name=name)


def make_chain(user: User, experiment: Experiment, name: str) -> Chain:
    run = make_run(experiment, user, name=f"run of {name}")
    dataset = take(user, run, f"data of {name}")
    logged = make_model(experiment, user, source_run_id=run.uuid)
    inputs.log_outputs(run=row(user, run), models=[ModelOutput(model_id=logged.model_id)], user=user)
    model = make_registered(user, name)
    version = make_version(user, model, f"models:/{logged.model_id}", model_id=logged.model_id)
    versions.set_alias(version=version, alias="champion", by=user.actor())
    return Chain(dataset, run, logged, model, version)


@pytest.fixture
def chain(ada: User, experiment: Experiment) -> Chain:
    return make_chain(ada, experiment, "churn @ home")


def ids(found: Lineage) -> set[str]:
    return set(found.nodes)


def ends(found: Lineage) -> set[tuple[str, str, str]]:
    assert all(edge.source in found.nodes and edge.target in found.nodes for edge in found.edges)
    return {(edge.source, edge.relation, edge.target) for edge in found.edges}


EVERYTHING = ("dataset", "run", "logged", "version", "alias", "model")


@pytest.mark.parametrize("start", EVERYTHING)
def test_the_whole_chain_is_found_from_either_end_and_from_between(ada: User, chain: Chain, start: str) -> None:
    place = EVERYTHING.index(start)
    last = ("alias", "model")
    above = EVERYTHING[: place + 1] if start not in last else (*EVERYTHING[:4], start)
    below = EVERYTHING[place:] if start not in last else (start,)

    up = lineage_of(ada, chain.node(start), direction="upstream")
    down = lineage_of(ada, chain.node(start), direction="downstream")
    both = lineage_of(ada, chain.node(start))

    assert ids(up) == chain.named(*above)
    assert ids(down) == chain.named(*below)
    assert ids(both) == ids(up) | ids(down)
    assert ends(both) == ends(up) | ends(down)
    assert not both.truncated


def test_edges_say_what_became_of_what(ada: User, chain: Chain) -> None:
    assert ends(lineage_of(ada, chain.node("version"))) == {
        (chain.node("dataset"), "input", chain.node("run")),
        (chain.node("run"), "output", chain.node("logged")),
        (chain.node("run"), "registered", chain.node("version")),
        (chain.node("logged"), "registered", chain.node("version")),
        (chain.node("version"), "alias", chain.node("alias")),
        (chain.node("version"), "version_of", chain.node("model")),
    }


def test_nodes_say_what_they_are(ada: User, chain: Chain) -> None:
    versions.set_stage(version=chain.version, stage="Production", archive_existing=False, by=ada.actor())
    nodes = lineage_of(ada, chain.node("version")).nodes
    version, dataset = nodes[chain.node("version")], nodes[chain.node("dataset")]
    assert (version.kind, version.details["stage"], version.details["registered_by"]) == (
        "version",
        "Production",
        "ada",
    )
    assert (dataset.kind, dataset.name, dataset.details["digest"]) == ("dataset", "data of churn @ home", "d1")
    assert nodes[chain.node("run")].name == "run of churn @ home"
    assert nodes[chain.node("alias")].details == {"model": "churn @ home", "version": 1}


def test_siblings_are_no_lineage(ada: User, experiment: Experiment, chain: Chain) -> None:
    """What else came from the same data is downstream of the data, not of this version."""
    sibling = make_run(experiment, ada, name="sibling")
    take(ada, sibling, chain.dataset.name)
    assert f"run:{sibling.uuid}" not in ids(lineage_of(ada, chain.node("version")))
    assert f"run:{sibling.uuid}" in ids(lineage_of(ada, chain.node("dataset")))


def test_depth_is_counted_in_relations(ada: User, chain: Chain) -> None:
    assert ids(lineage_of(ada, chain.node("dataset"), depth=1)) == chain.named("dataset", "run")
    assert ids(lineage_of(ada, chain.node("logged"), depth=1)) == chain.named("run", "logged", "version")


def test_a_run_that_took_a_model_is_downstream_of_it(ada: User, experiment: Experiment, chain: Chain) -> None:
    judge = make_run(experiment, ada, name="evaluation")
    inputs.log_inputs(run=row(ada, judge), datasets=[], models=[ModelInput(model_id=chain.logged.model_id)], user=ada)
    down = lineage_of(ada, chain.node("dataset"), direction="downstream")
    assert (chain.node("logged"), "input", f"run:{judge.uuid}") in ends(down)


def test_a_run_that_took_the_model_that_it_made_still_leads_on_to_the_version(ada: User, chain: Chain) -> None:
    inputs.log_inputs(
        run=row(ada, chain.run), datasets=[], models=[ModelInput(model_id=chain.logged.model_id)], user=ada
    )
    found = lineage_of(ada, chain.node("run"))
    assert ids(found) == chain.named(*EVERYTHING)
    assert (chain.node("logged"), "registered", chain.node("version")) in ends(found)


def test_a_copy_comes_from_the_version_that_it_copies(ada: User, chain: Chain) -> None:
    other = make_registered(ada, "copies")
    copy = make_version(ada, other, "models:/churn @ home/1")
    again = make_version(ada, other, f"models:/copies/{copy.version}")
    edges = {
        (chain.node("version"), "copied", "version:copies/1"),
        ("version:copies/1", "copied", f"version:copies/{again.version}"),
    }
    assert edges <= ends(lineage_of(ada, chain.node("dataset"), direction="downstream"))
    up = lineage_of(ada, f"version:copies/{again.version}", direction="upstream")
    assert edges <= ends(up)
    assert chain.node("dataset") in ids(up)


def test_a_version_from_a_run_without_a_logged_model_has_its_run(ada: User, experiment: Experiment) -> None:
    run = make_run(experiment, ada)
    make_version(ada, make_registered(ada, "old"), f"runs:/{run.uuid}/model", run_id=run.uuid)
    assert ends(lineage_of(ada, f"run:{run.uuid}")) == {
        (f"run:{run.uuid}", "registered", "version:old/1"),
        ("version:old/1", "version_of", "model:old"),
    }


def test_what_is_deleted_is_told_of_until_it_is_gone_for_good(ada: User, chain: Chain) -> None:
    delete(ada, chain.run)
    nodes = lineage_of(ada, chain.node("version")).nodes
    assert nodes[chain.node("run")].details["lifecycle_stage"] == "deleted"
    Run.objects.filter(pk=chain.run.pk).update(lifecycle_stage="purging")
    assert chain.node("run") not in ids(lineage_of(ada, chain.node("version")))
    with pytest.raises(NotFound):
        lineage_of(ada, chain.node("run"))


def test_deleted_versions_and_models_are_gone(ada: User, chain: Chain) -> None:
    versions.delete_version(version=chain.version, by=ada.actor())
    assert ids(lineage_of(ada, chain.node("dataset"))) == chain.named("dataset", "run", "logged")
    registered_models.delete_model(model=chain.model, by=ada.actor())
    with pytest.raises(NotFound):
        lineage_of(ada, chain.node("model"))


def hide(user: User, target: RegisteredModel | Experiment) -> None:
    give(user, target, Level.NO_PERMISSIONS)


def test_what_one_may_not_read_is_not_there(ada: User, bob: User, experiment: Experiment, chain: Chain) -> None:
    hide(bob, experiment)
    assert ids(lineage_of(bob, chain.node("version"))) == chain.named("version", "alias", "model")
    hide(bob, chain.model)
    give(bob, experiment, Level.READ)
    assert ids(lineage_of(bob, chain.node("dataset"))) == chain.named("dataset", "run", "logged")


def test_nothing_hints_at_what_is_hidden(ada: User, bob: User, experiment: Experiment, chain: Chain) -> None:
    copy = make_version(ada, make_registered(ada, "copies"), "models:/churn @ home/1")
    hide(bob, experiment)
    hide(bob, chain.model)
    told = str(lineage_of(bob, f"version:copies/{copy.version}"))
    for hidden in (chain.model.name, chain.run.uuid, chain.logged.model_id, chain.dataset.name):
        assert hidden not in told


def test_the_chain_does_not_go_on_behind_what_is_hidden(
    ada: User, bob: User, experiment: Experiment, chain: Chain
) -> None:
    """Bob may read the copy and the data, but not the version between."""
    make_version(ada, make_registered(ada, "copies"), "models:/churn @ home/1")
    hide(bob, chain.model)
    ModelVersion.objects.filter(model__name="copies").update(run_id="", logged_model_id="")
    assert ids(lineage_of(bob, "version:copies/1")) == {"version:copies/1", "model:copies"}


ABSENT = [
    "dataset:987654321",
    "dataset:99999999999999999999",
    f"run:{'0' * 32}",
    f"logged_model:m-{'0' * 32}",
    "version:never/1",
    "version:churn @ home/7",
    "version:churn @ home/99999999999",
    "alias:churn @ home@never",
    "alias:never@champion",
    "model:never",
]


@pytest.mark.parametrize("node", ABSENT)
def test_an_unknown_node_is_not_found(ada: User, chain: Chain, node: str) -> None:
    with pytest.raises(NotFound, match="There is no"):
        lineage_of(ada, node)


@pytest.mark.parametrize("start", EVERYTHING)
def test_a_hidden_node_is_not_found_in_the_same_words(
    ada: User, bob: User, experiment: Experiment, chain: Chain, start: str
) -> None:
    hide(bob, experiment)
    hide(bob, chain.model)
    with pytest.raises(NotFound) as refused:
        lineage_of(bob, chain.node(start))
    assert refused.value.message == f"There is no {chain.node(start)} here, or not for you."


@pytest.mark.parametrize("node", ["", "stage:1", "dataset:x", "dataset:", "version:a", "version:a/b", "alias:a"])
def test_what_is_no_address_is_refused_by_naming_what_is_one(ada: User, node: str) -> None:
    with pytest.raises(InvalidParameter, match="version:<name>/<number>"):
        lineage_of(ada, node)


def test_the_statements_do_not_grow_with_the_nodes(ada: User, experiment: Experiment, chain: Chain) -> None:
    def cost() -> int:
        with counted() as statements:
            lineage_of(ada, chain.node("dataset"))
        return len(statements)

    before = cost()
    for number in range(5):
        run = make_run(experiment, ada, name=f"run {number}")
        take(ada, run, chain.dataset.name)
        make_version(ada, chain.model, f"runs:/{run.uuid}/model", run_id=run.uuid)
    assert len(lineage_of(ada, chain.node("dataset")).nodes) == 16
    assert cost() == before


def let_many_take(dataset: DatasetRow, experiment: Experiment) -> None:
    """More runs of the experiment than an answer holds take the data set."""
    runs = [
        Run(uuid=f"{number:032}", experiment=experiment, name="many", created_by="ada", artifact_uri="x")
        for number in range(MOST_NODES + 10)
    ]
    Run.objects.bulk_create(runs)
    DatasetInputRow.objects.bulk_create(
        DatasetInputRow(run=run, dataset=dataset) for run in Run.objects.filter(experiment=experiment, name="many")
    )


def test_there_is_an_end_to_what_one_answer_holds(ada: User, experiment: Experiment, chain: Chain) -> None:
    let_many_take(chain.dataset, experiment)
    found = lineage_of(ada, chain.node("dataset"))
    assert len(found.nodes) == MOST_NODES
    assert found.truncated


def test_what_is_hidden_is_not_counted(ada: User, bob: User, experiment: Experiment, chain: Chain) -> None:
    """An answer that was cut short because of what is hidden would tell that it is there."""
    elsewhere = make_experiment(ada, "elsewhere")
    let_many_take(chain.dataset, elsewhere)
    hide(bob, elsewhere)
    found = lineage_of(bob, chain.node("dataset"))
    assert ids(found) == chain.named(*EVERYTHING)
    assert not found.truncated
