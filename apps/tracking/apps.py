from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "apps.tracking"
    label = "tracking"

    def ready(self) -> None:
        from apps.tracking import recorded  # noqa: PLC0415  its models are there only now
        from apps.tracking.pages import brought  # noqa: PLC0415

        brought.bring()
        recorded.add()
