"""From files to a checked study: study.yaml, readers, and every rule a table must keep."""
