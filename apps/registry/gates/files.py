"""Gates on a version's files: what they say of themselves, what was found in them, and whether they are still those."""

from typing import Any

from apps.governance.actions import Proposal
from apps.governance.gates import NoTerms, Verdict
from apps.registry.choices import ContentState
from apps.registry.choices import Verdict as ScanVerdict
from apps.registry.gates.base import Unknown, VersionGate, counted, listed, sealed_content
from apps.registry.models import Content, ModelVersion, Scan
from apps.registry.services.verification import verify_content
from mlregistry.errors import RegistryError


class SignaturePresent(VersionGate):
    """What goes in is described; what comes out may be left open, as MLflow leaves it for some flavors."""

    name, title = "signature_present", "Signature present"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        signature = _mlmodel(sealed_content(version)).get("signature") or {}
        inputs, outputs = signature.get("inputs") or [], signature.get("outputs") or []
        data = {"inputs": len(inputs), "outputs": len(outputs)}
        if not inputs:
            return Verdict(False, "MLmodel has no signature that says what goes into the model.", data)
        taken, given = counted(len(inputs), "input"), counted(len(outputs), "output")
        return Verdict(True, f"The signature names {taken} and {given}.", data)


class InputExamplePresent(VersionGate):
    name, title = "input_example_present", "Input example present"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        content = sealed_content(version)
        path = (_mlmodel(content).get("input_example") or {}).get("artifact_path", "")
        if not path:
            return Verdict(False, "MLmodel names no input example.")
        file = content.files.filter(path=path).first()
        if file is None or not file.size:
            return Verdict(False, f"MLmodel names {path} as the input example, which is not among the files.")
        said = f"The input example is {path}, {counted(file.size, 'byte')}."
        return Verdict(True, said, {"path": path, "size": file.size})


class ScanClean(VersionGate):
    """By the newest scan of exactly the files that are sealed."""

    name, title = "scan_clean", "Scan clean"

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        content = sealed_content(version)
        scan = Scan.objects.filter(version=version, digest=content.digest).order_by("-pk").first()
        if scan is None:
            raise Unknown("The files of this version have not been scanned yet.")
        data: dict[str, Any] = {"scanner": scan.scanner, "files": scan.files_count, "findings": len(scan.findings)}
        on = f"the scan of {scan.scanned_at:%-d %B %Y} ({scan.scanner})"
        if scan.verdict == ScanVerdict.CLEAN:
            return Verdict(True, f"{counted(scan.files_count, 'file')} looked into, nothing found by {on}.", data)
        found = [f"{each.get('kind', '')} in {each.get('path') or 'the files'}" for each in scan.findings]
        what = f"{counted(len(found), 'finding')}: {listed(found, 3)}" if found else "it could not be completed"
        return Verdict(False, f"Not clean by {on}: {what}.", data)


class ContentIntact(VersionGate):
    """Reads every byte in the store again; what differs is on the version from then on."""

    name, title, is_quick = "content_intact", "Content intact", False

    def look_at(self, version: ModelVersion, terms: NoTerms, proposal: Proposal) -> Verdict:
        try:
            content = verify_content(version=version, deep=True)
        except (RegistryError, OSError) as error:
            raise Unknown(f"The files could not be verified: {error}") from None
        files = counted(content.files_count, "file")
        data = {"digest": content.digest, "files": content.files_count, "size": content.size}
        if content.state != ContentState.SEALED:
            return Verdict(False, f"The files are not those that were registered: {content.message}", data)
        read = f"{files} with {counted(content.size, 'byte')} were read"
        return Verdict(True, f"{read}, and are those that were signed for (SHA-256 {content.digest[:12]}…).", data)


def _mlmodel(content: Content) -> dict[str, Any]:
    said: dict[str, Any] | None = content.mlmodel
    if said is None:
        raise Unknown("There is no MLmodel among the files.")
    if "unreadable" in said:
        raise Unknown(f"MLmodel cannot be read: {said['unreadable']}")
    return said
