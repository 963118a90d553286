"""Every read of tracking. Each takes the user and hides what that user may not see."""
