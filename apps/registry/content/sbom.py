"""What a model version needs to run, as a CycloneDX document."""

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from apps.registry.content.requirements import Requirement, Requirements
from apps.tracking.content.mlmodel import MLmodel

MODEL = "mlregistry:model"
"""What the document calls the version itself; no package can have a colon in its name."""
_ALGORITHMS = {
    "sha256": HashAlgorithm.SHA_256,
    "sha384": HashAlgorithm.SHA_384,
    "sha512": HashAlgorithm.SHA_512,
}
_NAMESPACE = uuid.UUID("8f0f6f0b-6c5d-5a0e-9a5c-2f6d1b7f3c11")
"""Of the serial numbers of these documents, so that the same content always gets the same one."""


def make_sbom(
    *, name: str, version: str, digest: str, mlmodel: MLmodel | None, requirements: Requirements
) -> dict[str, Any]:
    """A CycloneDX 1.6 document of a version whose content has the SHA-256 `digest`.

    The same arguments give the same document. A requirement that leaves its version open is a component without a
    version, marked by the property `mlregistry:pinned`; lines that were refused are counted, for they name no package.
    """
    model = Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=name,
        version=version,
        bom_ref=MODEL,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        properties=_properties(_facts(mlmodel, requirements)),
    )
    tools = ToolRepository(components=[Component(type=ComponentType.APPLICATION, name="mlregistry")])
    made_at = _time_of(mlmodel)
    listed = {str(requirement): requirement for requirement in (*requirements.pinned, *requirements.unpinned)}
    components = [_component(ref, requirement) for ref, requirement in listed.items()]
    bom = Bom(
        serial_number=uuid.uuid5(_NAMESPACE, digest),
        metadata=BomMetaData(component=model, tools=tools, timestamp=made_at),
        components=components,
    )
    bom.register_dependency(model, components)
    document: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    if made_at is None:
        del document["metadata"]["timestamp"]  # of this moment, where the library is told of none
    return document


def _component(ref: str, requirement: Requirement) -> Component:
    facts = [
        ("mlregistry:requirement", str(requirement)),
        ("mlregistry:pinned", str(bool(requirement.version)).lower()),
    ]
    return Component(
        type=ComponentType.LIBRARY,
        name=requirement.name,
        version=requirement.version or None,
        bom_ref=ref,
        purl=PackageURL("pypi", name=canonicalize_name(requirement.name), version=requirement.version or None),
        hashes=[_hash(value) for value in requirement.hashes],
        properties=_properties(facts),
    )


def _hash(value: str) -> HashType:
    algorithm, _, digest = value.partition(":")
    return HashType(alg=_ALGORITHMS[algorithm], content=digest)


def _facts(mlmodel: MLmodel | None, requirements: Requirements) -> list[tuple[str, str]]:
    facts = [("mlregistry:refused-requirements", str(len(requirements.refused)))]
    if mlmodel is not None:
        facts += [("mlflow:flavor", flavor) for flavor in mlmodel.flavors]
        facts += [("mlflow:version", mlmodel.mlflow_version), ("mlflow:model-uuid", mlmodel.model_uuid)]
        python_version = mlmodel.flavors.get("python_function", {}).get("python_version")
        facts += [("mlflow:python-version", str(python_version))] if python_version else []
    return facts


def _properties(facts: Iterable[tuple[str, str]]) -> list[Property]:
    return [Property(name=name, value=value) for name, value in facts if value]


def _time_of(mlmodel: MLmodel | None) -> datetime | None:
    """When the model was made, which unlike this moment is the same tomorrow."""
    try:
        return datetime.fromisoformat(mlmodel.utc_time_created).replace(tzinfo=UTC) if mlmodel else None
    except ValueError:
        return None
