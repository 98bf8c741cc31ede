"""A country whose numbers are not known is an error; the examples are in test_normal."""

from __future__ import annotations

import pytest

from workbench.errors import ParameterError
from workbench.triage.identity.phones import COUNTRIES, phone


def test_an_unknown_country_is_named_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match=r"`XX` are dialled is not known.*Allowed: AE, AT"):
        phone("0300 1234567", "XX")


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_national_and_international_forms_are_one(country: str) -> None:
    dialling = COUNTRIES[country]
    national = "5" + "1234567890123"[: dialling.longest - 1]
    forms = [
        f"{dialling.trunk}{national}",
        f"+{dialling.code} {national}",
        f"00{dialling.code}{national}",
        f"+{dialling.code} (0){national}",
    ]
    assert {phone(form, country) for form in forms} == {f"+{dialling.code}{national}"}
