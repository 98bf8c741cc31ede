"""Searches an edition for secrets before it is published; finding one stops it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from workbench.data.sources.secrets import SHORTEST, secret_forms
from workbench.errors import PublishError
from workbench.files import files_below

__all__ = ["SHORTEST", "refuse_secrets", "refuse_secrets_in"]


def refuse_secrets(folder: Path, secrets: Iterable[str], where: str) -> None:
    """Raise when a file below a folder holds a secret, in any of its forms.

    Parameters
    ----------
    folder
        The staged edition.
    secrets
        The values that ``${env:NAME}`` stood for in this run.
    where
        The suite and unit, for the message; the message never holds the secret.

    Raises
    ------
    PublishError
        Naming the file.
    """
    wanted = _wanted(secrets)
    for path in files_below(folder) if wanted else ():
        _refuse(path.read_bytes(), wanted, path.relative_to(folder).as_posix(), where)


def refuse_secrets_in(content: bytes, secrets: Iterable[str], name: str, where: str) -> None:
    """Raise when what is about to be written as a file holds a secret in any of its forms.

    Parameters
    ----------
    content
        What is to be written.
    secrets
        The values that ``${env:NAME}`` stood for in this run.
    name, where
        The file, and whose it is, for the message.

    Raises
    ------
    PublishError
        Naming the file.
    """
    _refuse(content, _wanted(secrets), name, where)


def _wanted(secrets: Iterable[str]) -> list[bytes]:
    forms = {form for secret in secrets for form in secret_forms(secret)}
    return sorted(form.encode(errors="surrogateescape") for form in forms)


def _refuse(content: bytes, wanted: list[bytes], name: str, where: str) -> None:
    if any(form in content for form in wanted):
        raise PublishError(
            f"a secret of a source stands in {name}; nothing was published",
            where=where,
            fix="Find what shows it (a notebook that prints a connection, an error message, a row "
            "of the data) and take it out. The last good edition is still served.",
        )
