"""A YAML file -> its model, or an error that names file, key, the nearest and all allowed keys."""

from __future__ import annotations

import re
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from workbench.errors import ParameterError, one_of

__all__ = ["read_file"]

ModelT = TypeVar("ModelT", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML with days kept as text, only true/false as truth values, and no key twice.

    YAML 1.1 reads ``NO`` as false and ``2025-06-30`` as a date; neither is what a person who
    writes a country code or a day means.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (dict, list)):
                raise yaml.MarkedYAMLError(
                    None, None, "a key must be plain text", key_node.start_mark
                )
            if key in seen:
                raise yaml.MarkedYAMLError(
                    None, None, f"the key `{key}` stands here twice", key_node.start_mark
                )
            seen[key] = key_node.start_mark.line
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_file(path: Path, where: str, model: type[ModelT]) -> ModelT:
    """Return a parameter file as its model.

    Parameters
    ----------
    path
        The file.
    where
        How messages name it.
    model
        The model that it must fit.

    Raises
    ------
    ParameterError
        When it is missing, is no YAML, or says what the model does not allow.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParameterError("the file is missing", where=where, fix="Create it.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"the file cannot be read ({error})", where=where) from None
    try:
        content = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        # What a rule such as `> 0.3` gives: YAML takes the sign for its own.
        quote = "Put a value that begins with > in quotes." if "block scalar" in str(error) else ""
        raise ParameterError(
            f"not readable as YAML: {error.problem}", where=f"{where}{line}", fix=quote
        ) from None
    except yaml.YAMLError as error:
        raise ParameterError(f"not readable as YAML: {error}", where=where) from None
    if not isinstance(content, dict):
        raise ParameterError(
            "the file must hold keys and values",
            where=where,
            fix=f"Allowed keys: {', '.join(sorted(model.model_fields))}.",
        )
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _translated(error, where, model) from None


def _translated(error: ValidationError, where: str, model: type[BaseModel]) -> ParameterError:
    """Turn the first of pydantic's complaints into ours, and count the others."""
    # A misspelt key is also reported as missing: the misspelling is what can be acted on.
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    more = f" ({len(details) - 1} more after this one)" if len(details) > 1 else ""
    path = [part for part in first["loc"] if not _is_branch(part)]
    key = ".".join(str(part) for part in path)
    spot = f"{where}, {key}" if key else where
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, path[:-1])
        return ParameterError(
            f"unknown key `{path[-1]}`{more}", where=spot, fix=one_of(str(path[-1]), known)
        )
    if first["type"] == "missing":
        return ParameterError(f"`{path[-1]}` is missing{more}", where=spot, fix="State it.")
    what, fix = _complaint(first)
    return ParameterError(what + more, where=spot, fix=fix)


def _complaint(detail: ErrorDetails) -> tuple[str, str]:
    given = detail["input"]
    context = detail.get("ctx", {})
    shown = f"`{given}`" if isinstance(given, (str, int, float, bool)) else "the value"
    if detail["type"] == "literal_error":
        allowed = [part.strip().strip("'") for part in _words(str(context["expected"]))]
        return f"{shown} is not allowed", one_of(str(given), allowed)
    if detail["type"] == "value_error":
        return f"{shown} is not allowed", f"It {_sentence(str(context['error']))}."
    return f"{shown} is not allowed", f"{detail['msg']}."


def _words(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _sentence(text: str) -> str:
    return text if text.startswith(("must", "needs", "cannot")) else f"is wrong: {text}"


def _is_branch(part: int | str) -> bool:
    """Tell whether pydantic's path names a branch of a union, which the file does not hold."""
    return isinstance(part, str) and (
        part in {"str", "int", "float", "bool", "[key]"} or part.startswith(("list[", "dict["))
    )


def _fields_at(model: type[BaseModel], path: list[int | str]) -> list[str]:
    """Return the keys that are known at a place in a file."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            here = _field(here, str(part)).annotation
        else:
            here = get_args(here)[-1]
        here = _unwrapped(here)
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]


def _field(model: type[BaseModel], key: str) -> FieldInfo:
    """Return the field that a key of a file stands for."""
    named = {field.alias or name: field for name, field in model.model_fields.items()}
    return named[key]


def _unwrapped(annotation: Any) -> Any:
    """Strip Optional and Annotated from an annotation."""
    if get_origin(annotation) in (Union, UnionType):
        return _unwrapped(next(arg for arg in get_args(annotation) if arg is not type(None)))
    if hasattr(annotation, "__metadata__"):
        return _unwrapped(annotation.__origin__)
    return annotation
