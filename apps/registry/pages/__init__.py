"""The pages of the registry app, below /admin/. Queries read for them, services write."""
