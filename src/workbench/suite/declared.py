"""A report's parameters: one line of its ``parameters`` cell each, parsed and never run.

A line is a literal with a type and a trailing comment::

    n_bins: int = 5  # in how many groups each of recency, frequency and money is cut
    period: str = "month"  # length of a cohort; one of: week, month
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import NotebookError, ParameterError, one_of

__all__ = ["HOUSE_PARAMETERS", "DeclaredParameter", "as_code", "parse_parameters", "resolve"]

HOUSE_PARAMETERS = ("suite", "unit", "snapshot")
_CHOICES = re.compile(r"one of:?\s+([\w\-, ]+)", re.IGNORECASE)
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "None": (type(None),),
}


@dataclass(frozen=True)
class DeclaredParameter:
    """One line of a parameters cell.

    Parameters
    ----------
    name
        The parameter's name.
    type
        Its annotation as written: ``int``, ``list[str]``, ``float | None``.
    default
        Its value when nobody overrides it.
    comment
        What it means, in words.
    choices
        The allowed values when the comment says ``one of: a, b``; else empty.
    """

    name: str
    type: str
    default: Any
    comment: str
    choices: tuple[str, ...] = ()

    def accepts(self, value: object) -> bool:
        """Tell whether a value is of the declared type and among the choices."""
        typed = _matches(ast.parse(self.type, mode="eval").body, value)
        return typed and (not self.choices or value in self.choices)

    @property
    def allowed(self) -> str:
        """Return in words which values are allowed."""
        return f"one of {', '.join(self.choices)}" if self.choices else f"of type {self.type}"


def parse_parameters(source: str, where: str) -> tuple[DeclaredParameter, ...]:
    """Return the parameters that a cell's source declares, without running it.

    Parameters
    ----------
    source
        The cell's source.
    where
        The notebook, for messages.

    Raises
    ------
    NotebookError
        When a line is anything but ``name: type = literal``.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotebookError(
            f"the parameters cell is no Python (line {error.lineno})", where=where
        ) from error
    comments = _comments(source)
    found = [_one(statement, comments, where) for statement in tree.body]
    names = [item.name for item in found]
    for name in names:
        if names.count(name) > 1:
            raise NotebookError(f"parameter `{name}` is declared twice", where=where)
    return tuple(found)


def as_code(parameters: Mapping[str, Any]) -> str:
    """Return the cell that sets parameters, as the suite puts it behind the parameters cell.

    Examples
    --------
    >>> print(as_code({"n_bins": 4}))
    # Set by the suite for this run.
    n_bins = 4
    """
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    return "\n".join(["# Set by the suite for this run.", *lines])


def _one(statement: ast.stmt, comments: Mapping[int, str], where: str) -> DeclaredParameter:
    place = f"{where}, parameters cell, line {statement.lineno}"
    if not (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.value is not None
    ):
        raise NotebookError(
            "this line declares no parameter",
            where=place,
            fix="Write `name: type = literal  # what it means`.",
        )
    name, annotation = statement.target.id, ast.unparse(statement.annotation)
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise NotebookError(
            f"the default of `{name}` is no literal",
            where=place,
            fix="Write a number, a text, True, False, None, or a list or dictionary of these.",
        ) from None
    comment = comments.get(statement.end_lineno or statement.lineno, "")
    chosen = _CHOICES.search(comment)
    choices = tuple(word.strip() for word in chosen[1].split(",")) if chosen else ()
    parameter = DeclaredParameter(name, annotation, default, comment, choices)
    try:
        fits = parameter.accepts(default)
    except NotebookError as error:
        raise NotebookError(error.what, where=place, fix=error.fix) from None
    if not fits:
        raise NotebookError(
            f"the default of `{name}` is {default!r}, must be {parameter.allowed}", where=place
        )
    return parameter


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _matches(annotation: ast.expr, value: object) -> bool:
    """Tell whether a value fits an annotation; bool is no int here, an int is a float."""
    match annotation:
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id=name) if name in _SCALARS:
            return isinstance(value, _SCALARS[name]) and (
                name == "bool" or not isinstance(value, bool)
            )
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _matches(left, value) or _matches(right, value)
        case ast.Name(id="list") | ast.Name(id="dict"):
            return isinstance(value, {"list": list, "dict": dict}[annotation.id])
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            return isinstance(value, list) and all(_matches(item, part) for part in value)
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, item])):
            return isinstance(value, dict) and all(
                _matches(key, k) and _matches(item, v) for k, v in value.items()
            )
    raise NotebookError(
        f"type `{ast.unparse(annotation)}` is not known here",
        fix="Use str, int, float, bool, list[...], dict[..., ...], or a union with None.",
    )


def resolve(
    parameters: Iterable[DeclaredParameter], overrides: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Return a report's own parameters: its defaults, replaced where a suite or unit says so.

    Parameters
    ----------
    parameters
        What the notebook declares.
    overrides
        What the suite's and the unit's files say under ``reports:`` for this report.
    where
        The file and key of the overrides, for messages.

    Returns
    -------
    dict
        Name to value, the house's own parameters left out.

    Raises
    ------
    ParameterError
        When an override is unknown, of a wrong type, not among the choices, or the house's own.
    """
    own = {item.name: item for item in parameters if item.name not in HOUSE_PARAMETERS}
    values = {name: item.default for name, item in own.items()}
    for name, value in overrides.items():
        if name in HOUSE_PARAMETERS:
            raise ParameterError(
                f"`{name}` is set by the suite and may not be overridden",
                where=where,
                fix=f"Remove it. {one_of(name, own)}",
            )
        if name not in own:
            raise ParameterError(f"unknown parameter `{name}`", where=where, fix=one_of(name, own))
        if not own[name].accepts(value):
            raise ParameterError(
                f"`{name}` is {value!r}, must be {own[name].allowed}",
                where=where,
                fix=f"It means: {own[name].comment}. The default is {own[name].default!r}.",
            )
        declares_float = own[name].type == "float" and isinstance(value, int)
        values[name] = float(value) if declares_float else value
    return values
