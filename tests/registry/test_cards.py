"""Model cards: revisions, who overwrites whom, and what the server fills in by itself."""

import json
import re

import pytest

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.registry import sources
from apps.registry.limits import CARD_SECTION
from apps.registry.models import CardRevision, ModelVersion, RegisteredModel
from apps.registry.queries.cards import changes, current_card, get_revision
from apps.registry.services import versions
from apps.registry.services.cards import prefill_card, write_card
from apps.tracking.content.mlmodel import parse_mlmodel
from apps.tracking.entities import Dataset, DatasetInput, InputTag, Param, Tag
from apps.tracking.models import Experiment, Run
from apps.tracking.services import inputs
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.markdown import rendered
from tests.registry.making import make_registered, make_version, set_content
from tests.tracking.making import log, make_run, point, row


@pytest.fixture
def model(ada: User) -> RegisteredModel:
    return make_registered(ada, "churn")


@pytest.fixture
def version(ada: User, model: RegisteredModel) -> ModelVersion:
    return make_version(ada, model)


@pytest.fixture
def run(ada: User, experiment: Experiment) -> Run:
    return make_run(experiment, ada, name="first try")


@pytest.fixture
def of_run(ada: User, model: RegisteredModel, run: Run) -> ModelVersion:
    return make_version(ada, model, f"runs:/{run.uuid}/model", run_id=run.uuid)


def test_a_card_begins_empty_as_revision_nought(version: ModelVersion) -> None:
    card = current_card(version)
    assert (card.number, card.sections, card.written_by) == (0, {}, "")
    assert not CardRevision.objects.exists()


def test_writing_adds_a_revision_that_keeps_the_other_sections(ada: User, bob: User, version: ModelVersion) -> None:
    first = write_card(version=version, sections={"data": "rows", "owner": "Ada"}, by=ada.actor())
    second = write_card(version=version, sections={"owner": "Bob"}, by=bob.actor())
    assert [(first.number, first.sections), (second.number, second.sections)] == [
        (1, {"data": "rows", "owner": "Ada"}),
        (2, {"data": "rows", "owner": "Bob"}),
    ]
    assert (second.written_by, second.prefilled) == ("bob", False)
    assert CardRevision.objects.get(number=1).sections == first.sections
    assert current_card(version) == second


def test_an_empty_text_takes_a_section_away(ada: User, version: ModelVersion) -> None:
    write_card(version=version, sections={"data": "rows", "owner": "Ada"}, by=ada.actor())
    assert write_card(version=version, sections={"data": ""}, by=ada.actor()).sections == {"owner": "Ada"}


def test_what_changes_nothing_adds_no_revision(ada: User, version: ModelVersion) -> None:
    first = write_card(version=version, sections={"data": "rows"}, by=ada.actor())
    entries = Entry.objects.count()
    assert write_card(version=version, sections={"data": "rows", "limits": ""}, by=ada.actor()) == first
    assert write_card(version=version, sections={}, by=ada.actor()) == first
    assert Entry.objects.count() == entries


def test_each_version_has_its_own_card(ada: User, model: RegisteredModel, version: ModelVersion) -> None:
    other = make_version(ada, model)
    write_card(version=version, sections={"data": "one"}, by=ada.actor())
    assert write_card(version=other, sections={"data": "two"}, by=ada.actor()).number == 1
    assert current_card(version).sections == {"data": "one"}


def test_nobody_overwrites_what_she_has_not_seen(ada: User, bob: User, version: ModelVersion) -> None:
    write_card(version=version, sections={"data": "rows"}, by=ada.actor(), based_on=0)
    write_card(version=version, sections={"data": "more rows"}, by=bob.actor(), based_on=1)
    with pytest.raises(InvalidParameter, match="Somebody wrote revision 2 meanwhile"):
        write_card(version=version, sections={"data": "other rows"}, by=ada.actor(), based_on=1)
    with pytest.raises(InvalidParameter, match="there is no revision 3"):
        write_card(version=version, sections={"data": "other rows"}, by=ada.actor(), based_on=3)
    assert current_card(version).sections == {"data": "more rows"}
    assert write_card(version=version, sections={"data": "other rows"}, by=ada.actor(), based_on=2).number == 3


def test_a_section_that_is_too_long_is_refused_and_nothing_is_written(ada: User, version: ModelVersion) -> None:
    sections = {"owner": "Ada", "data": "x" * (CARD_SECTION + 1)}
    with pytest.raises(InvalidParameter, match=r"'data' has 50,001 characters.*at most 50,000"):
        write_card(version=version, sections=sections, by=ada.actor())
    assert not CardRevision.objects.exists()
    assert write_card(version=version, sections={"data": "x" * CARD_SECTION}, by=ada.actor()).number == 1


def test_an_unknown_section_is_refused_by_naming_the_known_ones(ada: User, version: ModelVersion) -> None:
    with pytest.raises(InvalidParameter, match=r"no section 'colour'.*intended_use, data, metrics, limits, ethics"):
        write_card(version=version, sections={"colour": "red"}, by=ada.actor())
    assert not CardRevision.objects.exists()


def test_who_wrote_what_is_on_record(ada: User, version: ModelVersion) -> None:
    write_card(version=version, sections={"data": "rows", "owner": "Ada"}, by=ada.actor())
    entry = Entry.objects.get(action="registry.card.write")
    assert (entry.username, entry.target_name) == ("ada", str(version))
    assert entry.details == {"revision": 1, "sections": ["data", "owner"], "prefilled": False}


def test_a_deleted_version_takes_no_card(ada: User, version: ModelVersion) -> None:
    versions.delete_version(version=version, by=ada.actor())
    with pytest.raises(NotFound):
        write_card(version=version, sections={"data": "rows"}, by=ada.actor())
    with pytest.raises(NotFound):
        prefill_card(version=version)


def test_two_revisions_are_compared_line_by_line(ada: User, version: ModelVersion) -> None:
    write_card(version=version, sections={"data": "a\nb\nc", "owner": "Ada"}, by=ada.actor())
    write_card(version=version, sections={"data": "a\nB\nc", "ethics": "fair"}, by=ada.actor())
    before, after = get_revision(version, 1), get_revision(version, 2)
    assert [(change.section, change.lines) for change in changes(before, after)] == [
        ("data", ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]),
        ("ethics", ["@@ -0,0 +1 @@", "+fair"]),
    ]
    assert [change.lines for change in changes(get_revision(version, 0), before)][1] == ["@@ -0,0 +1 @@", "+Ada"]
    assert list(changes(after, after)) == []


def test_very_long_sections_are_compared_as_replaced(ada: User, version: ModelVersion) -> None:
    """Otherwise two long texts of many equal lines would keep a worker for hours."""
    old, new = ("\n".join(f"{(step * line) % 127}" for line in range(9_000)) for step in (1, 31))
    write_card(version=version, sections={"data": old}, by=ada.actor())
    write_card(version=version, sections={"data": new}, by=ada.actor())
    (change,) = changes(get_revision(version, 1), get_revision(version, 2))
    assert change.lines == [*(f"-{line}" for line in old.split("\n")), *(f"+{line}" for line in new.split("\n"))]


def test_a_revision_that_is_not_there_is_named(version: ModelVersion) -> None:
    with pytest.raises(NotFound, match=r"name=churn, version=1.* has no revision 7"):
        get_revision(version, 7)


def test_the_first_card_says_what_the_run_was(ada: User, run: Run, of_run: ModelVersion) -> None:
    tags = {"mlflow.user": "ada@laptop", "mlflow.source.name": "train.py", "mlflow.source.git.commit": "0a1b2c"}
    tags |= {"secret": "not for the card"}
    log(
        ada,
        run,
        metrics=[point("accuracy", 0.9, step=1), point("accuracy", 0.95, step=2), point("loss", float("nan"))],
        params=[Param(key="depth", value="3")],
        tags=[Tag(key=key, value=value) for key, value in tags.items()],
    )
    dataset = Dataset(name="iris", digest="d1", source_type="local", source="iris.csv")
    context = [InputTag(key="mlflow.data.context", value="training")]
    inputs.log_inputs(run=row(ada, run), datasets=[DatasetInput(dataset=dataset, tags=context)], models=[], user=ada)

    card = prefill_card(version=of_run)

    assert (card.number, card.prefilled, card.written_by) == (1, True, "system:model card")
    assert card.sections["owner"] == "ada"
    assert _cells(card.sections["metrics"]) == [["accuracy", "0.95", "2"], ["loss", "NaN", "0"]]
    cells = _cells(card.sections["data"])
    for expected in (
        ["Run", "first try"],
        ["Run id", run.uuid],
        ["Run by", "ada@laptop"],
        ["Source", "train.py"],
        ["Commit", "0a1b2c"],
        ["iris", "d1", "training", "local"],
        ["depth", "3"],
    ):
        assert expected in cells
    assert "not for the card" not in str(card.sections)
    entry = Entry.objects.get(action="registry.card.write")
    assert (entry.kind, entry.details["prefilled"]) == ("system", True)


MLMODEL = b"""
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {sklearn_version: 1.5.0}
signature:
  inputs: '[{"type": "double", "name": "age", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 2]}}]'
  params: '[{"name": "threshold", "type": "float", "default": 0.5, "shape": null}]'
"""


def test_the_first_card_says_what_mlmodel_says(version: ModelVersion) -> None:
    set_content(version, mlmodel=parse_mlmodel(MLMODEL).as_json())
    text = prefill_card(version=version).sections["intended_use"]
    assert _cells(text) == [
        ["python_function", ""],
        ["sklearn", "1.5.0"],
        ["age", "double"],
        ["", "tensor of int64, -1 x 2"],
        ["threshold", "float"],
    ]
    assert "Made with Python 3.11.7." in text


def test_an_mlmodel_that_says_little_is_no_fault(version: ModelVersion) -> None:
    set_content(version, mlmodel=parse_mlmodel(b"flavors: {custom: null}").as_json())
    assert _cells(prefill_card(version=version).sections["intended_use"]) == [["custom", ""]]


def test_an_mlmodel_that_could_not_be_read_is_no_fault(version: ModelVersion) -> None:
    set_content(version, mlmodel={"unreadable": "MLmodel is no mapping of fields."})
    assert prefill_card(version=version).sections == {"owner": "ada"}


def test_a_version_without_a_run_has_an_owner(version: ModelVersion) -> None:
    assert prefill_card(version=version).sections == {"owner": "ada"}


def test_a_prompt_has_an_owner(ada: User) -> None:
    prompt = make_registered(ada, "greeting", tags=[Tag(key="mlflow.prompt.is_prompt", value="true")])
    version = versions.create_version(
        model=prompt,
        source=sources.prompt_source("dummy-source"),
        tags=[],
        run_link="",
        description="",
        by=ada.actor(),
    )
    assert prefill_card(version=version).sections == {"owner": "ada"}


def test_filling_in_again_or_after_somebody_wrote_changes_nothing(
    ada: User, model: RegisteredModel, version: ModelVersion
) -> None:
    first = prefill_card(version=version)
    assert prefill_card(version=version) == first
    written = write_card(version=make_version(ada, model), sections={"data": "rows"}, by=ada.actor())
    assert prefill_card(version=written.version) == written
    assert CardRevision.objects.count() == 2


CANARY = "<img src=x onerror=alert(1)> | ![x](https://evil.example/x.png) [x](https://evil.example) `c` **b** \n# h"


def test_what_others_named_is_text_in_the_card_and_nothing_else(
    ada: User, experiment: Experiment, model: RegisteredModel
) -> None:
    run = make_run(experiment, ada, name=CANARY)
    log(ada, run, params=[Param(key="p", value=CANARY)], tags=[Tag(key="mlflow.source.name", value=CANARY)])
    dataset = Dataset(name=CANARY, digest="d1", source_type=CANARY, source="x")
    inputs.log_inputs(run=row(ada, run), datasets=[DatasetInput(dataset=dataset)], models=[], user=ada)
    version = make_version(ada, model, f"runs:/{run.uuid}/model", run_id=run.uuid)
    flavors = {CANARY: {f"{CANARY}_version": CANARY}, "python_function": {"python_version": CANARY}}
    signature = {"inputs": json.dumps([{"name": CANARY, "type": CANARY}])}
    raw = json.dumps({"flavors": flavors, "signature": signature}).encode()
    set_content(version, mlmodel=parse_mlmodel(raw).as_json())

    sections = prefill_card(version=version).sections

    for text in (sections["data"], sections["intended_use"]):
        tags = set(re.findall(r"<(\w+)", rendered(text)))
        assert tags == {"table", "thead", "tbody", "tr", "th", "td"} | ({"p"} if "Made with" in text else set())
        assert "alert(1)" in rendered(text)
    assert all(len(cells) == 2 for cells in _cells(sections["intended_use"]))


def test_however_much_a_run_logged_the_sections_hold_it(ada: User, run: Run, of_run: ModelVersion) -> None:
    nasty = "|" * 250
    for part in range(3):
        params = [Param(key=f"p{part}.{number} {'_' * 200}", value=nasty) for number in range(100)]
        log(ada, run, params=params, metrics=[point(f"m{part}.{n} {'_' * 200}", 0.5) for n in range(300)])
    datasets = [
        DatasetInput(dataset=Dataset(name=f"{n}{nasty}", digest=f"{n}", source_type=nasty, source="x"))
        for n in range(60)
    ]
    inputs.log_inputs(run=row(ada, run), datasets=datasets, models=[], user=ada)

    sections = prefill_card(version=of_run).sections

    assert all(len(text) <= CARD_SECTION for text in sections.values())
    assert len(_cells(sections["metrics"])) == 50
    assert sections["metrics"].endswith("and 850 more")


def _cells(text: str) -> list[list[str]]:
    """The cells of every row of every table in `text`, as they show, without the heads."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", rendered(text), re.DOTALL)
    lines = (line for body in bodies for line in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL))
    return [re.findall(r"<td>(.*?)</td>", line) for line in lines]
