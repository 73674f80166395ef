"""The process kernels are forked from, seen from inside: load, fork, bury. `cxstudy.report.forked` starts it.

It reads requests from standard input, a JSON object a line, and answers on what was its standard output: which process
was started, and later how it ended. The end of its input is the end of it and of all kernels.
"""

import gc
import json
import os
import select
import signal
import sys
from importlib import import_module

LOOK = 0.02  # seconds between two looks at the kernels that run


def serve():
    """What the process does: load the modules named on its command line, then fork a kernel for each line it reads."""
    # what a library prints while it is imported must not get among the answers
    out = os.dup(1)
    os.dup2(2, 1)
    # next to nothing that is loaded is garbage, and looking for it takes a tenth of the time
    gc.disable()
    for name in sys.argv[1:]:
        try:
            import_module(name)
        except ImportError:
            continue
    _without_debugger()
    _draw_once()
    # what is loaded stays: the kernels need not look through it for garbage, nor copy it by looking
    gc.freeze()
    # as on the command line: a notebook that lives for seconds leaves little to collect
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
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
        kill_group(pid)
    while children:
        _bury(children, out, wait=True)


def _without_debugger():
    """Let ipykernel find no debugger: nobody steps through a run, and each kernel would load it anew (.1 s)."""
    if "ipykernel.ipkernel" not in sys.modules:
        return
    hidden = sys.modules.setdefault("debugpy", None) is None
    import_module("ipykernel.debugger")
    if hidden:
        del sys.modules["debugpy"]


def _draw_once():
    """Find and open the fonts, where matplotlib is loaded: by a figure that nobody sees, and that pyplot does not know."""
    if "matplotlib.backends.backend_agg" not in sys.modules:
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    canvas = FigureCanvasAgg(Figure(layout="constrained"))
    axes = canvas.figure.subplots()
    axes.plot([0, 1], [0, 1], label="a")
    axes.set_title("a", fontweight="bold")
    axes.legend()
    canvas.draw()


def _bury(children, out, wait=False):
    """Take leave of kernels that have ended, and end what they started and left running."""
    for pid in list(children):
        flags = os.WEXITED | os.WNOWAIT | (0 if wait else os.WNOHANG)
        if os.waitid(os.P_PID, pid, flags) is None:
            continue
        # before its number is free to be given to another process
        kill_group(pid)
        _, status = os.waitpid(pid, 0)
        children.discard(pid)
        _say(out, ended=pid, code=os.waitstatus_to_exitcode(status))


def kill_group(pid):
    """End a process and all it started that still belongs to its group."""
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
