"""Which notebooks there are, which parameters they take, and which values a user may give.

Notebooks are found by glob; nothing lists them. A parameters cell is read, not run.
"""

import ast
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cxstudy
from cxstudy.faults import unknown_name

GIVEN_BY_THE_RUN = ("study", "out")
CLAIMS = "claims"


@dataclass(frozen=True)
class Parameter:
    """One line ``name = default  # meaning`` of a parameters cell."""

    name: str
    default: object
    meaning: str


@dataclass(frozen=True)
class Notebook:
    """One notebook file: ``stem`` 02_nps_margin, ``analysis`` nps_margin, its parameters by name."""

    path: Path
    parameters: dict

    @property
    def stem(self):
        return self.path.stem

    @property
    def analysis(self):
        return analysis_of(self.stem)


def analysis_of(stem):
    """The analysis a notebook is named after: ``02_nps_margin`` → ``nps_margin``."""
    number, _, rest = stem.partition("_")
    return rest if number.isdigit() and rest else stem


def repository_notebooks():
    """The folder of the workbook's own notebooks, beside ``src``."""
    return Path(cxstudy.__file__).resolve().parents[2] / "notebooks"


def list_notebooks(study, folder=None):
    """All notebooks of the workbook and of the study's own ``notebooks/`` folder, claims last.

    A study's notebook with the name of one of ours, or of its analysis, is refused: it would be taken for ours.
    """
    folder = repository_notebooks() if folder is None else Path(folder)
    ours = sorted(folder.glob("*.ipynb"))
    own_folder = Path(study.folder) / "notebooks"
    own = [] if own_folder.resolve() == folder.resolve() else sorted(own_folder.glob("*.ipynb"))
    taken = {name for path in ours for name in (path.stem, analysis_of(path.stem))}
    for path in own:
        if taken & {path.stem, analysis_of(path.stem)}:
            raise ValueError(
                f"a study's notebook needs a name of its own; {path.name} is already one of ours. "
                f"Rename the file in {own_folder}."
            )
    books = [Notebook(path, read_parameters(path)) for path in ours + own]
    return sorted(books, key=lambda book: book.analysis == CLAIMS)


def select(books, only):
    """The notebooks named in ``only`` (``02_nps_margin`` or ``nps_margin``) and the claims; without names, all."""
    if not only:
        return list(books)
    wanted = set()
    for name in only:
        plain = str(name).removesuffix(".ipynb")
        match = [book.stem for book in books if plain in (book.stem, book.analysis)]
        if not match:
            raise ValueError(unknown_name("notebook", name, [book.stem for book in books]))
        wanted.update(match)
    return [book for book in books if book.stem in wanted or book.analysis == CLAIMS]


def read_parameters(path):
    """The parameters of a notebook, from its cell tagged ``parameters``: name → Parameter."""
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8"))
        cells = [cell for cell in body["cells"] if "parameters" in cell.get("metadata", {}).get("tags", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"a notebook is a JSON file with cells; {Path(path).name} is not ({error}). Mend or remove it."
        ) from None
    source = "".join(cells[0]["source"]) if cells else ""
    comments = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string.lstrip("# ").strip()
    found = {}
    for line in ast.parse(source).body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            name = line.targets[0].id
            try:
                default = ast.literal_eval(line.value)
            except ValueError:
                raise ValueError(
                    f"a parameter's value is a literal; {name} in {Path(path).name} is computed. "
                    "Compute it in a later cell."
                ) from None
            found[name] = Parameter(name, default, comments.get(line.end_lineno, ""))
    return found


def check_parameters(books, given):
    """The values to run each notebook with: stem → {name: value}; a wrong name or type raises ValueError.

    ``given`` is a mapping or pairs of name and value; text values are read as literals of the type of
    the default. Every name must be a parameter of at least one of ``books``.
    """
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    valid = {}
    for book in books:
        for name, parameter in book.parameters.items():
            if name not in GIVEN_BY_THE_RUN:
                valid.setdefault(name, parameter)
    values = {book.stem: {} for book in books}
    for name, value in pairs:
        if name in GIVEN_BY_THE_RUN:
            raise ValueError(
                f"{name} is set by the run and cannot be given; got {value!r}. Name the study, or use --out."
            )
        if name not in valid:
            known = "\n".join(f"  {p.name} = {p.default!r}  {p.meaning}".rstrip() for p in valid.values())
            raise ValueError(f"{unknown_name('parameter', name, valid)}\n{known}".rstrip())
        for book in books:
            if name in book.parameters:
                values[book.stem][name] = parse_value(book.parameters[name], value)
    return values


def parse_value(parameter, value):
    """``value`` as the type of the parameter's default; text is read as a Python or YAML literal.

    >>> parse_value(Parameter("tiers", 4, "number of tiers"), "5")
    5
    """
    kind = type(parameter.default)
    if isinstance(value, str):
        value = _literal(value, kind)
    if kind is float and type(value) is int:
        return float(value)
    if kind is tuple and isinstance(value, list):
        return tuple(value)
    if parameter.default is None or type(value) is kind:
        return value
    raise ValueError(
        f"{parameter.name} is {_KINDS.get(kind, kind.__name__)} ({parameter.meaning or 'no meaning given'}); "
        f"got {value!r}. "
        f"Write it like its default, {parameter.default!r}."
    )


_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "a text",
    list: "a list",
    tuple: "a list",
}


def _literal(raw, kind):
    try:
        value = ast.literal_eval(raw)
    except (ValueError, SyntaxError):
        import yaml

        try:
            value = yaml.safe_load(raw)
        except yaml.YAMLError:
            return raw
    return raw if kind is str and not isinstance(value, str) else value
