"""The pages of accounts, below /admin/: people and teams, one's own account, and who can see what and why."""
