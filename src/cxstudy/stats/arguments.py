"""What every statistic asks of its arguments, said once: rule, finding, remedy."""

from numbers import Integral

import pandas as pd

from cxstudy.faults import unknown_name


def check_count(name, value, least):
    """``value`` as an int of at least ``least``; ``name`` is what the message calls it.

    >>> check_count("n", 12, 3)
    12
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}; got {value!r}. Give the count itself.")
    return int(value)


def check_columns(data, names):
    """ValueError with the valid names when ``data`` lacks one of ``names``."""
    for name in names:
        if name not in data.columns:
            raise ValueError(unknown_name("column", name, data.columns))


def numbers(data, column):
    """``data[column]`` as floats; ValueError when the column isn't numeric (truth values are not)."""
    if not pd.api.types.is_numeric_dtype(data[column]) or pd.api.types.is_bool_dtype(data[column]):
        raise ValueError(f"column {column} must be numeric; found {data[column].dtype}. Convert it, or name another.")
    return data[column].astype(float)
