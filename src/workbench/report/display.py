"""How one record is shown: a display of the notebook, or plain text outside of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

__all__ = ["show"]


def show(kind: str, record: Mapping[str, Any], *, plain: str, preview: Mapping[str, str]) -> None:
    """Show one record: as a display of the notebook, or as plain text outside of one.

    Parameters
    ----------
    kind
        One of the MIME types above.
    record
        What is recorded; JSON values only.
    plain
        The preview for a terminal.
    preview
        Further previews by MIME type, for JupyterLab.
    """
    if not InteractiveShell.initialized():
        print(plain)
        return
    bundle = {kind: dict(record), "text/plain": plain, **preview}
    display(bundle, raw=True)  # type: ignore[no-untyped-call]
