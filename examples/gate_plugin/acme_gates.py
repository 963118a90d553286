"""No group of people is judged much worse than another: what training logged for each group lies close together."""

import math

import msgspec

from apps.governance.gates import Gate, Judged, Verdict
from apps.tracking.models import LatestMetric


class FairnessTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a policy says: metrics that begin with `prefix`, one for each group, and how far apart they may lie."""

    prefix: str
    at_most: float

    def __post_init__(self) -> None:
        if not (self.prefix and 0 <= self.at_most < math.inf):
            raise ValueError("prefix begins the name of a metric, and at_most is a number, 0 or more")


class FairnessGate(Gate):
    name, title = "fairness", "Fairness between groups"
    Terms = FairnessTerms

    def look(self, judged: Judged, terms: FairnessTerms) -> Verdict:
        version = judged.subject  # an apps.registry ModelVersion; None for what is about a whole model
        if version is None or not version.run_id:
            return Verdict(False, "There is no run whose metrics could be compared.")
        rows = LatestMetric.objects.filter(run__uuid=version.run_id, key__name__startswith=terms.prefix)
        found = {
            key: math.nan if is_nan else value
            for key, value, is_nan in rows.values_list("key__name", "value", "is_nan")
        }
        if len(found) < 2:
            return Verdict(False, f"{len(found)} metrics begin with {terms.prefix}; two groups are needed to compare.")
        if not all(map(math.isfinite, found.values())):
            return Verdict(False, f"Of the metrics that begin with {terms.prefix}, one is no figure.")
        low, high = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
        apart = found[high] - found[low]
        return Verdict(
            apart <= terms.at_most,
            f"{high} is {found[high]:.4g} and {low} is {found[low]:.4g}: {apart:.4g} apart, {terms.at_most:g} allowed.",
            {"groups": found, "apart": apart},
        )
