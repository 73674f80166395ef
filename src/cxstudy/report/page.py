"""An executed notebook as a page: one file that opens without a network and runs nothing.

Made by nbconvert with the template in ``template/``. Code is folded, except the cell tagged ``by-hand``;
cells tagged ``exercise`` and ``solution`` stay in the notebook, which the page links to.
"""

import copy
import re
import sys
from functools import cache
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from traitlets.config import Config

import cxstudy
from cxstudy.language import text
from cxstudy.report.content_policy import CONTENT_POLICY
from cxstudy.report.safe_text import markdown, math, safe_html
from cxstudy.report.tables import tidy

TEMPLATE = Path(__file__).parent / "template"
NEAR = 3
LEFT_OUT = {"exercise", "solution"}
FOLDS = ("parameters", "injected-parameters", "setup", "record")
SHOWN = "text/html text/markdown image/svg+xml image/png image/jpeg text/latex text/plain".split()


def page_of_file(notebook, run):
    """The HTML of an executed notebook file; ``run`` is the content of run.json."""
    return render_page(nbformat.read(notebook, as_version=4), run, Path(notebook).name)


def render_page(node, run, file_name="", language="en"):
    """The HTML of an executed notebook (an nbformat node)."""
    prepared = prepare(node, language)
    page = {
        "title": title(node) or file_name,
        "language": language,
        "policy": CONTENT_POLICY,
        "file": file_name,
        "run": run,
        "footer": footer(run, language),
    }
    html, _ = _exporter().from_notebook_node(prepared, resources={"page": page, "say": _sayer(language)})
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip() or "<pre" in html) + "\n"


def title(node):
    """The first heading of a notebook, without its marks; empty when there is none."""
    for cell in node.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#{1,6}\s+(.+?)\s*#*$", cell.source, flags=re.M)
            if found:
                return re.sub(r"[*_`]", "", found[1])
    return ""


def footer(run, language="en"):
    """The sentence under every page: which run, with which versions."""
    versions = run.get("versions", {})
    named = ", ".join(
        f"{name} {versions[name]}" for name in ("cxstudy", "python", "pandas", "statsmodels") if versions.get(name)
    )
    return text(
        "page.footer",
        language,
        run=run.get("run", ""),
        started=run.get("started", "")[:16].replace("T", " "),
        versions=named,
    )


def prepare(node, language="en"):
    """A copy of the notebook as the page shows it: exercises out, folds labelled, pictures described."""
    node = copy.deepcopy(node)
    node.cells = _without_exercises(node.cells)
    injected = any("injected-parameters" in cell.metadata.get("tags", ()) for cell in node.cells)
    under = title(node)
    for cell in node.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", cell.source, flags=re.M)
            under = headings[-1] if headings else under
        if cell.cell_type != "code":
            continue
        fold = next((name for name in FOLDS if name in tags), "code")
        if fold == "parameters" and injected:
            fold = "defaults"
        cell.metadata["fold"] = "" if "by-hand" in tags else text(f"page.fold_{fold.replace('-', '_')}", language)
        cell.metadata.setdefault("alt", text("page.figure_alt", language, title=re.sub(r"[*_`$]", "", under)))
        cell.outputs = [output for output in cell.outputs if not _is_noise(output)]
    return node


def _without_exercises(cells):
    """The cells that are neither exercise nor solution; a heading with nothing else under it goes with them."""
    sections = []
    for cell in cells:
        if not sections or cell.cell_type == "markdown" and cell.source.startswith("#"):
            sections.append([])
        sections[-1].append(cell)
    kept = []
    for section in sections:
        left = [cell for cell in section if not LEFT_OUT & set(cell.metadata.get("tags", ()))]
        only_heading = len(left) == 1 and len(section) > 1 and left[0] is section[0]
        kept += [] if only_heading else left
    return kept


def without_machine_paths(path, given):
    """Take this machine's folders out of an executed notebook: a page may go to a client.

    The run's ``study`` becomes relative to the notebook and ``out`` empty, so that running the notebook
    again in place analyses the same study and records nothing over the run. Of a study further away than
    the folder that holds ``reports``, only its folder and file name are kept. In tracebacks and printed text
    the study's folder, the run's, the workbook's, Python's and the user's home are called by a word.
    """
    node = nbformat.read(path, as_version=4)
    places = _places(given)
    for cell in node.cells:
        for output in cell.get("outputs", ()):
            _rename_places(output, places)
        if "injected-parameters" in cell.metadata.get("tags", ()):
            for name, replacement in _portable(path, given).items():
                cell.source = re.sub(
                    rf"^{name} = .*$", lambda _, n=name, r=replacement: f"{n} = {r!r}", cell.source, flags=re.M
                )
    for name in ("input_path", "output_path", "parameters"):
        node.metadata.get("papermill", {}).pop(name, None)
    nbformat.write(node, path)


def _places(given):
    """Folders of this machine and the words that stand for them, the longest path first."""
    named = {
        Path(cxstudy.__file__).resolve().parents[2]: "<cxstudy>",
        Path(sys.prefix): "<python>",
        Path(sys.base_prefix): "<python>",
        Path.home(): "~",
        **({Path(given["study"]).parent: "<study>"} if "study" in given else {}),
        **({Path(given["out"]): "<run>"} if "out" in given else {}),
    }
    found = {str(place): word for place, word in named.items() if place != Path(place.anchor)}
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def _rename_places(output, places):
    for place, word in places.items():
        for name in ("text", "evalue"):
            if name in output:
                output[name] = output[name].replace(place, word)
        if "traceback" in output:
            output["traceback"] = [line.replace(place, word) for line in output["traceback"]]
        for kind, shown in output.get("data", {}).items():
            if kind.startswith("text/") and isinstance(shown, str):
                output["data"][kind] = shown.replace(place, word)


def _portable(path, given):
    out = {"out": ""} if "out" in given else {}
    if "study" in given:
        study = Path(given["study"])
        out["study"] = f"{study.parent.name}/{study.name}"
        for level, folder in enumerate(Path(path).resolve().parents[: NEAR + 1]):
            if study.is_relative_to(folder):
                out["study"] = "../" * level + study.relative_to(folder).as_posix()
                break
    return out


def _is_noise(output):
    """The text of an Axes or a Figure beside the picture itself, and what only a script could show."""
    if output.output_type in ("stream", "error"):
        return False
    if not set(SHOWN) & set(output.data):
        return True
    return (
        set(output.data) == {"text/plain"}
        and re.match(r"\[?(<Axes|<Figure|Axes\()", output.data["text/plain"]) is not None
    )


def _sayer(language):
    return lambda key, **values: text(key, language, **values)


@cache
def _exporter():
    """The exporter of all pages: its templates are compiled once."""
    return _PageExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        config=Config(NbConvertBase={"display_data_priority": SHOWN}),
    )


class _PageExporter(HTMLExporter):
    def from_notebook_node(self, nb, resources=None, **kw):
        """The page and its resources.

        HTMLExporter's own parses the whole page once more to describe pictures that have no description; ours have one.
        """
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=self))
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)

    def default_filters(self):
        yield from super().default_filters()
        yield ("markdown2html", markdown)
        yield ("safe_html", lambda html: safe_html(html, tidy))
        yield ("math", lambda latex: math(latex.strip().strip("$"), "block"))
