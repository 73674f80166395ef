"""The client's report: one model of sections, four renderers that only render it."""
