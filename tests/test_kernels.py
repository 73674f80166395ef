"""The pool of kernels: always this interpreter, progress where it can be read, and an end when interrupted."""

import io
import json
import os
import sys
import time
from types import SimpleNamespace

import pytest
from small_study import write_notebook

from cxstudy.report import kernels
from cxstudy.report.kernels import Executed, Progress, execute, execute_all
from cxstudy.report.notebook_list import Notebook, read_parameters


def book(folder, name, *cells, parameters="factor = 2"):
    write_notebook(folder, name, *cells, parameters=parameters, opened=False, record=False)
    path = folder / f"{name}.ipynb"
    return Notebook(path, read_parameters(path))


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_kernel_of_the_users_home_named_python3_is_not_used(tmp_path, monkeypatch):
    spec = tmp_path / "jupyter/kernels/python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit(3)", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    (tmp_path / "out").mkdir()
    one = execute(book(tmp_path / "ours", "a", "import os; print(os.environ['MPLBACKEND'])"), {}, tmp_path / "out")
    assert one.ok and one.seconds > 0
    assert "matplotlib_inline" in (tmp_path / "out/a.ipynb").read_text(encoding="utf-8")


def test_a_notebook_runs_in_its_own_folder(tmp_path):
    one = book(tmp_path / "ours", "a", "print(open('beside.txt').read())")
    (tmp_path / "ours/beside.txt").write_text("found beside the notebook")
    (tmp_path / "out").mkdir()
    assert execute(one, {}, tmp_path / "out").ok
    assert "found beside the notebook" in (tmp_path / "out/a.ipynb").read_text(encoding="utf-8")


@pytest.mark.parametrize("isolated", [False, True])
def test_an_interrupt_ends_the_kernels_at_once(tmp_path, monkeypatch, server, isolated):
    seen = tmp_path / "pid"

    def interrupted(futures):
        while not (seen.exists() and seen.read_text()) and not any(future.done() for future in futures):
            time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(kernels, "as_completed", interrupted)
    (tmp_path / "out").mkdir()
    code = f"import os, time; open({str(seen)!r}, 'w').write(str(os.getpid())); time.sleep(300)"
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        execute_all(
            [book(tmp_path / "ours", "a", code)], {"a": {}}, tmp_path / "out", server=None if isolated else server
        )
    assert time.monotonic() - start < 100
    assert not is_running(int(seen.read_text()))


def test_progress_is_one_line_a_notebook_where_there_is_no_terminal(tmp_path):
    stream = io.StringIO()
    with Progress([book(tmp_path, "a", "1")], stream) as progress:
        progress.cell(SimpleNamespace(cell_type="code"))
        progress.notebook(Executed("a", 1.26))
        progress.notebook(Executed("b", 2.0, error="x"))
    assert stream.getvalue() == "a: done in 1.3 s\nb: failed after 2.0 s\n"


def test_progress_is_a_bar_over_the_code_cells_on_a_terminal(tmp_path):
    stream = io.StringIO()
    stream.isatty = lambda: True
    with Progress([book(tmp_path, "a", "1", "2")], stream) as progress:
        assert progress.bar.total == 3
        progress.cell(SimpleNamespace(cell_type="code"))
        progress.cell(SimpleNamespace(cell_type="markdown"))
        assert progress.bar.n == 1
        progress.notebook(Executed("a", 1.26))
    assert "a: done in 1.3 s" in stream.getvalue() and "/3" in stream.getvalue()
