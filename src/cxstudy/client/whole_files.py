"""Files that appear whole or not at all, and the list of those made: what a second start need not make again."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

FORMAT = 1


def write_whole(path, write):
    """Let ``write(draft)`` write a file beside ``path`` and move it there; an earlier file stays until then.

    Raises ValueError where the folder cannot be written or the file is open elsewhere; what was there is as it was.
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(draft)
        draft.replace(path)
    except PermissionError:
        raise ValueError(
            f"{path.name} is written when no other program holds it; it cannot be replaced in {path.parent}. Close it "
            "(in PowerPoint, Excel or the reader) or check the folder's rights, and start again; the earlier file is "
            "as it was."
        ) from None
    except OSError as error:
        raise ValueError(
            f"{path.name} needs room and a folder that can be written; {path.parent} said: {error.strerror or error}. "
            "Name another folder with --out."
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def fingerprint(*parts):
    """One SHA-256 over anything JSON can hold, in hexadecimal."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass
class MadeFiles:
    """The list ``made.json`` of a folder: for each file the client, format and so on, and from what it was made."""

    path: Path
    entries: dict[str, dict] = field(default_factory=dict)

    @classmethod
    def read(cls, path):
        """The list at ``path``; empty where there is none or it cannot be read, so that all is made anew."""
        try:
            held = json.loads(Path(path).read_text(encoding="utf-8"))
            entries = held["files"] if held["format"] == FORMAT else {}
            known = {name: e for name, e in entries.items() if isinstance(e, dict)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            known = {}
        return cls(Path(path), known)

    def has(self, name, mark):
        """Whether file ``name`` is there, as it was made, from what ``mark`` is the fingerprint of."""
        entry, file = self.entries.get(name, {}), self.path.parent / name
        return entry.get("from") == mark and file.is_file() and _digest(file) == entry.get("sha256")

    def add(self, name, mark, /, **about):
        """Note a file just made, and write the list."""
        self.entries[name] = {**about, "from": mark, "sha256": _digest(self.path.parent / name)}
        body = {"format": FORMAT, "files": dict(sorted(self.entries.items()))}
        write_whole(self.path, lambda draft: draft.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8"))


def _digest(file):
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
