from django.apps import AppConfig


class MlregistryConfig(AppConfig):
    name = "mlregistry"

    def ready(self) -> None:
        from mlregistry import checks, planner  # noqa: F401, PLC0415  register themselves with Django
