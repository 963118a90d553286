"""The page of one version: everything that is known of it. A prompt's version has its template instead."""

from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.registry.choices import active_stages, stages
from apps.registry.content.scanning.findings import Severity
from apps.registry.diffing import column_type
from apps.registry.models import Content, ModelVersion, Sbom
from apps.registry.pages import protection
from apps.registry.pages.lineage_drawing import Drawing, drawn
from apps.registry.pages.showing import card_of, crumb, level_on, portion_of, told
from apps.registry.prompts import own_tags, template_of
from apps.registry.queries.activity import activity_of_version
from apps.registry.queries.evidence import evidence_of
from apps.registry.queries.lineage import lineage_of
from apps.registry.queries.transitions import comments_about
from apps.registry.queries.version_content import files_of, scans_of
from apps.registry.queries.versions import get_version_of, present
from mlregistry.console.page import page, show
from mlregistry.console.registry import panels
from mlregistry.levels import Level

ENTRIES = 12
FILES = 200
FINDINGS = 100
COMPONENTS = 300
SETTINGS_OF_FLAVOR = 40
BEARER = '-H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN"'
SEVERITIES = {Severity.CRITICAL: "bad", Severity.WARNING: "warn", Severity.INFO: "plain"}


@page(requires=Level.READ)
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found = get_version_of(reader(request), pk, number, at_least=Level.READ)
    tags = dict(found.tags.values_list("key", "value"))
    may_manage = level_on(found) >= Level.MANAGE
    shared: dict[str, Any] = {
        "title": f"Version {number}",
        "subtitle": found.model.name,
        "version": found,
        "model": found.model,
        "crumbs": [crumb(found.model), (reverse("model", args=[pk]), found.model.name)],
        "tags": sorted(own_tags(tags).items()),
        "aliases": list(found.aliases.order_by("name")),
        "neighbours": _neighbours(found),
        "may_edit": level_on(found) >= Level.EDIT,
        "may_manage": may_manage,
        "activity": told(activity_of_version(found, most=ENTRIES)) if may_manage else [],
    }
    shared |= protection.of_version(found, [alias.name for alias in shared["aliases"]])
    if found.model.is_prompt:
        loading = _loading_prompt(request, found, shared["aliases"])
        return show(request, "registry/prompt_version.html", prompt=template_of(tags), loading=loading, **shared)
    return show(
        request,
        "registry/version.html",
        stages=stages(),
        active_stages=active_stages(),
        evidence=evidence_of(reader(request), found),
        lineage=_lineage(request, found),
        card=card_of(found),
        panels=panels("version", request, found),
        comments=comments_about(found),
        loading=_loading(request, found, shared["aliases"]),
        downloads=_download_address(found),
        sbom_address=f"/api/v1/registered-models/{quote(found.model.name, safe='')}/versions/{number}/sbom",
        **_content(request, found),
        **shared,
    )


def _neighbours(found: ModelVersion) -> dict[str, int | None]:
    """The numbers before and after it, deleted versions passed over."""
    others = present().filter(model=found.model_id).values_list("version", flat=True)
    return {
        "before": others.filter(version__lt=found.version).order_by("-version").first(),
        "after": others.filter(version__gt=found.version).order_by("version").first(),
    }


def _content(request: HttpRequest, found: ModelVersion) -> dict[str, Any]:
    """What is in its files, for the panels about them."""
    content = Content.objects.filter(version=found).first()
    scan = scans_of(found).order_by("-pk").first()
    sbom = Sbom.objects.filter(version=found).first()
    mlmodel = (content.mlmodel if content else None) or {}
    findings = (
        sorted(scan.findings, key=lambda each: list(SEVERITIES).index(Severity(each["severity"]))) if scan else []
    )
    findings = [(each, SEVERITIES[Severity(each["severity"])]) for each in findings]
    files = files_of(content).order_by("path") if content else []
    components = sbom.document.get("components", []) if sbom else []
    return {
        "content": content,
        "mlmodel": mlmodel,
        "flavors": [
            (name, list(own.items())[:SETTINGS_OF_FLAVOR]) for name, own in sorted(mlmodel.get("flavors", {}).items())
        ],
        "schema": _schema(mlmodel),
        "scan": scan,
        "findings": portion_of(request, findings, name="scan", count=len(findings), size=FINDINGS),
        "files": portion_of(request, files, name="files", count=content.files_count if content else 0, size=FILES),
        "sbom": sbom,
        "components": portion_of(request, components, name="sbom", count=len(components), size=COMPONENTS),
    }


def _schema(mlmodel: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Inputs, outputs and parameters, each column with its type in words."""
    signature = mlmodel.get("signature") or {}
    parts = (("Inputs", "inputs"), ("Outputs", "outputs"), ("Parameters", "params"))
    return [
        (
            title,
            [
                (column["name"] or f"column {number}", column_type(column))
                for number, column in enumerate(signature[key], 1)
            ],
        )
        for title, key in parts
        if signature.get(key)
    ]


def _lineage(request: HttpRequest, found: ModelVersion) -> Drawing:
    start = f"version:{found.model.name}/{found.version}"
    return drawn(lineage_of(reader(request), start), start=start)


def _loading(request: HttpRequest, found: ModelVersion, aliases: list[Any]) -> list[tuple[str, str]]:
    """Lines to copy, each with what they are for."""
    here, name, number = _here(request), found.model.name, found.version
    python = [
        "import mlflow",
        "",
        f"mlflow.set_tracking_uri({here!r})",
        f"model = mlflow.pyfunc.load_model({f'models:/{name}/{number}'!r})",
    ]
    if aliases:
        python += ["", "# or whichever version the alias points at", _by_alias(name, aliases[0].name)]
    path = f"/api/v1/registered-models/{quote(name, safe='')}/versions/{number}"
    query = urlencode({"name": name, "version": number, "path": "MLmodel"})
    rest = [
        f'curl {BEARER} \\\n  "{here}{path}/content"',
        f'curl -OJ {BEARER} \\\n  "{here}/model-versions/get-artifact?{query}"',
    ]
    return [("With MLflow", "\n".join(python)), ("Over REST: what is in it, and a file of it", "\n".join(rest))]


def _by_alias(name: str, alias: str) -> str:
    return f"model = mlflow.pyfunc.load_model({f'models:/{name}@{alias}'!r})"


def _loading_prompt(request: HttpRequest, found: ModelVersion, aliases: list[Any]) -> list[tuple[str, str]]:
    here, name, number = _here(request), found.model.name, found.version
    python = [
        "import mlflow",
        "",
        f"mlflow.set_tracking_uri({here!r})",
        f"prompt = mlflow.genai.load_prompt({f'prompts:/{name}/{number}'!r})",
    ]
    if aliases:
        by_alias = f"prompts:/{name}@{aliases[0].name}"
        python += ["", "# or whichever version the alias points at", f"prompt = mlflow.genai.load_prompt({by_alias!r})"]
    query = urlencode({"name": name, "version": number})
    rest = f'curl {BEARER} \\\n  "{here}/api/2.0/mlflow/model-versions/get?{query}"'
    return [("With MLflow", "\n".join(python)), ("Over REST", rest)]


def _here(request: HttpRequest) -> str:
    return request.build_absolute_uri(settings.FORCE_SCRIPT_NAME or "/").rstrip("/")


def _download_address(found: ModelVersion) -> str:
    """Where its files are downloaded, but for the path."""
    query = urlencode({"name": found.model.name, "version": found.version})
    return f"/model-versions/get-artifact?{query}&path="
