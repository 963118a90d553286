from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "apps.governance"
    label = "governance"

    def ready(self) -> None:
        from apps.governance import checks, recorded  # noqa: F401, PLC0415  its models are there only now
        from apps.governance.pages import brought  # noqa: PLC0415
        from apps.governance.queries import reports  # noqa: PLC0415
        from apps.governance.services import policies  # noqa: PLC0415

        policies.add()
        brought.bring()
        reports.add()
        recorded.add()
