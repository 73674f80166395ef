"""Set up the environment and run the study or its tests: ``python setup_study.py study|test|lock|env``.

Needs Python 3.11 or newer and nothing else (standard library only). It makes ``.venv`` beside
this file, installs exactly what requirements.lock names (versions and hashes), compiles it, and
installs cxstudy itself from this folder. A second call finds the environment ready and goes on at
once; a changed lock, pyproject.toml or Python makes it anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent
ENVIRONMENT = HOME / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
LOCK = HOME / "requirements.lock"
STAMP = ENVIRONMENT / "cxstudy-stamp.txt"
USAGE = "usage: python setup_study.py study [cxstudy run options] | test [pytest options] | lock | env"


def main(words):
    """Do one command; returns the exit code."""
    if sys.version_info < (3, 11):
        print(f"cxstudy needs Python 3.11 or newer; this is {sys.version.split()[0]}. Start setup_study.py with a newer one.")
        return 1
    command, rest = (words[0] if words else ""), words[1:]
    if command not in ("study", "test", "lock", "env"):
        print(USAGE)
        return 2
    try:
        make_environment()
        if command == "study":
            return run(PYTHON, "-m", "cxstudy", "run", *rest, check=False)
        if command == "test":
            return run(PYTHON, "-m", "pytest", *rest, check=False)
        if command == "lock":
            lock()
    except subprocess.CalledProcessError as error:
        print(f"\nThis step failed: {' '.join(map(str, error.cmd))}\nIts own message stands above.")
        return 1
    return 0


def make_environment():
    """Bring .venv to what requirements.lock says, unless it is there already."""
    if STAMP.exists() and PYTHON.exists() and STAMP.read_text(encoding="utf-8") == stamp():
        return
    print("Setting up .venv (once; about a minute) …", flush=True)
    if ENVIRONMENT.exists():
        shutil.rmtree(ENVIRONMENT)
    try:
        venv.create(ENVIRONMENT, with_pip=True)
    except subprocess.CalledProcessError:
        print("Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv, then again.")
        raise
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(entry("uv"), encoding="utf-8")
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps",
            "-r", only_uv)  # fmt: skip
    run(*uv("pip", "sync", "--require-hashes", "--compile-bytecode", "--quiet", LOCK))
    run(*uv("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", HOME))
    STAMP.write_text(stamp(), encoding="utf-8")


def lock():
    """Resolve pyproject.toml anew for every platform into requirements.lock: names, versions, hashes."""
    run(*uv("pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade", "--quiet",
            "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links",
            "--extra", "test", "--group", "setup", "--output-file", LOCK, HOME / "pyproject.toml"))  # fmt: skip
    print(f"Wrote {LOCK.name}; run the tests before you commit it.")


def entry(name):
    """The lines of one package in the lock: its version and all its hashes."""
    lines = LOCK.read_text(encoding="utf-8").splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith(f"{name}=="))
    last = next((i for i in range(first + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    return "".join(lines[first:last])


def uv(*words):
    return [PYTHON, "-m", "uv", *words, "--python", PYTHON]


def run(*command, check=True):
    return subprocess.run([str(c) for c in command], cwd=HOME, check=check).returncode


def stamp():
    """What the environment was made from, as one line."""
    made_from = LOCK.read_bytes() + (HOME / "pyproject.toml").read_bytes()
    return f"{hashlib.sha256(made_from).hexdigest()} {sys.version.split()[0]} {HOME}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
