"""A Django app whose `tasks` give the worker something to run in tests."""
