from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        from apps.jobs import recorded  # noqa: PLC0415  its models are there only now
        from apps.jobs.pages import brought  # noqa: PLC0415

        brought.bring()
        recorded.add()
