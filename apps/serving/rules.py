"""What names deployments can have, and which versions can be served at all."""

import re

from apps.registry.choices import ContentState
from apps.registry.content.requirements import Requirements, parse_requirements
from apps.registry.models import Content, ModelVersion
from mlregistry.errors import BadRequest, InvalidParameter
from mlregistry.printable import printable

LONGEST_NAME = 63
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LINES_NAMED = 5


def is_deployment_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def check_deployment_name(name: str) -> None:
    """The names of hosts: they are in addresses, and name containers."""
    if not is_deployment_name(name):
        raise InvalidParameter(
            f"A deployment's name has 1 to {LONGEST_NAME} small letters, digits and hyphens, such as fraud-live;"
            f" not '{printable(name)}'."
        )


def check_servable(version: ModelVersion, content: Content | None) -> Requirements:
    """What the version needs to be installed, if its files are such as can be served; a refusal that says why not."""
    if version.model.is_prompt:
        raise InvalidParameter(f"{version} is a prompt, which nothing can serve.")
    if content is None or content.state == ContentState.PENDING:
        raise BadRequest(f"The files of {version} are not read yet; try again in a moment.")
    if content.state != ContentState.SEALED:
        raise BadRequest(f"{version} cannot be built: {content.message or 'its files cannot be read.'}")
    if content.mlmodel is None and not version.scans.filter(digest=content.digest).exists():
        raise BadRequest(f"The files of {version} are still being looked into; try again in a moment.")
    mlmodel = content.mlmodel or {}
    if "python_function" not in mlmodel.get("flavors", {}):
        raise InvalidParameter(
            f"{version} has no python_function flavor, which is what is served; log it with log_model of its flavor."
        )
    wanted = parse_requirements(content.requirements)
    if wanted.refused:
        said = [f"{refused.line}: {refused.reason}" for refused in wanted.refused[:LINES_NAMED]]
        raise InvalidParameter(f"The requirements of {version} have lines that are not followed. {' '.join(said)}")
    return wanted


def example_of(content: Content) -> str:
    """The path of an input as servers take it; empty where the model was logged without one."""
    said = (content.mlmodel or {}).get("input_example") or {}
    path = str(said.get("serving_input_path") or "")
    return path if path and content.files.filter(path=path).exists() else ""
