"""What `manage.py serve` runs with."""

from mlregistry.settings.base import *  # noqa: F403  settings inherit by star import
