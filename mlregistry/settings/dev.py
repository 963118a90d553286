"""For working on mlregistry itself: tracebacks in the browser."""

from mlregistry.settings.base import *  # noqa: F403  settings inherit by star import

DEBUG = True
