"""A renderer whose process ends without a word, in a module of its own, since each process that renders loads it."""

import multiprocessing
import os

from cxstudy.client.render import render

CLIENT = "Bank"


def render_or_end(report, files, template=None):
    """`render`, but a process that only renders ends where the report is of `CLIENT`."""
    if report.subtitle == CLIENT and multiprocessing.parent_process():
        os._exit(1)
    return render(report, files, template)
