"""The test settings, with the sample jobs in the place of the apps that stand above jobs."""

from mlregistry.settings.test import *  # noqa: F403  settings inherit by star import

ABOVE = ("apps.notices", "apps.governance", "apps.tracking", "apps.registry", "apps.serving", "apps.demo")
INSTALLED_APPS = [*(name for name in INSTALLED_APPS if name not in ABOVE), "tests.jobs.sample"]  # noqa: F405
