"""Tracking in the admin. Everyone sees what they may; services do the changing."""

from apps.tracking.admin import datasets, experiments, logged_models, parts, runs

__all__ = ["datasets", "experiments", "logged_models", "parts", "runs"]
