from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "apps.notices"
    label = "notices"

    def ready(self) -> None:
        from apps.governance import announcing  # noqa: PLC0415  its models are there only now
        from apps.notices import recorded  # noqa: PLC0415
        from apps.notices.services import telling  # noqa: PLC0415

        announcing.listen(telling.tell)
        recorded.add()
