"""What is worked out of a study once and then kept with it, as a study does not change while it is open."""


def held(study, name, make):
    """What ``make()`` gives, made the first time the study is asked for ``name``; not to be changed by who asks.

    >>> from types import SimpleNamespace
    >>> study = SimpleNamespace()
    >>> held(study, "size", lambda: 3), held(study, "size", lambda: 4)
    (3, 3)
    """
    kept = all_held(study)
    if name not in kept:
        kept[name] = make()
    return kept[name]


def all_held(study):
    """What has been made so far, by name: the dict itself."""
    return vars(study).setdefault("_held", {})
