"""Scanning what was uploaded for what should not be in a model."""

from apps.registry.content.scanning.scanner import SCANNER, Report, scan

__all__ = ["SCANNER", "Report", "scan"]
