"""Kernels forked from one process that has the libraries loaded, so that a notebook does not pay for its imports.

`ForkServer` starts that process with the same interpreter. It imports and does nothing else: it opens no study, no
connection and no thread of its own, so what is forked from it is as a new kernel is, only earlier. Nothing of the
program that asked is imported in it again. It ends with the program, however that ends, and its kernels with it.
"""

import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path

LIBRARIES = (
    "pandas pydantic yaml duckdb ibis ibis.backends.duckdb scipy.stats statsmodels.api statsmodels.formula.api "
    "matplotlib.pyplot matplotlib.backends.backend_agg ipykernel.kernelapp "
    "ipykernel.ipkernel ipykernel.zmqshell IPython.core.completer babel.numbers seaborn pingouin"
).split()
# one thread each, or two kernels on two cores wait for each other; the backend of Jupyter,
# or a MPLBACKEND of the user's shell would leave the pages without pictures
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
LOOK = 0.02  # seconds between two looks at the kernels that run
PATIENCE = 5.0  # seconds the process has to end by itself


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
        code = "from cxstudy.report.forked import serve; serve()"
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
                _kill_group(pid)
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


def serve():
    """What the process does: load the modules named on its command line, then fork a kernel for each line it reads."""
    # what a library prints while it is imported must not get among the answers
    out = os.dup(1)
    os.dup2(2, 1)
    for name in sys.argv[1:]:
        try:
            import_module(name)
        except ImportError:
            continue
    # what is loaded stays: the kernels need not look through it for garbage, nor copy it by looking
    gc.freeze()
    children, waiting, parent = set(), b"", os.getpid()
    while True:
        if select.select([0], [], [], LOOK if children else None)[0]:
            read = os.read(0, 1 << 16)
            if not read:
                break
            *requests, waiting = (waiting + read).split(b"\n")
            for request in requests:
                pid = os.fork()
                if pid == 0:
                    os.close(out)
                    _be_a_kernel(parent, **json.loads(request))
                _own_group(pid)
                children.add(pid)
                _say(out, started=pid)
        _bury(children, out)
    for pid in children:
        _kill_group(pid)
    while children:
        _bury(children, out, wait=True)


def _bury(children, out, wait=False):
    """Take leave of kernels that have ended, and end what they started and left running."""
    for pid in list(children):
        flags = os.WEXITED | os.WNOWAIT | (0 if wait else os.WNOHANG)
        if os.waitid(os.P_PID, pid, flags) is None:
            continue
        # before its number is free to be given to another process
        _kill_group(pid)
        _, status = os.waitpid(pid, 0)
        children.discard(pid)
        _say(out, ended=pid, code=os.waitstatus_to_exitcode(status))


def _kill_group(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _own_group(pid):
    """A group of its own, asked for on both sides of the fork: a signal to the group is right from the start."""
    try:
        os.setpgid(pid, pid)
    except OSError:
        return


def _say(out, **said):
    try:
        os.write(out, json.dumps(said).encode() + b"\n")
    except BrokenPipeError:
        return


def _be_a_kernel(parent, arguments, cwd, environment):
    """Turn this fresh fork into an ordinary kernel; does not return."""
    code = 1
    try:
        _own_group(0)
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 0)
        os.close(silence)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update({**environment, "JPY_PARENT_PID": str(parent)})
        sys.argv = ["ipykernel_launcher", *arguments]
        _own_randomness()
        from ipykernel.kernelapp import IPKernelApp

        # the kernel looks whether this is still its parent, and ends when not
        IPKernelApp.launch_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={parent}"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(code)


def _own_randomness():
    """Legacy global random numbers start anew in each kernel, as they do in a new process; so do those of `random`."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _leave(code):
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.__stdout__, sys.__stderr__):
        stream.flush()
    os._exit(code)


def _own_modules():
    """The modules of cxstudy a notebook may use: all but the command line and what runs and renders notebooks."""
    home = Path(__file__).resolve().parents[1]
    files = sorted(home.rglob("*.py"))
    names = [".".join(("cxstudy", *f.relative_to(home).with_suffix("").parts)) for f in files]
    ours = ("cxstudy.report.record", "cxstudy.report.audience")
    return [n for n in names if n in ours or not n.endswith("__") and not n.startswith(("cxstudy.cli", "cxstudy.report."))]
