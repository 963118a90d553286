"""The pages of notices, below /admin/. Queries read for them, services write."""
