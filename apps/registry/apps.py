from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "apps.registry"
    label = "registry"

    def ready(self) -> None:
        from apps.accounts.services import teams  # noqa: PLC0415
        from apps.governance.services import holds  # noqa: PLC0415

        # Its models are there only now.
        from apps.registry import actions, gates, listening, memberships, recorded  # noqa: PLC0415
        from apps.registry.pages import brought  # noqa: PLC0415
        from apps.registry.queries import never_reviewed  # noqa: PLC0415
        from apps.registry.services import holding  # noqa: PLC0415

        actions.add()
        gates.add()
        holds.add_follower(holding.follow_hold)
        teams.add_check(memberships.check_membership)
        listening.add()
        brought.bring()
        never_reviewed.add()
        recorded.add()
