"""One report into files of several formats, in this process or another one."""

import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import forkserver

from cxstudy.client.whole_files import write_whole
from cxstudy.faults import unknown_name

FORMATS = ("html", "pdf", "pptx", "xlsx")
OFFICE = ("pptx", "xlsx")
FINDINGS = "findings"  # the numbers of the report as JSON, beside every format
_RENDERERS = [f"cxstudy.client.{name}" for name in ("html", "pdf", "slides", "workbook")]


def check_formats(formats):
    """The formats asked for, a text with commas or names, each once; ValueError for one there is not."""
    names = formats.split(",") if isinstance(formats, str) else formats
    names = [str(name).strip().lower() for name in names if str(name).strip()]
    for name in names:
        if name not in FORMATS:
            raise ValueError(unknown_name("format", name, FORMATS))
    if not names:
        raise ValueError(f"a report needs a format; got none. Valid: {', '.join(FORMATS)}.")
    return tuple(dict.fromkeys(names))


def render(report, files, template=None):
    """Write a `Report` into ``files``, {format: path}; returns {format: why it failed} of those that did.

    ``template``: the client's PowerPoint presentation.
    """
    failed, shown = {}, {}
    for name, path in files.items():
        try:
            if name in ("html", "pdf") and not shown:
                from cxstudy.client.content import content

                shown = content(report)
            write_whole(path, partial(_write, name, report, shown, template))
        except ValueError as mistake:
            failed[name] = str(mistake)
        except ImportError as missing:
            failed[name] = _needs(name, missing)
        except Exception as unexpected:
            # one format's fault must not cost the others
            failed[name] = (
                f"{name}: something went wrong that should not ({type(unexpected).__name__}: {unexpected}); please "
                "report it with that text."
            )
    return failed


def load_renderers():
    """Start the process that loads the renderers, once, and return at once; False where processes do not fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    multiprocessing.get_context("forkserver").set_forkserver_preload(_RENDERERS)
    forkserver.ensure_running()
    return True


def start_pool(jobs):
    """Processes that render: clean ones, which have opened no study; the renderers are loaded once where they fork."""
    context = multiprocessing.get_context("forkserver" if load_renderers() else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_interrupts_to_the_parent)


def _leave_interrupts_to_the_parent():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(name, report, shown, template, draft):
    if name == "html":
        from cxstudy.client.html import to_html

        draft.write_text(to_html(report, content=shown), encoding="utf-8")
    elif name == "pdf":
        from cxstudy.client.pdf import to_pdf

        draft.write_bytes(to_pdf(report, content=shown))
    elif name == "pptx":
        from cxstudy.client.slides import write_slides

        write_slides(report, str(draft), template)
    elif name == FINDINGS:
        from cxstudy.client.report import write_report_findings

        write_report_findings(report, draft)
    else:
        from cxstudy.client.workbook import write_workbook

        write_workbook(report, draft)


def _needs(name, missing):
    packages = {"pptx": "python-pptx", "lxml": "python-pptx", "PIL": "python-pptx"}
    if missing.name not in packages:
        return str(missing)
    return (
        f"{name} needs the package {packages[missing.name]}, which is not installed. Install it with: "
        'pip install "cxstudy[report]".'
    )
