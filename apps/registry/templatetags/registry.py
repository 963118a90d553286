"""What pages of models write alike."""

import math
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

WIDE, HIGH = 96, 6


@register.simple_tag
def bars(left: Any, right: Any) -> SafeString | str:
    """Two values as bars of one scale, the left one above; nothing for what has no length."""
    lengths = [abs(value) if isinstance(value, float) and math.isfinite(value) else None for value in (left, right)]
    most = max((length for length in lengths if length is not None), default=0)
    if not most:
        return ""
    drawn = format_html_join(
        "",
        '<rect class="{}" x="0" y="{}" width="{}" height="{}" rx="1"/>',
        (
            (side, row * (HIGH + 2), f"{max(length / most * WIDE, 1):.1f}", HIGH)
            for row, (side, length) in enumerate(zip(("left", "right"), lengths, strict=True))
            if length is not None
        ),
    )
    box = f"0 0 {WIDE} {2 * HIGH + 2}"
    return format_html(
        '<svg class="bars" viewBox="{}" width="{}" height="{}" aria-hidden="true">{}</svg>',
        box,
        WIDE,
        2 * HIGH + 2,
        drawn,
    )


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
