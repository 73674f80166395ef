"""The set-up: one list of packages in three files, a lock for every platform, files that open anywhere."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from rattler import MatchSpec

HOME = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))
IMPORT_NAME = {"pyyaml": "yaml", "beautifulsoup4": "bs4", "ibis-framework": "ibis", "py-rattler": "rattler"}
IMPORT_NAME |= {"openpls-engine": "openpls", "python-pptx": "pptx", "pillow": "PIL", "ipython": "IPython"}
CONDA_NAME = {"duckdb": "python-duckdb", "ibis-framework": "ibis-duckdb"}
# uv installs the others from the lock, which conda does itself; the rest are extras that are not on conda-forge
ONLY_PIP = {"uv", "semopy", "openpls-engine", "seminr", "typst"}
OPTIONAL = ("sem", "report")
LOCK = (HOME / "requirements.lock").read_text(encoding="utf-8")


def wanted():
    groups = [PROJECT["project"]["dependencies"], PROJECT["project"]["optional-dependencies"]["test"]]
    groups.append(PROJECT["dependency-groups"]["setup"])
    return {r.name: r.specifier for r in map(Requirement, sum(groups, []))}


def conda_specs():
    lines = yaml.safe_load((HOME / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    return {spec.name.normalized: spec for spec in map(MatchSpec, lines)}


def locked():
    """{name: [versions]} of the lock."""
    found = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK, re.M):
        found.setdefault(name, []).append(version)
    return found


def tracked():
    try:
        out = subprocess.run(["git", "ls-files", "-z"], cwd=HOME, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the list of tracked files is not known")
    return [name for name in out.split("\0") if name and (HOME / name).exists()]


def test_the_seven_packages_of_the_card_are_in_the_base_install():
    base = {Requirement(r).name for r in PROJECT["project"]["dependencies"]}
    assert {"jupyterlab", "pandas", "seaborn", "statsmodels", "pingouin", "papermill", "nbconvert"} <= base


def imported(*folders):
    """{top-level module: a file that imports it} of other people's packages."""
    found = {}
    for path in (p for folder in folders for p in (HOME / folder).rglob("*.py")):
        beside = {p.stem for f in (path.parent, HOME / "benchmarks") for p in f.glob("*.py")} | {"cxstudy"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            tops = {name.split(".")[0] for name in names} - sys.stdlib_module_names - beside
            found |= dict.fromkeys(tops, path.name)
    return found


def test_every_package_that_is_imported_is_declared():
    base = {Requirement(r).name for r in PROJECT["project"]["dependencies"]}
    extras = PROJECT["project"]["optional-dependencies"]
    base |= {Requirement(r).name for extra in OPTIONAL for r in extras.get(extra, [])}
    modules = {IMPORT_NAME.get(name, name) for name in base}
    undeclared = {m: f for m, f in imported("src").items() if m not in modules}
    assert not undeclared
    modules |= {IMPORT_NAME.get(name, name) for name in wanted()}
    assert not {m: f for m, f in imported("tests", "data", "benchmarks").items() if m not in modules}


def test_conda_and_pip_name_the_same_packages():
    ours = {CONDA_NAME.get(name, name) for name in wanted() if name not in ONLY_PIP}
    assert set(conda_specs()) - {"python", "pip"} == ours


@pytest.mark.parametrize("name", sorted(set(wanted()) - ONLY_PIP))
def test_conda_and_pip_give_the_same_range(name):
    conda = conda_specs()[CONDA_NAME.get(name, name)]
    assert SpecifierSet(str(conda.version).replace("|", ",")) == wanted()[name]


def test_python_range_is_the_same_everywhere():
    assert str(conda_specs()["python"].version) == PROJECT["project"]["requires-python"]


def test_conda_channels_are_conda_forge_alone():
    environment = yaml.safe_load((HOME / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]


def test_lock_satisfies_every_range():
    versions = locked()
    for name, specifier in wanted().items():
        name = canonicalize_name(name)
        assert versions.get(name), f"{name} is not in requirements.lock; run make lock"
        assert all(specifier.contains(v) for v in versions[name]), name


def test_lock_is_for_windows_and_mac_too():
    assert re.search(r"^colorama==\S+ ; .*sys_platform == 'win32'", LOCK, re.M)
    assert re.search(r"^appnope==\S+ ; .*sys_platform == 'darwin'", LOCK, re.M)


def test_lock_has_a_hash_for_every_package_and_no_address():
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.M)[1:]
    assert len(entries) > 100
    assert all("--hash=sha256:" in e for e in entries)
    assert "://" not in LOCK and "--index" not in LOCK and "--find-links" not in LOCK


def test_setup_imports_nothing_but_the_standard_library():
    tree = ast.parse((HOME / "setup_study.py").read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {n.split(".")[0] for n in names} <= sys.stdlib_module_names


def test_setup_reads_one_package_from_the_lock():
    import runpy

    setup = runpy.run_path(str(HOME / "setup_study.py"))
    text = setup["entry"]("uv")
    assert text.startswith("uv==") and "--hash=sha256:" in text and text.count("==") == 1


def test_setup_without_a_command_says_how(capsys):
    import runpy

    setup = runpy.run_path(str(HOME / "setup_study.py"))
    assert setup["main"]([]) == 2 and setup["main"](["studdy"]) == 2
    assert "study" in capsys.readouterr().out


def test_files_open_on_every_system():
    reserved = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.I)
    for name in tracked():
        assert len(name) <= 100 and not re.search(r'[<>:"|?*\\]', name), name
        assert not any(reserved.match(part) for part in name.split("/")), name
        if not name.endswith((".parquet", ".gz", ".png", ".otf")):
            (HOME / name).read_bytes().decode("utf-8")


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    hosts = "|".join(["py" + r"pi\.org", "python" + r"hosted\.org", r"registry\.npm" + r"js\.org", r"conda\.ana" + r"conda\.org"])
    roots = "|".join(rf"(?<![\w.])/{root}/" for root in ("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"))
    for name in tracked():
        if not name.endswith((".parquet", ".gz", ".png", ".otf", "LICENSE")):
            text = (HOME / name).read_text(encoding="utf-8")
            found = re.search(f"{hosts}|{roots}", text)
            assert not found, f"{name}: {found.group(0)}"


def test_the_version_is_the_same_everywhere():
    import cxstudy

    citation = yaml.safe_load((HOME / "CITATION.cff").read_text(encoding="utf-8"))
    assert PROJECT["project"]["version"] == cxstudy.__version__ == citation["version"]
    assert f"## {cxstudy.__version__}" in (HOME / "CHANGELOG.md").read_text(encoding="utf-8")
