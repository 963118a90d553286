import json

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from apps.registry.content.requirements import parse_requirements
from apps.registry.content.sbom import make_sbom
from apps.tracking.content.mlmodel import MLmodel, parse_mlmodel

DIGEST = "0123456789abcdef" * 4
HASH = "b" * 64
REQUIREMENTS = parse_requirements(
    f"Scikit_Learn==1.9.1 --hash=sha256:{HASH}\nnumpy>=2\nmodel\nfoo==1; python_version < '3.12'\n"
    f"foo==2; python_version >= '3.12'\nnumpy>=2\n-e .\n"
)
MLMODEL = parse_mlmodel(
    b"flavors: {python_function: {python_version: 3.11.7}, sklearn: {}}\n"
    b"utc_time_created: '2026-01-02 03:04:05.678901'\nmlflow_version: 3.17.2\n"
)


def _valid(document: dict[str, object]) -> None:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    assert error is None, error.data.message


def _sbom(mlmodel: MLmodel | None = MLMODEL) -> dict[str, object]:
    return make_sbom(name="iris", version="3", digest=DIGEST, mlmodel=mlmodel, requirements=REQUIREMENTS)


def test_the_document_is_valid_cyclonedx_with_the_model_as_its_subject() -> None:
    document = _sbom()

    _valid(document)
    subject = document["metadata"]["component"]
    assert (subject["type"], subject["name"], subject["version"]) == ("machine-learning-model", "iris", "3")
    assert subject["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]
    facts = [(fact["name"], fact["value"]) for fact in subject["properties"]]
    assert ("mlflow:flavor", "python_function") in facts
    assert ("mlflow:flavor", "sklearn") in facts
    assert ("mlflow:python-version", "3.11.7") in facts
    assert ("mlregistry:refused-requirements", "1") in facts
    assert document["metadata"]["timestamp"] == "2026-01-02T03:04:05.678901+00:00"


def test_packages_have_their_purl_and_hashes() -> None:
    components = {component["bom-ref"]: component for component in _sbom()["components"]}

    pinned = components["Scikit_Learn==1.9.1"]
    assert pinned["purl"] == "pkg:pypi/scikit-learn@1.9.1"
    assert pinned["hashes"] == [{"alg": "SHA-256", "content": HASH}]
    assert pinned["version"] == "1.9.1"


def test_a_package_without_a_version_is_listed_and_marked() -> None:
    components = {component["bom-ref"]: component for component in _sbom()["components"]}

    open_ended = components["numpy>=2"]
    assert "version" not in open_ended
    assert open_ended["purl"] == "pkg:pypi/numpy"
    assert {"name": "mlregistry:pinned", "value": "false"} in open_ended["properties"]
    assert {"name": "mlregistry:requirement", "value": "numpy>=2"} in open_ended["properties"]


def test_the_model_depends_on_each_package_once() -> None:
    document = _sbom()

    depends = {item["ref"]: item.get("dependsOn", []) for item in document["dependencies"]}
    refs = [component["bom-ref"] for component in document["components"]]
    assert len(refs) == len(set(refs)) == 5
    assert sorted(depends[document["metadata"]["component"]["bom-ref"]]) == sorted(refs)


def test_the_same_content_gives_the_same_document() -> None:
    assert _sbom() == _sbom()
    assert _sbom(None) == _sbom(None)
    other = make_sbom(name="iris", version="3", digest="f" * 64, mlmodel=None, requirements=REQUIREMENTS)
    assert other["serialNumber"] != _sbom()["serialNumber"]


def test_a_version_of_which_nothing_is_known_has_a_valid_document_too() -> None:
    document = make_sbom(name="iris", version="3", digest=DIGEST, mlmodel=None, requirements=parse_requirements(""))

    _valid(document)
    assert "timestamp" not in document["metadata"]
    assert "timestamp" not in _sbom(MLmodel(flavors={}, utc_time_created="yesterday"))["metadata"]
    assert document.get("components", []) == []
