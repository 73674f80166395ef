"""Texts and names as the engine's SQL writes them."""


def quoted(value):
    """A text as the engine's SQL writes it.

    >>> quoted("o'clock")
    "'o''clock'"
    """
    return "'" + str(value).replace("'", "''") + "'"


def named(column):
    """A column's name as the engine's SQL writes it.

    >>> named('a"b')
    '"a""b"'
    """
    return '"' + column.replace('"', '""') + '"'
