"""Notebooks run side by side: a pool of threads, one kernel each, always with this interpreter."""

import logging
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_core.utils import ensure_event_loop
from papermill.exceptions import PapermillExecutionError, strip_color

import cxstudy
from cxstudy.language import text

MISTAKES = ("ValueError", "DataError", "NotTestable")
INLINE = "module://matplotlib_inline.backend_inline"


@dataclass(frozen=True)
class Executed:
    """How one notebook went: seconds, and when it failed the code cell (its number in the notebook as written,
    and its first line), the message, and whether it is a mistake in data or values (the message is enough) or
    something unexpected (the traceback is needed)."""

    stem: str
    seconds: float
    cell: int | None = None
    line: str = ""
    error: str = ""
    mistake: bool = False

    @property
    def ok(self):
        return not self.error


class ThisInterpreter(AsyncKernelManager):
    """Starts the Python that runs cxstudy, whatever kernel named python3 a user's home holds."""

    started = []

    @property
    def kernel_spec(self):
        # one thread each, or two kernels on two cores wait for each other; the backend of Jupyter,
        # or a MPLBACKEND of the user's shell would leave the pages without pictures
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"],
            display_name="Python 3",
            language="python",
            env={"OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "MPLBACKEND": INLINE},
        )

    async def _async_launch_kernel(self, kernel_cmd, **kw):
        await super()._async_launch_kernel(kernel_cmd, **kw)
        self.started.append(self)


def execute_all(books, values, folder, jobs=2):
    """Run notebooks into ``folder``; returns stem → Executed. Progress goes to standard error.

    ``values`` holds the parameters of each notebook by stem. A failing notebook does not stop the others;
    an interrupt stops the kernels at once.
    """
    for name in ("papermill", "traitlets"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    ThisInterpreter.started.clear()
    done = {}
    with Progress(books) as progress, ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        waiting = [pool.submit(execute, book, values[book.stem], folder, progress.cell) for book in books]
        try:
            for future in as_completed(waiting):
                one = future.result()
                done[one.stem] = one
                progress.notebook(one)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for manager in ThisInterpreter.started:
                process = getattr(manager.provisioner, "process", None)
                if process is not None:
                    process.kill()
            raise
    return done


def execute(book, values, folder, on_cell=lambda **_: None):
    """Run one notebook into ``folder`` and say how it went; never raises for what the notebook does."""
    start = time.perf_counter()
    target = Path(folder) / book.path.name
    node = nbformat.read(book.path, as_version=4)
    try:
        papermill.execute_notebook(
            node,
            # papermill fills {gaps} in paths from the parameters; a folder's own braces are doubled
            re.sub(r"([{}])", r"\1\1", str(target)),
            parameters=values,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            kernel_manager_class=ThisInterpreter,
            # not papermill's cwd=, which changes the folder of the whole process, other threads included
            resources={"metadata": {"path": str(book.path.parent)}},
            on_cell_executed=on_cell,
        )
    except PapermillExecutionError as error:
        # papermill puts the cell of the given parameters before it, where there are any
        cell = error.exec_count - bool(values)
        line = next((line.strip() for line in error.source.splitlines() if line.strip()), "")
        return Executed(
            book.stem,
            time.perf_counter() - start,
            cell,
            shorten(line, 60, placeholder="…"),
            _message(error),
            _is_mistake(error),
        )
    except Exception as error:
        # a kernel that dies or does not start: the pool goes on, the run is marked failed
        return Executed(book.stem, time.perf_counter() - start, error=f"{type(error).__name__}: {error}")
    finally:
        # the client of the kernel opens a loop for this thread and leaves it open
        ensure_event_loop().close()
    return Executed(book.stem, time.perf_counter() - start)


def _message(error):
    return str(error.evalue) if error.ename in MISTAKES else f"{error.ename}: {error.evalue}"


def _is_mistake(error):
    """Whether cxstudy itself refused the data or a value: the last frame of the traceback lies in it."""
    frames = re.findall(r"^(?:File|Cell) (.+?)(?::\d+|,)", strip_color("\n".join(error.traceback)), flags=re.M)
    last = Path(frames[-1]).expanduser() if frames else Path()
    return error.ename in MISTAKES and last.is_relative_to(Path(cxstudy.__file__).parent)


class Progress:
    """A bar over all code cells on a terminal, one line for each finished notebook elsewhere."""

    def __init__(self, books, stream=None):
        self.stream = stream or sys.stderr
        self.lock = threading.Lock()
        self.bar = None
        if self.stream.isatty():
            from tqdm import tqdm

            cells = sum(len(_code_cells(book.path)) for book in books)
            names = ", ".join(book.stem for book in books)
            self.bar = tqdm(total=cells, file=self.stream, unit="cell", desc=names[:40], leave=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.close()

    def cell(self, cell=None, **_):
        """One cell of any notebook is done."""
        if self.bar is not None and cell is not None and cell.cell_type == "code":
            with self.lock:
                self.bar.update(1)

    def notebook(self, one):
        """One notebook is done."""
        line = text(f"run.notebook_{'done' if one.ok else 'failed'}", notebook=one.stem, seconds=one.seconds)
        with self.lock:
            self.bar.write(line, file=self.stream) if self.bar is not None else print(
                line, file=self.stream, flush=True
            )


def _code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
