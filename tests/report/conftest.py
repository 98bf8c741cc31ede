"""What the report room's calls show, caught instead of shown."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.report import display


class Shown(list[dict[str, Any]]):
    """The MIME bundles that were shown, in order."""

    def last(self, kind: str) -> dict[str, Any]:
        """Return the newest record of a kind, such as ``table``."""
        return self[-1][f"application/vnd.workbench.{kind}+json"]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    caught = Shown()
    monkeypatch.setattr(display.InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr(display, "display", lambda bundle, raw: caught.append(bundle))
    return caught
