from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "apps.serving"
    label = "serving"

    def ready(self) -> None:
        # Its models are there only now.
        from apps.serving import actions, gates, lineage, recorded, uses  # noqa: PLC0415
        from apps.serving.pages import brought  # noqa: PLC0415

        actions.add()
        gates.add()
        lineage.add()
        recorded.add()
        uses.add()
        brought.bring()
