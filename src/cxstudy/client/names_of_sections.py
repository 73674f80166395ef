"""The sections a report may have, by the ids that report.yaml names them with."""

SECTIONS = (
    "one_minute", "trust", "measures", "trend", "peers", "touchpoints", "drivers", "employees", "self_image", "margin",
    "comments", "method",
)  # fmt: skip
# comments stand only where they are asked for or the study shows them
DEFAULT = tuple(name for name in SECTIONS if name != "comments")
