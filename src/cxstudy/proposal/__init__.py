"""A study.yaml proposed from files that nobody described: what they hold, which column is which, and why."""
