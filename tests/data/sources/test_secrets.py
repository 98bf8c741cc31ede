"""Secrets are resolved when needed, remembered, and never shown."""

from __future__ import annotations

import pytest

from workbench.data.sources.secrets import (
    redact,
    referenced_secrets,
    resolve_secrets,
    resolved_secrets,
)
from workbench.errors import SourceError


def test_a_reference_is_replaced_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "p@ss w0rd")
    url = resolve_secrets("postgresql://u:${env:SHOP_PASSWORD}@h/db", "w")
    assert url == "postgresql://u:p@ss w0rd@h/db"
    assert "p@ss w0rd" in resolved_secrets()


def test_of_a_url_the_password_is_remembered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql://u:p%40ss@h/db")
    resolve_secrets("${env:SHOP_URL}", "w")
    assert {"postgresql://u:p%40ss@h/db", "p%40ss", "p@ss"} <= resolved_secrets()


def test_a_missing_variable_is_named_with_its_key() -> None:
    with pytest.raises(SourceError, match="NOT_SET_ANYWHERE is not set") as caught:
        resolve_secrets("${env:NOT_SET_ANYWHERE}/x", "atlas.yml, sources.orders.shop.url")
    assert caught.value.where == "atlas.yml, sources.orders.shop.url"


def test_a_folder_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_FOLDER", "the-folder-of-data")
    assert resolve_secrets("${env:A_FOLDER}/x", "w", secret=False) == "the-folder-of-data/x"
    assert "the-folder-of-data" not in resolved_secrets()


def test_another_process_can_look_them_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATER", "later-secret")
    found = referenced_secrets(
        ["postgresql://u:${env:LATER}@h/db", "${env:NOT_SET_ANYWHERE}", "postgresql://u:plain1@h/d"]
    )
    assert {"later-secret", "plain1"} <= found


def test_nothing_secret_is_left_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIDDEN", "hidden-secret")
    resolve_secrets("${env:HIDDEN}", "w")
    text = redact("hidden-secret refused by postgresql://u:unknown@h/db")
    assert text == "*** refused by postgresql://u:***@h/db"
