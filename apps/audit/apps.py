from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"

    def ready(self) -> None:
        from apps.audit.pages import brought  # noqa: PLC0415  its models are there only now

        brought.bring()
