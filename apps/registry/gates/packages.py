"""Gates on what a version needs to run: its requirements.txt, and what is known of the packages that it names."""

import msgspec
from django.conf import settings
from packaging.version import Version

from apps.governance.actions import Proposal
from apps.governance.gates import NoTerms, Verdict
from apps.registry.content.advisories import Advisories, load_advisories
from apps.registry.content.requirements import Requirements, parse_requirements
from apps.registry.gates.base import Unknown, VersionGate, counted, listed, sealed_content
from apps.registry.models import ModelVersion, Sbom
from mlregistry.errors import InvalidParameter

REQUIREMENTS = "requirements.txt"


class VulnerabilityTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Advisories, by any of their ids, that somebody has looked at and that do not count."""

    ignored: tuple[str, ...] = ()


class DependenciesPinned(VersionGate):
    """Each line of requirements.txt names one released version of one package."""

    name, title = "dependencies_pinned", "Dependencies pinned"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        found = _requirements(version)
        loose = [*map(str, found.unpinned), *(line.line for line in found.refused)]
        total = len(found.pinned) + len(loose)
        data = {"pinned": len(found.pinned), "loose": loose[:100]}
        if loose:
            said = f"{len(loose)} of {counted(total, 'requirement')} {'names' if len(loose) == 1 else 'name'}"
            return Verdict(False, f"{said} no exact released version: {listed(loose)}.", data)
        return Verdict(True, f"Each of {counted(total, 'requirement')} names one version.", data)


class NoListedVulnerabilities(VersionGate):
    """None of the pinned packages is in the advisories that MLREGISTRY_ADVISORIES names. Asks nobody."""

    name, title, is_quick = "no_listed_vulnerabilities", "No listed vulnerabilities", False
    Terms = VulnerabilityTerms

    def look_at(self, version: ModelVersion, terms: VulnerabilityTerms, proposal: Proposal) -> Verdict:
        advisories = _advisories()
        found = _requirements(version)
        open_lines = [*map(str, found.unpinned), *(line.line for line in found.refused)]
        if open_lines:
            raise Unknown(f"What has no exact version cannot be looked up: {listed(open_lines)}.")
        ignored, hits, passed_over = set(terms.ignored), list[str](), list[str]()
        for requirement in found.pinned:
            for advisory in advisories.about(requirement.name, Version(requirement.version)):
                hit = f"{requirement.name} {requirement.version} ({advisory.id})"
                (passed_over if ignored & {advisory.id, *advisory.aliases} else hits).append(hit)
        among = (
            f"among {counted(advisories.count, 'advisory', 'advisories')}, the newest of {advisories.newest:%-d %B %Y}"
        )
        packages = counted(len(found.pinned), "package")
        data = {
            "packages": len(found.pinned),
            "advisories": advisories.count,
            "newest": advisories.newest.isoformat(),
            "found": hits[:100],
            "ignored": passed_over[:100],
        }
        but = f" Ignored: {listed(passed_over)}." if passed_over else ""
        if hits:
            return Verdict(False, f"Of {packages}, listed are {listed(hits)}, {among}.{but}", data)
        return Verdict(True, f"None of {packages} is listed {among}.{but}", data)


class SbomMade(VersionGate):
    name, title = "sbom_made", "SBOM made"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        sealed_content(version)
        sbom = Sbom.objects.filter(version=version).first()
        if sbom is None:
            raise Unknown("No SBOM of this version has been made yet.")
        if not sbom.components_count:
            return Verdict(False, "The SBOM names no component: the files do not say what the model needs.")
        said = f"The SBOM names {counted(sbom.components_count, 'component')}."
        return Verdict(True, said, {"components": sbom.components_count, "unpinned": len(sbom.unpinned)})


def _requirements(version: ModelVersion) -> Requirements:
    content = sealed_content(version)
    if not content.requirements.strip():
        raise Unknown(f"There is no {REQUIREMENTS} among the files, or nothing in it.")
    try:
        found = parse_requirements(content.requirements)
    except InvalidParameter as unreadable:
        raise Unknown(f"{REQUIREMENTS} cannot be read: {unreadable.message}") from None
    if not (found.pinned or found.unpinned or found.refused):
        raise Unknown(f"{REQUIREMENTS} names no package.")
    return found


def _advisories() -> Advisories:
    if not settings.MLREGISTRY_ADVISORIES:
        raise Unknown("No advisories are configured on this server (MLREGISTRY_ADVISORIES).")
    try:
        return load_advisories(settings.MLREGISTRY_ADVISORIES)
    except InvalidParameter as wrong:
        raise Unknown(wrong.message) from None
