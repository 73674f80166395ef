"""A notebook of the user's own, written into a study so that it runs at once with the rest."""

import re
from pathlib import Path

import cxstudy.analyses
from cxstudy.report.notebook_list import analysis_of, repository_notebooks
from cxstudy.study import open_study

TEMPLATE = Path(__file__).parent / "template" / "own_notebook.ipynb"
LONGEST = 40
# Windows keeps these names for devices, with any ending
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")


def new_notebook(name, study=None):
    """Write the notebook ``name`` into the ``notebooks`` folder of ``study``; returns its path.

    ``name`` is made safe: spaces and hyphens become underscores, capitals small. ``study`` is a folder or a study.yaml
    (None: the sample). ValueError when the name holds other characters, is one of ours, or is there already.
    """
    slug = safe_name(name)
    folder = Path(open_study(study).folder) / "notebooks"
    path = folder / f"{slug}.ipynb"
    title = slug.replace("_", " ").capitalize()
    body = TEMPLATE.read_text(encoding="utf-8").replace("NAME", slug).replace("TITLE", title)
    if path.exists():
        raise ValueError(f"a new notebook needs a name of its own; {path} is there already. Choose another name.")
    try:
        folder.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(body)
    except OSError as error:
        raise ValueError(
            f"a notebook is written beside the study; {folder} cannot be written ({error.strerror or error}). "
            "Change its rights, or name another study with --study."
        ) from None
    return path


def safe_name(name):
    """The name of a notebook's file and the first word of its findings.

    >>> safe_name("My first look")
    'my_first_look'
    """
    slug = re.sub(r"[ _-]+", "_", str(name).removesuffix(".ipynb").lower()).strip("_")
    if not re.fullmatch(r"[a-z0-9_]{1,%d}" % LONGEST, slug) or RESERVED.fullmatch(slug) or slug[0].isdigit():
        raise ValueError(
            f"a notebook's name starts with a letter and has at most {LONGEST} letters a to z, digits, spaces, - and "
            f"_, and is no device of Windows; got {name!r}. Write it so, for example: first look."
        )
    ours = {path.stem for path in Path(cxstudy.analyses.__path__[0]).glob("*.py")}
    ours |= {analysis_of(path.stem) for path in repository_notebooks().glob("*.ipynb")}
    if slug in ours:
        raise ValueError(
            f"a notebook of your own needs a name of its own; {slug} is one of ours. Put a word before it: my {slug}."
        )
    return slug
