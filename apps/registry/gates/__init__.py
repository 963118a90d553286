"""The server's own gates; `add()` tells the engine of them while Django starts. docs/gates.md describes each."""

from apps.governance.gates import add_gate
from apps.registry.gates.described import (
    DatasetRecorded,
    DescriptionSet,
    ModelCardComplete,
    OwnerSet,
    TagEquals,
)
from apps.registry.gates.external import ExternalWebhook
from apps.registry.gates.files import ContentIntact, InputExamplePresent, ScanClean, SignaturePresent
from apps.registry.gates.metrics import MetricAtLeast, MetricAtMost, NotWorseThanProduction
from apps.registry.gates.packages import DependenciesPinned, NoListedVulnerabilities, SbomMade

GATES = (
    MetricAtLeast,
    MetricAtMost,
    NotWorseThanProduction,
    SignaturePresent,
    InputExamplePresent,
    ScanClean,
    ContentIntact,
    DependenciesPinned,
    NoListedVulnerabilities,
    SbomMade,
    ModelCardComplete,
    DatasetRecorded,
    DescriptionSet,
    OwnerSet,
    TagEquals,
    ExternalWebhook,
)


def add() -> None:
    for gate in GATES:
        add_gate(gate())
