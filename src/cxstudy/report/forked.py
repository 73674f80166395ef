"""Kernels forked from one process that has the libraries loaded, so that a notebook does not pay for its imports.

`ForkServer` starts that process with the same interpreter. It imports and does nothing else: it opens no study, no
connection and no thread of its own, so what is forked from it is as a new kernel is, only earlier. Nothing of the
program that asked is imported in it again. It ends with the program, however that ends, and its kernels with it.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

from cxstudy.report.forking import LOOK, kill_group

# what nearly all notebooks need, as all wait for it; some of it is imported by the libraries at their first use.
# Not matplotlib's inline backend, which joins the shell it finds when it is imported
LIBRARIES = (
    "pandas pandas.io.formats.csvs pandas.io.formats.html pydantic yaml encodings.utf_8_sig pyarrow_hotfix duckdb "
    "ibis ibis.backends.duckdb ibis.backends.duckdb.converter ibis.expr.types.groupby ibis.formats.numpy "
    "ibis.formats.pandas ibis.formats.pyarrow scipy.stats statsmodels.formula.api statsmodels.robust.robust_linear_model "
    "statsmodels.stats.libqsturng matplotlib.pyplot matplotlib.backends.backend_agg PIL.PngImagePlugin "
    "PIL.JpegImagePlugin PIL.GifImagePlugin PIL.PpmImagePlugin ipykernel.kernelapp ipykernel.ipkernel "
    "ipykernel.zmqshell IPython.core.completer IPython.core.completerlib IPython.core.oinspect IPython.core.logger "
    "IPython.extensions.storemagic sqlite3 tornado.platform.asyncio babel.numbers babel.dates"
).split()
# one thread each, or two kernels on two cores wait for each other; the backend of Jupyter,
# or a MPLBACKEND of the user's shell would leave the pages without pictures
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
PATIENCE = 5.0  # seconds the process has to end by itself


def warming_up(isolated=False):
    """A context manager: a ForkServer that loads from now on, or None with ``isolated`` and where none is `supported`.

    Entered before anything else is imported, it loads beside that.
    """
    return nullcontext() if isolated or not supported() else ForkServer(environment=ENVIRONMENT)


def supported():
    """Whether kernels are forked here: on Linux. Windows cannot, and macOS' own libraries may break after a fork."""
    return sys.platform == "linux"


class ForkServer:
    """A process with ``modules`` loaded, from which kernels are forked; a context manager that ends them all.

    It starts at once and loads in the background; `fork` waits for it. ``environment`` is added to this
    process' own. Modules that cannot be imported are left out: the notebook that wants one says so itself.
    """

    def __init__(self, modules=None, environment=None):
        names = [*LIBRARIES, *_own_modules()] if modules is None else list(modules)
        code = "from cxstudy.report.forking import serve; serve()"
        # -P: a file of the user's folder named like a library is not taken for it
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self.asking = threading.Lock()
        self.answer = threading.Condition()
        self.replies, self.ended, self.gone = [], {}, False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fork(self, arguments, cwd, environment):
        """A kernel started with ipykernel's command-line ``arguments``; returns its `Child`.

        RuntimeError when the process has ended, which only a kill from outside or lack of memory brings about.
        """
        request = {"arguments": list(arguments), "cwd": str(cwd or Path.cwd()), "environment": dict(environment)}
        with self.asking:
            try:
                self.process.stdin.write(json.dumps(request).encode() + b"\n")
                self.process.stdin.flush()
            except OSError:
                self.gone = True
            with self.answer:
                self.answer.wait_for(lambda: self.replies or self.gone)
                if self.gone:
                    raise RuntimeError("the process that starts the kernels has ended; run again with --isolated.")
                return Child(self, self.replies.pop())

    def close(self):
        """End all kernels and the process; returns when they are gone. A second call does nothing."""
        try:
            self.process.stdin.close()
        except OSError:
            self.gone = True
        try:
            self.process.wait(PATIENCE if self.ended or self.replies else LOOK)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def _read(self):
        for line in self.process.stdout:
            said = json.loads(line)
            with self.answer:
                if "started" in said:
                    self.ended[said["started"]] = None
                    self.replies.append(said["started"])
                else:
                    self.ended[said["ended"]] = said["code"]
                self.answer.notify_all()
        with self.answer:
            self.gone = True
            for pid in [pid for pid, code in self.ended.items() if code is None]:
                kill_group(pid)
                self.ended[pid] = -signal.SIGKILL
            self.answer.notify_all()


class Child:
    """A forked kernel, with the methods of a `subprocess.Popen` that Jupyter uses; a signal reaches its children."""

    stdin = stdout = stderr = None

    def __init__(self, server, pid):
        self.server, self.pid = server, pid

    @property
    def returncode(self):
        """None while it runs, its exit code, or minus the signal that ended it."""
        return self.server.ended[self.pid]

    def poll(self):
        return self.returncode

    def wait(self, timeout=None):
        with self.server.answer:
            if not self.server.answer.wait_for(lambda: self.returncode is not None, timeout):
                raise subprocess.TimeoutExpired("kernel", timeout)
        return self.returncode

    def send_signal(self, number):
        if self.returncode is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                return

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def _own_modules():
    """The modules of cxstudy notebooks use: not the command line, proposals, simulated worlds, what runs notebooks."""
    home = Path(__file__).resolve().parents[1]
    files = sorted(home.rglob("*.py"))
    names = [".".join(("cxstudy", *f.relative_to(home).with_suffix("").parts)) for f in files]
    ours = ("cxstudy.report.record", "cxstudy.report.audience")
    left_out = ("cxstudy.cli", "cxstudy.commands", "cxstudy.proposal", "cxstudy.recovery", "cxstudy.report.")
    return [name for name in names if name in ours or not name.endswith("__") and not name.startswith(left_out)]
