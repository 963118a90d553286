"""Gates on what was measured. Where a metric was measured more than once, the least favourable value counts."""

import math
from decimal import Decimal
from typing import Literal

import msgspec

from apps.governance.actions import Proposal
from apps.governance.choices import Kind, State
from apps.governance.gates import Verdict
from apps.governance.models import ChangeRequest
from apps.registry import proposals
from apps.registry.choices import DELETED, PRODUCTION
from apps.registry.gates.base import Unknown, VersionGate
from apps.registry.models import Alias, ModelVersion
from apps.registry.queries.measurements import Measurement, measurements_of


class MetricTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which metric, and the number it is held against; on data sets of one name, if `dataset` says so."""

    metric: str
    value: float
    dataset: str = ""

    def __post_init__(self) -> None:
        _check_metric(self.metric)
        if not math.isfinite(self.value):
            raise ValueError("value is a finite number")


class ComparisonTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which metric, which way is better, and by how much it may be worse."""

    metric: str
    direction: Literal["higher_is_better", "lower_is_better"]
    margin: float = 0.0
    dataset: str = ""

    def __post_init__(self) -> None:
        _check_metric(self.metric)
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise ValueError("margin is a number, 0 or more")

    @property
    def higher_is_better(self) -> bool:
        return self.direction == "higher_is_better"


class MetricAtLeast(VersionGate):
    name, title = "metric_at_least", "Metric at least"
    Terms = MetricTerms

    def look_at(self, version: ModelVersion, terms: MetricTerms, proposal: Proposal) -> Verdict:
        found = _least_favourable(version, terms.metric, terms.dataset, higher_is_better=True)
        return _against(found, terms, passed=found.value >= terms.value, asked="at least")


class MetricAtMost(VersionGate):
    name, title = "metric_at_most", "Metric at most"
    Terms = MetricTerms

    def look_at(self, version: ModelVersion, terms: MetricTerms, proposal: Proposal) -> Verdict:
        found = _least_favourable(version, terms.metric, terms.dataset, higher_is_better=False)
        return _against(found, terms, passed=found.value <= terms.value, asked="at most")


class NotWorseThanProduction(VersionGate):
    """Against every version in the stage, or under the alias, that this one is to go to; else against Production."""

    name, title = "not_worse_than_production", "Not worse than production"
    Terms = ComparisonTerms
    looks_back = False  # what was there then is not what is there now

    def look_at(self, version: ModelVersion, terms: ComparisonTerms, proposal: Proposal) -> Verdict:
        mine = _least_favourable(version, terms.metric, terms.dataset, higher_is_better=terms.higher_is_better)
        said, where = f"{_named(terms.metric, mine)} is {_figure(mine.value)}", _where(proposal)
        others = _standing(version, proposal)
        if not others:
            data = {"value": mine.value, "compared_with": []}
            return Verdict(True, f"{said}; no other version is {where}, so there is none to be worse than.", data)
        compared = [(other, self._of_other(other, terms, where)) for other in others]
        choose = max if terms.higher_is_better else min
        best, theirs = choose(compared, key=lambda pair: pair[1].value)
        lost = _difference(theirs.value, mine.value) * (1 if terms.higher_is_better else -1)
        passed = lost <= Decimal(repr(terms.margin))
        how = "no worse" if lost <= 0 else f"worse by {_figure(float(lost))}"
        return Verdict(
            passed,
            f"{said}, version {best.version} {where} has {_figure(theirs.value)}: {how}, and"
            f" {_figure(terms.margin)} is allowed.",
            {
                "value": mine.value,
                "compared_with": [{"version": other.version, "value": found.value} for other, found in compared],
                "margin": terms.margin,
                "direction": terms.direction,
            },
        )

    def _of_other(self, other: ModelVersion, terms: ComparisonTerms, where: str) -> Measurement:
        try:
            return _least_favourable(other, terms.metric, terms.dataset, higher_is_better=terms.higher_is_better)
        except Unknown as unknown:
            raise Unknown(
                f"Version {other.version} {where} cannot be compared with. Of it, {_lowered(unknown.message)}"
            ) from None


def _against(found: Measurement, terms: MetricTerms, *, passed: bool, asked: str) -> Verdict:
    sentence = f"{_named(terms.metric, found)} is {_figure(found.value)}, {asked} {_figure(terms.value)} is asked."
    return Verdict(passed, sentence, {"value": found.value, "asked": terms.value, "dataset": found.dataset})


def _least_favourable(version: ModelVersion, metric: str, dataset: str, *, higher_is_better: bool) -> Measurement:
    found = measurements_of(version, metric, dataset=dataset)
    if not found:
        raise Unknown(f"No {metric}{f' on {dataset}' if dataset else ''} was logged.")
    for measurement in found:
        if not measurement.is_a_figure:
            raise Unknown(f"{_named(metric, measurement)} is {measurement.value:g}, which nothing can be held against.")
    choose = min if higher_is_better else max
    return choose(found, key=lambda measurement: measurement.value)


def _standing(version: ModelVersion, proposal: Proposal) -> list[ModelVersion]:
    """What this version is to stand in for: what is there now or, where it stands there itself, what it replaced."""
    present = ModelVersion.objects.filter(model=version.model_id).exclude(current_stage=DELETED)
    others = present.exclude(pk=version.pk)
    if proposal.action == proposals.SET_ALIAS:
        holder = Alias.objects.filter(model=version.model_id, name=proposal.target).values("version")
        there, is_there = others.filter(pk__in=holder), present.filter(pk__in=holder).filter(pk=version.pk).exists()
    else:
        stage = _stage(proposal)
        there, is_there = others.filter(current_stage=stage), version.current_stage == stage
    numbers = _replaced_by(proposal) if is_there else []
    return list((there | others.filter(version__in=numbers)).order_by("-version"))


def _replaced_by(proposal: Proposal) -> list[int]:
    """Numbers of the versions that gave way when this one got there without its gates; it is judged afterwards."""
    earlier = ChangeRequest.objects.filter(
        kind=Kind.BREAK_GLASS, state=State.APPLIED, action=proposal.action, object_type=proposal.object_type,
        object_id=proposal.object_id, subject_id=proposal.subject_id, target=proposal.target,
    )  # fmt: skip
    newest = earlier.order_by("-pk").first()
    before = newest.before if newest else {}
    return [number for number in (*before.get("archived", ()), before.get("version")) if number is not None]


def _stage(proposal: Proposal) -> str:
    return proposal.target if proposal.action == proposals.SET_STAGE else PRODUCTION


def _where(proposal: Proposal) -> str:
    if proposal.action == proposals.SET_ALIAS:
        return f"under alias {proposal.target}"
    return f"in {_stage(proposal)}"


def _check_metric(metric: str) -> None:
    if not metric.strip():
        raise ValueError("metric is the name of a metric")


def _named(metric: str, measurement: Measurement) -> str:
    return f"{metric} on {measurement.dataset}" if measurement.dataset else metric


def _figure(value: float) -> str:
    return f"{value:.10g}"


def _difference(one: float, other: float) -> Decimal:
    """As people subtract: 0.8 and 0.7 are 0.1 apart, and not a little more."""
    return Decimal(repr(one)) - Decimal(repr(other))


def _lowered(sentence: str) -> str:
    return f"n{sentence[1:]}" if sentence.startswith("No ") else sentence
