from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "apps.registry"
    label = "registry"

    def ready(self) -> None:
        from apps.governance import announcing  # noqa: PLC0415  its models are there only now
        from apps.registry import actions, gates, recorded  # noqa: PLC0415
        from apps.registry.pages import brought  # noqa: PLC0415
        from apps.registry.services import request_announcements  # noqa: PLC0415

        actions.add()
        gates.add()
        brought.bring()
        recorded.add()
        announcing.listen(request_announcements.tell)
