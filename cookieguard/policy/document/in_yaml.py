"""YAML -> a document."""

from __future__ import annotations

from collections.abc import Iterator

from ..keypath import KeyPath
from .document import TOO_DEEP, Document, refuse_repeated, table_of, unreadable

_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(text: str, source: str) -> Document:
    """Read YAML; PolicyError where it is none, with the line where that is known."""
    try:
        import yaml
    except ImportError as error:
        raise unreadable(
            source, None, "YAML needs PyYAML", "pip install 'cookieguard[yaml]', or write TOML"
        ) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except RecursionError as error:
        raise unreadable(source, None, TOO_DEEP, "write what a policy needs") from error
    except (yaml.YAMLError, ValueError) as error:  # a ValueError is a date that doesn't exist
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        reason = f"isn't YAML: {getattr(error, 'problem', None) or error}"
        raise unreadable(source, line, reason, "mend the line, or what stands before it") from error
    except (AttributeError, LookupError, ArithmeticError, TypeError) as error:
        # PyYAML raises what it stumbles over: `!!bool maybe` a KeyError.
        reason = "isn't YAML: a value isn't what its tag says"
        raise unreadable(source, None, reason, "take the tag (!!…) away") from error

    def walk(node: yaml.Node | None, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield (*path, str(key.value)), key.start_mark.line + 1
                # What is merged stands elsewhere, maybe around this.
                if key.tag != _MERGE:
                    yield from walk(value, (*path, str(key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                yield (*path, index), value.start_mark.line + 1
                yield from walk(value, (*path, index))

    table = table_of(data, source)
    refuse_repeated(walk(node, ()), source)
    return Document(table, source, lambda: walk(node, ()))
