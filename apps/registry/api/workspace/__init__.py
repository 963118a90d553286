"""The wire of a workspace registry, for Databricks' clients: `WorkspaceClient(host=…, token=…).model_registry`.

Its transition requests are our change requests, its levels and comments ours, its webhooks sent as ours are.
"""
