"""The pages of the audit record, below /admin/."""
