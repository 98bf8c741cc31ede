"""Secrets are resolved when needed, remembered, and never shown."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest
from markupsafe import escape

from workbench.data.sources.secrets import (
    redact,
    referenced_secrets,
    remember_password,
    remember_secret,
    resolve_secrets,
    resolved_secrets,
    secret_forms,
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


def test_a_password_in_a_query_is_remembered() -> None:
    remember_password("postgresql://u@h/db?password=query%20secret&sslpassword=other-secret")
    assert {"query secret", "other-secret"} <= resolved_secrets()


def test_a_secret_that_is_encoded_is_remembered_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENCODED", "finch%2Fseven")
    referenced_secrets(["postgresql://u:${env:ENCODED}@h/db"])
    assert {"finch%2Fseven", "finch/seven"} <= resolved_secrets()


ODD = "a&b\"c'd\\e"


@pytest.mark.parametrize(
    "shown",
    [
        str(escape(ODD)),  # Jinja
        html.escape(ODD),
        html.escape(json.dumps(ODD)[1:-1]),
        ODD.replace('"', '""'),
        ODD.replace("'", "''"),
        json.dumps(ODD)[1:-1],
        json.dumps(json.dumps(ODD)[1:-1])[1:-1],
        json.dumps(repr(ODD)[1:-1])[1:-1],
        quote(ODD, safe=""),
        repr(ODD)[1:-1],
        ODD.replace("\\", "\\\\"),
    ],
)
def test_a_secret_is_blotted_out_in_every_form(shown: str) -> None:
    remember_secret(f"{ODD}\n")
    assert redact(f"[{shown}]") == "[***]"


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_a_secret_amid_base64_is_found(before: str) -> None:
    content = base64.b64encode(f"{before}a-long?secret~and>more".encode()).decode()
    assert any(form in content for form in secret_forms("a-long?secret~and"))
    urlsafe = base64.urlsafe_b64encode(f"{before}a-long?secret~and>more".encode()).decode()
    assert any(form in urlsafe for form in secret_forms("a-long?secret~and"))


def test_the_lines_of_a_key_are_found_but_not_its_frame() -> None:
    found = secret_forms("-----BEGIN KEY-----\nMIIEvQIBADAN\nabc\n-----END KEY-----\n")
    assert "MIIEvQIBADAN" in found
    assert "-----BEGIN KEY-----" not in found
    assert "abc" not in found
