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
from cxstudy.report.kernels import Executed, execute, execute_all
from cxstudy.report.notebook_list import Notebook, read_parameters
from cxstudy.report.progress import Progress


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


def waiting_book(folder):
    """A notebook whose cell that sets up notes its time in ``ready`` and whose next cell notes it in ``went_on``."""
    last = book(folder, "last", "import time; open('ready', 'w').write(str(time.time()))", "open('went_on', 'w').close()")
    body = json.loads(last.path.read_text(encoding="utf-8"))
    ready = next(cell for cell in body["cells"] if "ready" in "".join(cell["source"]))
    ready["metadata"]["tags"] = ["setup"]
    last.path.write_text(json.dumps(body), encoding="utf-8")
    return last


def test_the_last_notebook_sets_up_meanwhile_and_goes_on_when_the_others_are_done(tmp_path, server):
    (tmp_path / "out").mkdir()
    slow = book(tmp_path, "slow", "import time; time.sleep(1.5); open('slow_end', 'w').write(str(time.time()))")
    done = execute_all([slow], {"slow": {}, "last": {}}, tmp_path / "out", 2, server, last=[waiting_book(tmp_path)])
    assert all(one.ok for one in done.values()) and (tmp_path / "went_on").exists()
    assert float((tmp_path / "ready").read_text()) < float((tmp_path / "slow_end").read_text())


def test_the_last_notebook_is_left_out_when_another_failed(tmp_path, server):
    (tmp_path / "out").mkdir()
    done = execute_all(
        [book(tmp_path, "wrong", "1 / 0")],
        {"wrong": {}, "last": {}},
        tmp_path / "out",
        2,
        server,
        last=[waiting_book(tmp_path)],
    )
    assert list(done) == ["wrong"] and not (tmp_path / "went_on").exists()
    assert [path.name for path in (tmp_path / "out").glob("*.ipynb")] == ["wrong.ipynb"]
