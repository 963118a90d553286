from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "apps.registry"
    label = "registry"

    def ready(self) -> None:
        from apps.registry import actions, gates, listening, recorded  # noqa: PLC0415  its models are there only now
        from apps.registry.pages import brought  # noqa: PLC0415

        actions.add()
        gates.add()
        listening.add()
        brought.bring()
        recorded.add()
