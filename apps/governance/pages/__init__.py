"""The pages of the governance app, below /admin/. Queries read for them, services write."""
