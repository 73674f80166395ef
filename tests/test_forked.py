"""Kernels forked from a process with the libraries loaded: each as new as a fresh one, and none left behind."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from test_kernels import book, is_running

from cxstudy.report.forked import ENVIRONMENT, ForkServer, _own_modules, supported
from cxstudy.report.kernels import ThisInterpreter, execute, execute_all

pytestmark = pytest.mark.skipif(not supported(), reason="kernels are forked on Linux only")


def gone(pid, seconds=10):
    """Whether a process ends within so many seconds."""
    end = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_running(pid)


@pytest.fixture
def run(tmp_path, server):
    """Run notebooks of one code cell each, one after another; returns what each printed, and how it went."""
    (tmp_path / "out").mkdir()

    def run(*codes, server=server):
        found = []
        for number, code in enumerate(codes):
            one = book(tmp_path / "ours", f"n{number}", code)
            went = execute(one, {}, tmp_path / "out", manager=ThisInterpreter.for_one_notebook(server))
            path = tmp_path / f"out/n{number}.ipynb"
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.exists() else []
            printed = ["".join(o["text"]) for c in cells for o in c.get("outputs", ()) if o.get("name") == "stdout"]
            found.append(("".join(printed).strip(), went))
        return found

    return run


def test_a_notebook_does_not_see_what_another_changed(run, tmp_path):
    change = (
        "import os, sys, random, warnings, pandas as pd, numpy as np, matplotlib as mpl\n"
        "pd.set_option('display.precision', 1); mpl.rcParams['lines.linewidth'] = 99; np.random.seed(1)\n"
        "random.seed(1); os.environ['MINE'] = '1'; os.chdir('/'); sys.path.append('/mine'); pd.mine = 1\n"
        "np.seterr(all='raise'); warnings.simplefilter('error'); fixed = 1\nprint(os.getpid())"
    )
    look = (
        "import os, sys, warnings, pandas as pd, numpy as np, matplotlib as mpl\n"
        "print([pd.get_option('display.precision'), mpl.rcParams['lines.linewidth'], 'MINE' in os.environ,\n"
        "       os.getcwd(), '/mine' in sys.path, hasattr(pd, 'mine'), np.geterr()['divide'],\n"
        "       warnings.filters[0][0] == 'error', 'fixed' in globals()])"
    )
    (_, first), (seen, second) = run(change, look)
    assert first.ok and second.ok
    ours = str(tmp_path / "ours")
    assert seen == str([6, 1.5, False, ours, False, False, "warn", False, False])


def test_random_numbers_are_new_in_each_kernel(run):
    draw = "import random, numpy as np; print(np.random.rand(), random.random(), np.random.default_rng().random())"
    (a, _), (b, _) = run(draw, draw)
    assert len({*a.split(), *b.split()}) == 6


def test_a_forked_kernel_is_like_one_started_as_a_program(run):
    look = (
        "import os, sys, __main__, matplotlib\n"
        "print([os.environ['OMP_NUM_THREADS'], matplotlib.get_backend(), __name__, __main__.__dict__ is globals(),\n"
        "       'pytest' in sys.modules, sys.stdin is not None, len(sys.argv),\n"
        "       sys.path[0] != '', os.getpgid(0) == os.getpid(), os.read(0, 1), os.environ.get('MPLBACKEND')])"
    )
    (forked, one), (isolated, two) = run(look)[0], run(look, server=None)[0]
    assert one.ok and two.ok, (one, two)
    assert forked == isolated


def test_a_picture_is_shown(run, tmp_path):
    ((_, one),) = run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert one.ok and '"image/png"' in (tmp_path / "out/n0.ipynb").read_text(encoding="utf-8")


def test_what_is_printed_below_python_is_seen(run, monkeypatch):
    # ipykernel looks for it, and then leaves what is printed below Python alone
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    ((seen, one),) = run("import os\nos.write(1, b'from below\\n'); os.system('echo from a child'); print('above')")
    assert one.ok and "from below" in seen and "from a child" in seen and "above" in seen


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os\nos._exit(3)", "ended by itself with exit code 3"),
        ("import os\nos.kill(os.getpid(), 9)", r"was killed (signal 9). Signal 9 mostly means that the memory"),
        ("import ctypes\nctypes.string_at(0)", "was killed (signal 11)"),
    ],
)
@pytest.mark.parametrize("isolated", [False, True])
def test_a_kernel_that_dies_says_how_and_where(run, server, code, message, isolated):
    ((_, one),) = run(code, server=None if isolated else server)
    assert message in one.error and one.cell == 2 and one.line == code.splitlines()[0]
    assert not one.ok and one.mistake


def test_what_a_notebook_started_ends_with_it(run, tmp_path):
    code = (
        "import subprocess, sys, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "print(os.getpid(), child.pid)"
    )
    ((printed, one),) = run(code)
    assert one.ok
    assert all(gone(int(pid)) for pid in printed.split())


def test_nothing_is_left_when_the_server_is_closed(tmp_path):
    with ForkServer(["ipykernel.kernelapp"]) as server:
        child = server.fork(["-f", str(tmp_path / "kernel.json")], os.curdir, os.environ)
        pids = [server.process.pid, child.pid]
        assert child.poll() is None and all(is_running(pid) for pid in pids)
    assert server.process.returncode == 0 and child.poll() == -signal.SIGKILL
    assert not any(is_running(pid) for pid in pids)
    server.close()


def test_a_running_kernel_ends_with_the_program_even_when_that_is_killed(tmp_path):
    code = (
        "import os, sys, time\nfrom cxstudy.report.forked import ForkServer\n"
        "server = ForkServer(['ipykernel.kernelapp'])\n"
        "child = server.fork(['-f', sys.argv[1]], '.', os.environ)\n"
        "print(server.process.pid, child.pid, child.poll(), flush=True)\ntime.sleep(300)"
    )
    program = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "kernel.json")], stdout=subprocess.PIPE)
    with program:
        server, child, running = program.stdout.readline().split()
        there = is_running(int(child))
        program.kill()
    assert running == b"None" and there
    assert gone(int(child)) and gone(int(server))


def test_a_server_that_is_killed_is_said_and_its_kernels_end(tmp_path):
    with ForkServer(["ipykernel.kernelapp"]) as server:
        child = server.fork(["-f", str(tmp_path / "kernel.json")], os.curdir, os.environ)
        os.kill(server.process.pid, signal.SIGKILL)
        assert child.wait(60) == -signal.SIGKILL
        with pytest.raises(RuntimeError, match="that starts the kernels has ended; run again with --isolated"):
            server.fork([], os.curdir, os.environ)
    assert gone(child.pid)


def test_closing_a_server_that_still_loads_does_not_wait_for_it():
    start = time.monotonic()
    with ForkServer(["time", "pandas", "statsmodels.api"]):
        pass
    assert time.monotonic() - start < 5


def test_a_module_that_is_not_there_or_prints_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "prints_much.py").write_text("print('{\"started\": 1}')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with ForkServer(["no_such_module_anywhere", "prints_much"]) as server:
        child = server.fork(["-f", str(tmp_path / "kernel.json")], os.curdir, os.environ)
        assert child.pid != 1 and child.poll() is None


def test_libraries_are_loaded_once_and_only_one_thread_of_ours_runs():
    look = (
        "import importlib, sys, threading\n"
        "from cxstudy.report.forked import LIBRARIES, _own_modules\n"
        "for name in [*LIBRARIES, *_own_modules()]: importlib.import_module(name)\n"
        "print(threading.active_count(), 'papermill' in sys.modules, 'ibis' in sys.modules)"
    )
    seen = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", look], capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}
    )
    assert seen.stdout.split() == ["1", "False", "True"], seen.stderr
    assert "cxstudy.study" in _own_modules() and "cxstudy.cli" not in _own_modules()


def test_two_notebooks_at_a_time_from_one_server(tmp_path, server):
    (tmp_path / "out").mkdir()
    books = [book(tmp_path / "ours", f"n{k}", f"print({k})") for k in range(4)]
    done, seen = execute_all(books, {b.stem: {} for b in books}, tmp_path / "out", 2, server), []
    assert [done[f"n{k}"].ok for k in range(4)] == [True] * 4
    for k in range(4):
        seen.append(f'"{k}\\n"' in (tmp_path / f"out/n{k}.ipynb").read_text(encoding="utf-8"))
    assert all(seen)
