"""Notebooks run side by side: a pool of threads, one kernel each, always with this interpreter.

Kernels are forked from a process that has the libraries loaded (`cxstudy.report.forked`) where there is one, and
start as programs of their own otherwise.
"""

import logging
import math
import re
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from textwrap import shorten

import nbformat
import papermill
from jupyter_client import AsyncKernelClient, AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import LocalProvisioner
from jupyter_core.utils import ensure_event_loop
from papermill.exceptions import PapermillExecutionError, strip_color
from traitlets import Type

import cxstudy
from cxstudy.language import text
from cxstudy.report.forked import ENVIRONMENT
from cxstudy.report.forking import LOOK
from cxstudy.report.progress import Progress

SETUP = {"parameters", "injected-parameters", "setup"}  # tags of cells that need nothing of other notebooks
IPYKERNEL = ("-m", "ipykernel_launcher")
MISTAKES = ("ValueError", "DataError", "NotTestable")


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


class _Client(AsyncKernelClient):
    async def wait_for_ready(self, timeout=None):
        """Return when the kernel has answered and its output arrives here.

        jupyter_client's own then waits a fifth of a second more, for messages that belong to no cell.
        """
        end = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            asked = self.kernel_info()
            try:
                while (reply := await self.get_shell_msg(timeout=1))["parent_header"].get("msg_id") != asked:
                    continue
                await self.get_iopub_msg(timeout=LOOK)
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("the kernel ended before it was ready") from None
                if time.monotonic() > end:
                    raise RuntimeError(f"the kernel was not ready after {timeout} seconds") from None
                continue
            return self._handle_kernel_info_reply(reply)


class ThisInterpreter(AsyncKernelManager):
    """Starts the Python that runs cxstudy, whatever kernel named python3 a user's home holds.

    ``server`` is the ForkServer to fork kernels from, or None; ``environment`` holds further variables of theirs.
    `for_one_notebook` makes a class for each notebook, because papermill wants a class, and what became of the process
    is asked of ``started`` afterwards.
    """

    server = None
    started = ()
    environment = {}
    client_factory = Type(klass=_Client)

    @classmethod
    def for_one_notebook(cls, server=None, environment=None):
        return type(cls.__name__, (cls,), {"server": server, "started": [], "environment": environment or {}})

    @property
    def kernel_spec(self):
        return KernelSpec(
            argv=[sys.executable, *IPYKERNEL, "-f", "{connection_file}", "--log-level=CRITICAL"],
            display_name="Python 3",
            language="python",
            env={**ENVIRONMENT, **self.environment},
        )

    async def _async_pre_start_kernel(self, **kw):
        if self.server is not None and self.provisioner is None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = _Forked(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kw)

    async def _async_finish_shutdown(self, waittime=None, pollinterval=LOOK, restart=False):
        # jupyter_client's own looks ten times a second
        await super()._async_finish_shutdown(waittime, pollinterval, restart)

    async def _async_launch_kernel(self, kernel_cmd, **kw):
        await super()._async_launch_kernel(kernel_cmd, **kw)
        self.started.append(self.provisioner.process)


class _Forked(LocalProvisioner):
    async def launch_kernel(self, cmd, **kw):
        self.process = self.parent.server.fork(cmd[1 + len(IPYKERNEL) :], kw.get("cwd"), kw["env"])
        self.pid = self.pgid = self.process.pid
        self.cwd = kw.get("cwd")
        return self.connection_info


def execute_all(books, values, folder, jobs=2, server=None, on_done=lambda book, one: None, last=(), environment=None):
    """Run notebooks into ``folder``; returns stem → Executed. Progress goes to standard error.

    ``values`` holds the parameters of each notebook by stem, ``server`` is a ForkServer or None. ``on_done`` is called
    in this thread with each notebook and its Executed, while others still run. A failing notebook does not stop
    the others; an interrupt stops the kernels at once. The notebooks in ``last`` go on after their cells tagged
    ``setup`` when all ``books`` have succeeded, and are left out when one has failed. ``environment``: further
    environment variables of the kernels.
    """
    for name in ("papermill", "traitlets"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    every = [*books, *last]
    done, managers = {}, {book.stem: ThisInterpreter.for_one_notebook(server, environment) for book in every}
    with Progress(every) as progress, ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        waiting = {}
        for book in every:
            after = tuple(waiting) if book in last else ()
            given = (book, values[book.stem], folder, progress.cell, managers[book.stem], after)
            waiting[pool.submit(execute, *given)] = book
        try:
            for future in as_completed(waiting):
                one = future.result()
                if one is None:
                    continue
                done[one.stem] = one
                progress.notebook(one)
                on_done(waiting[future], one)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in (process for manager in managers.values() for process in manager.started):
                process.kill()
            raise
    return done


class _NotWanted(Exception):
    """A notebook that comes last need not go on."""


def execute(book, values, folder, on_cell=lambda **_: None, manager=None, after=()):
    """Run one notebook into ``folder`` and say how it went; never raises for what the notebook does.

    ``manager`` is a class made by `ThisInterpreter.for_one_notebook`; without it a kernel of its own is started.
    ``after``: futures of other notebooks' Executed, waited for once the cells that set up are done; None is returned
    when one of them failed. Waiting does not count as this notebook's seconds.
    """
    start = time.perf_counter()
    target = Path(folder) / book.path.name
    manager = manager or ThisInterpreter.for_one_notebook()
    at = {}

    def on_cell_start(cell, **_):
        nonlocal start
        if cell.cell_type != "code":
            return
        if after and not SETUP & set(cell.metadata.get("tags", ())):
            asked = time.perf_counter()
            if not _all_good(after):
                raise _NotWanted
            start += time.perf_counter() - asked
        at.update(cell=cell, n=at.get("n", 0) + 1)

    try:
        papermill.execute_notebook(
            nbformat.read(book.path, as_version=4),
            # papermill fills {gaps} in paths from the parameters; a folder's own braces are doubled
            re.sub(r"([{}])", r"\1\1", str(target)),
            parameters=values,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            kernel_manager_class=manager,
            # not papermill's cwd=, which changes the folder of the whole process, other threads included
            resources={"metadata": {"path": str(book.path.parent)}},
            on_cell_start=on_cell_start,
            on_cell_executed=on_cell,
        )
        if not _all_good(after):
            raise _NotWanted
    except PapermillExecutionError as error:
        # papermill puts the cell of the given parameters before it, where there are any
        failed = (error.exec_count - bool(values), _first_line(error.source), _message(error), _is_mistake(error))
        return Executed(book.stem, time.perf_counter() - start, *failed)
    except _NotWanted:
        target.unlink(missing_ok=True)
        return None
    except Exception as error:
        # the pool goes on, the run is marked failed
        if type(error).__name__ != "DeadKernelError":
            return Executed(book.stem, time.perf_counter() - start, error=f"{type(error).__name__}: {error}")
        cell, line = (at["n"] - bool(values), _first_line(at["cell"].source)) if at else (None, "")
        return Executed(book.stem, time.perf_counter() - start, cell, line, _death(manager.started), True)
    finally:
        # the client of the kernel opens a loop for this thread and leaves it open
        ensure_event_loop().close()
    return Executed(book.stem, time.perf_counter() - start)


def _all_good(futures):
    """Whether all the notebooks have succeeded; waits for them."""
    return all(one.result() is not None and one.result().ok for one in wait(futures).done)


def _first_line(source):
    return shorten(next((line.strip() for line in source.splitlines() if line.strip()), ""), 60, placeholder="…")


def _death(processes):
    """How a kernel ended that nobody told to: by a signal, often for want of memory, or with an exit code."""
    code = processes[-1].poll() if processes else None
    if code is not None and code < 0:
        return text("run.killed", "en", signal=-code)
    return text("run.ended", "en", code=code or 0)


def _message(error):
    return str(error.evalue) if error.ename in MISTAKES else f"{error.ename}: {error.evalue}"


def _is_mistake(error):
    """Whether cxstudy itself refused the data or a value: the last frame of the traceback lies in it."""
    frames = re.findall(r"^(?:File|Cell) (.+?)(?::\d+|,)", strip_color("\n".join(error.traceback)), flags=re.M)
    last = Path(frames[-1]).expanduser() if frames else Path()
    return error.ename in MISTAKES and last.is_relative_to(Path(cxstudy.__file__).parent)
