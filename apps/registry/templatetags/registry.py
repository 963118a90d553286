"""What pages of models write alike."""

from django import template
from django.http import HttpRequest

register = template.Library()


@register.filter
def registering_lines(name: str, request: HttpRequest) -> str:
    """Lines to copy that register a version under `name`."""
    here = request.build_absolute_uri("/").rstrip("/")
    return "\n".join(
        [
            "import mlflow",
            "",
            f"mlflow.set_tracking_uri({here!r})",
            "with mlflow.start_run():",
            f"    mlflow.sklearn.log_model(model, name='model', registered_model_name={name!r})",
        ]
    )
