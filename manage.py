#!/usr/bin/env python
"""Run one of the project's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings.prod")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        # The message says which setting, and what would be right; where it was read helps nobody.
        sys.exit(str(wrong))
