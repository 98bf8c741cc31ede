# ruff: noqa: RUF012 - pydantic copies a mutable default for each model
"""What a parameter file may say of a source and of a canonical table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from workbench.params.fields import ColumnType, Day, Format, Model, Severity, Slug

__all__ = ["ReadParams", "RuleParams", "SourceParams", "TableParams"]

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xls": "excel",
    ".xlsb": "excel",
    ".ods": "excel",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


class ReadParams(Model):
    """How to read a source's text: the reader's options.

    Parameters
    ----------
    delimiter, quote
        One character each (CSV).
    encoding
        Any encoding that Python knows; UTF-8 unless told.
    header
        Whether the first line names the columns; else ``names`` must.
    names
        The columns' names, instead of the header's or where there is none.
    spaces
        Several blanks count as one separator.
    decimal, thousands
        The decimal mark and the mark between thousands of a number as text.
    date_format
        One or more ``strptime`` formats, tried in order; ISO 8601 unless told.
    null_values
        Texts that mean "not known".
    sheet
        The sheet of a workbook; the first unless told.
    skip_rows
        Lines to leave out before the header.
    """

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    encoding: str = "utf-8"
    header: bool = True
    names: list[str] | None = None
    spaces: bool = False
    decimal: Literal[".", ","] = "."
    thousands: Annotated[str, Field(max_length=1)] = ""
    date_format: str | list[str] | None = None
    null_values: list[str] = [""]
    sheet: str | None = None
    skip_rows: Annotated[int, Field(ge=0)] = 0

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            "".encode(name)
        except LookupError:
            raise ValueError("must be an encoding that Python knows, such as utf-8") from None
        return name

    @model_validator(mode="after")
    def _consistent(self) -> ReadParams:
        if not self.header and not self.names:
            raise ValueError("a source without a header needs `names`, a list of its columns")
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("`thousands` and `decimal` must differ")
        return self


class RuleParams(Model):
    """A named check of a source's rows.

    Parameters
    ----------
    check
        An SQL condition over the source's typed columns, ``_row`` and ``as_of``. A row fails where
        it is false; where it cannot be decided (null) the row passes, as with SQL's ``CHECK``.
    severity
        ``reject`` (the row goes to quarantine), ``warn`` or ``off``.
    title
        What is wrong with a row that fails, in plain words: ``the customer is not known``.
    why, fix
        What the rule protects, and what the source's owner should do; shown in the report.
    """

    check: str
    severity: Severity = "reject"
    title: str = ""
    why: str = ""
    fix: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"check": value} if isinstance(value, str) else value


class SourceParams(Model):
    """Where the rows of one canonical table come from: a file or a database.

    Parameters
    ----------
    path
        A file, relative to the project's folder; ``${env:NAME}`` is replaced when it is opened.
    url
        A database, ``sqlite:///file`` or ``postgresql://user@host/name``; with ``table`` or
        ``query``.
    version_query
        A query whose answer changes when the table does, so that an unchanged one is not read.
    format
        ``csv``, ``parquet``, ``excel`` or ``jsonl``; guessed from the file's name unless told.
    read
        The reader's options.
    types
        Source column -> ``text``, ``integer``, ``decimal``, ``number``, ``date``, ``timestamp`` or
        ``boolean``; a column not named here stays text.
    columns
        Canonical column -> SQL expression over the typed columns.
    rules
        Name -> rule, on top of the contract's own.
    department
        Who owns the source and mends it; the unit's owner unless told.
    like
        Another source of the same table whose ``types``, ``columns``, ``rules`` and number and date
        formats this one takes over: for a mended quarantine file, say.
    """

    path: str | None = None
    url: str | None = None
    table: str | None = None
    query: str | None = None
    version_query: str | None = None
    format: Format | None = None
    read: ReadParams = ReadParams()
    types: dict[str, ColumnType] = {}
    columns: dict[str, str] = {}
    rules: dict[Slug, RuleParams] = {}
    department: str = ""
    like: Slug | None = None

    @field_validator("columns", mode="before")
    @classmethod
    def _numbers_are_expressions(cls, value: Any) -> Any:
        """Take ``quantity: 1`` for the expression that it is."""
        if not isinstance(value, Mapping):
            return value
        return {
            name: str(text)
            if isinstance(text, (int, float)) and not isinstance(text, bool)
            else text
            for name, text in value.items()
        }

    @model_validator(mode="after")
    def _one_place(self) -> SourceParams:
        if (self.path is None) == (self.url is None):
            raise ValueError("needs either `path` (a file) or `url` (a database), and not both")
        if self.url is None:
            for key in ("table", "query", "version_query"):
                if getattr(self, key) is not None:
                    raise ValueError(f"`{key}` goes with `url`, not with `path`")
        elif (self.table is None) == (self.query is None):
            raise ValueError("a database needs either `table` or `query`, and not both")
        if self.path is not None and self.format is None and self.guessed_format is None:
            known = ", ".join(sorted(_SUFFIXES))
            raise ValueError(f"cannot tell the format from the name ({known}); state `format`")
        return self

    @property
    def guessed_format(self) -> Format | None:
        """Return the format that the file's name suggests, or None."""
        suffixes = [suffix.lower() for suffix in PurePath(self.path or "").suffixes]
        if suffixes and suffixes[-1] == ".gz":
            suffixes.pop()
        return _SUFFIXES.get(suffixes[-1]) if suffixes else None

    @property
    def kind(self) -> Literal["csv", "parquet", "excel", "jsonl", "sql"]:
        """Return which reader this source needs."""
        if self.url is not None:
            return "sql"
        kind = self.format or self.guessed_format
        assert kind is not None  # held by the validator
        return kind


class TableParams(Model):
    """How one canonical table of a unit differs from its contract.

    Parameters
    ----------
    key
        The columns that no two rows may share.
    severity
        Reason code, with or without its column (``duplicate_row``, ``absurd:amount``) ->
        ``reject``, ``warn`` or ``off``.
    limits
        Column -> lowest and highest plausible value.
    personal
        Column -> ``drop`` (it never enters a snapshot) or ``token`` (a keyed hash stands for it).
        Columns that the contract does not know may be declared personal here.
    waive
        Column -> why it may be shown although its values look personal.
    plausible_start
        The first day on which a row of this table can have been written.
    """

    key: list[str] | None = None
    severity: dict[str, Severity] = {}
    limits: dict[str, tuple[float | int, float | int]] = {}
    personal: dict[str, Literal["drop", "token"]] = {}
    waive: dict[str, Annotated[str, Field(min_length=1)]] = {}
    plausible_start: Day | None = None

    @model_validator(mode="after")
    def _personal_or_not(self) -> TableParams:
        both = sorted(self.personal.keys() & self.waive.keys())
        if both:
            raise ValueError(f"`{both[0]}` stands under `personal` and under `waive`: state one")
        return self

    @field_validator("limits", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        for column, pair in value.items():
            if not isinstance(pair, list) or len(pair) != 2:
                raise ValueError(f"`{column}` must be a pair [lowest, highest]")
            if not pair[0] <= pair[1]:
                raise ValueError(f"`{column}` must be [lowest, highest], lowest first")
        return {column: tuple(pair) for column, pair in value.items()}
