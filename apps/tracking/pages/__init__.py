"""The pages of the tracking app, below /admin/. Queries read for them, services write."""
