"""A YAML file as plain data, with the line on which each key stands."""

import yaml

from cxstudy.faults import DataError, Fault


def load_yaml(path):
    """``(content, lines)`` of the YAML file at ``path``.

    ``content`` is a dict; ``lines`` maps each path of keys, such as ``("tables", "customers")``, to its
    line (first line = 1). Raises DataError: unreadable, not UTF-8, not YAML (with the line), not a
    group of ``key: value`` lines, the same key twice in one group.
    """
    text = _text(path)
    lines, twice = {}, []
    try:
        node, content = _parsed(text)
        _walk(node, (), lines, twice)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise DataError([_broken(path, getattr(error, "problem", None) or str(error), mark)]) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError([_broken(path, str(error), None)]) from None
    if not isinstance(content, dict):
        rule = "the file must consist of lines such as name: my-study."
        found = "no such lines." if content else "an empty file."
        raise DataError([Fault(rule, found, "begin with format: 1, name: and tables:.", path.name)])
    if twice:
        raise DataError(
            Fault("a key may stand only once in its group.", f"{'.'.join(keys)} twice.", "keep one.", path.name, line)
            for keys, line in twice
        )
    return content, lines


def _parsed(text):
    """(nodes with their lines, the same as plain data) by libyaml, where the wheel has it: ten times as fast.

    What that refuses goes to the loader in Python, whose errors say more.
    """
    for kind in dict.fromkeys((getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader)):
        try:
            return yaml.compose(text, Loader=kind), yaml.load(text, Loader=kind)
        except yaml.YAMLError:
            if kind is yaml.SafeLoader:
                raise


def _text(path):
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        rule, found = "the file must be UTF-8.", f"byte {error.object[error.start]:#x} at position {error.start}."
        raise DataError([Fault(rule, found, "save it as UTF-8 in the editor.", path.name)]) from None
    except OSError as error:
        rule, remedy = "the file must be readable.", "check its name and your right to read it."
        raise DataError([Fault(rule, f"{error.strerror or error}.", remedy, path.name)]) from None


def _broken(path, problem, mark):
    remedy = "look at this line and the one above: indentation by spaces, a blank after each colon, quotes in pairs."
    return Fault("the file must be valid YAML.", f"{problem}.", remedy, path.name, mark.line + 1 if mark else None)


def _walk(node, keys, lines, twice):
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            path = (*keys, str(name.value))
            if path in lines:
                twice.append((path, name.start_mark.line + 1))
            lines[path] = name.start_mark.line + 1
            _walk(value, path, lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            lines[*keys, str(i)] = value.start_mark.line + 1
            _walk(value, (*keys, str(i)), lines, twice)
