"""The MLflow protocol: how calls are declared, decoded, answered and paged, without knowing what they are about."""

MLFLOW_VERSION = "3.17.2"
"""The version of MLflow whose wire this is."""
