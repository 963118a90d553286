from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.accounts import recorded, signals  # noqa: F401, PLC0415  receivers register when the models are there
        from apps.accounts.pages import brought  # noqa: PLC0415

        recorded.add()
        brought.bring()
