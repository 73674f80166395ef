"""How far a run of notebooks is: a bar on a terminal, a line for each notebook elsewhere."""

import sys
import threading

import nbformat

from cxstudy.language import text


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
