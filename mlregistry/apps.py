from django.apps import AppConfig


class MlregistryConfig(AppConfig):
    name = "mlregistry"

    def ready(self) -> None:
        from mlregistry import checks  # noqa: F401, PLC0415  registers the checks of the settings
