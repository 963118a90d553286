from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Django's admin with our site in the place of its own."""

    default_site = "mlregistry.console.site.ConsoleSite"
