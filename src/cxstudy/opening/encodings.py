"""How letters are stored in a CSV file: UTF-8, or what study.yaml declares. Nothing is guessed; faults propose."""

import codecs
import gzip
import zlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cxstudy.faults import DataError, Fault

_CANDIDATES = ("cp1252", "mac-roman", "cp850")
_NORDIC = frozenset("åäöæøÅÄÖÆØ")
_OTHER = frozenset("éèüáíóúýðþßÉÜÞÐ€’‘“”–—…°§´\u00a0")
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CHUNK = 1 << 20
_LINES = 500


def is_utf8(encoding):
    """Whether a declared encoding, or none, is UTF-8."""
    return encoding is None or codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def open_text(path, encoding=None):
    """A text file, also gzip, opened for reading; the byte order mark of UTF-8 does not matter."""
    return _opener(path)(path, "rt", encoding="utf-8-sig" if is_utf8(encoding) else encoding, newline="")


def _opener(path):
    return gzip.open if path.name.lower().endswith(".gz") else open


@contextmanager
def readable(path, encoding=None):
    """Turn what reading a text file can raise into a DataError."""
    try:
        yield
    except UnicodeError:
        raise DataError([_undecodable(path, encoding)]) from None
    except (OSError, EOFError, zlib.error) as error:
        kind = "gzip" if path.name.lower().endswith(".gz") else "readable"
        found = f"{str(getattr(error, 'strerror', None) or error).rstrip('.')}."
        remedy = "check that it is whole and that you may read it; export it again."
        raise DataError([Fault(f"the file must be {kind}.", found, remedy, path.name)]) from None


@contextmanager
def as_utf8(path, encoding):
    """The path of the same file in UTF-8: the file itself, or a copy that lives as long as the context."""
    if is_utf8(encoding):
        yield path
        return
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "table.csv"
        with readable(path, encoding):
            utf8 = _copy(path, copy, encoding)
        if utf8:
            rule = f"letters are stored as study.yaml declares them, encoding: {encoding}."
            remedy = "remove encoding: from study.yaml."
            raise DataError([Fault(rule, "the file is UTF-8; its letters would be misread.", remedy, path.name)])
        yield copy


def _copy(path, copy, encoding):
    """Write ``path`` in UTF-8 to ``copy``; True when it holds letters beyond ASCII and is UTF-8 already."""
    decoder = codecs.getincrementaldecoder(encoding)()
    witness = codecs.getincrementaldecoder("utf-8")()
    utf8, ascii_only = not codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")), True
    with _opener(path)(path, "rb") as source, copy.open("w", encoding="utf-8", newline="") as target:
        while True:
            chunk = source.read(_CHUNK)
            target.write(decoder.decode(chunk, final=not chunk))
            ascii_only &= chunk.isascii()
            try:
                utf8 = utf8 and witness.decode(chunk, final=not chunk) is not None
            except UnicodeDecodeError:
                utf8 = False
            if not chunk:
                return utf8 and not ascii_only


def _undecodable(path, encoding):
    declared = None if is_utf8(encoding) else encoding
    lines, start = [], b""
    with _opener(path)(path, "rb") as handle:
        for number, content in enumerate(handle, 1):
            start = start or content
            try:
                content.decode(declared or "utf-8")
            except UnicodeError:
                lines.append((number, content))
                if len(lines) == _LINES:
                    break
    better = _wide(start) or _proposal(b"".join(content for _, content in lines))
    row = lines[0][0] if lines and not _wide(start) else 1
    remedy = f"declare encoding: {better} in study.yaml, with which its letters make sense, or save it as CSV UTF-8."
    if declared:
        rule, found = f"letters are stored as study.yaml declares them, encoding: {declared}.", "bytes that are not so."
        return Fault(rule, found, "declare how the file was saved, or save it as CSV UTF-8.", path.name, row)
    rule, found = "a CSV file must be UTF-8 (with or without BOM).", "bytes that are not UTF-8."
    if better is None:
        remedy = "save it as CSV UTF-8; Excel offers it in Save as. If you know how it was saved: encoding: cp1252."
    return Fault(rule, found, remedy, path.name, row)


def _wide(start):
    """The name of UTF-16 for a file that begins with its mark or, as every other byte, with zeros; else None."""
    zeros = {start[1:2]: "utf-16-le", start[:1]: "utf-16-be"}.get(b"\0") if len(start) > 1 else None
    return _MARKS.get(start[:2]) or zeros


def _proposal(content):
    """The encoding in which most letters beyond ASCII are letters of the Nordic languages; None where none is."""
    scores = {}
    for name in _CANDIDATES:
        try:
            letters = [c for c in content.decode(name) if not c.isascii()]
        except UnicodeDecodeError:
            continue
        scores[name] = sum(3 if c in _NORDIC else 1 if c in _OTHER else -2 for c in letters)
    best = max(scores, key=scores.get, default=None)
    return best if best and scores[best] > 0 else None
