"""Messages that say what, where and how to mend it."""

from __future__ import annotations

import pickle

import pytest

from workbench import errors
from workbench.errors import ParameterError, WorkbenchError, nearest, one_of


def test_a_message_has_three_parts() -> None:
    error = ParameterError("unknown key `x`", where="params/a.yml, x", fix="Allowed: y.")
    assert str(error) == "params/a.yml, x: unknown key `x`. Allowed: y."
    assert (error.what, error.where, error.fix) == (
        "unknown key `x`",
        "params/a.yml, x",
        "Allowed: y.",
    )


def test_a_sentence_from_elsewhere_keeps_one_full_stop() -> None:
    assert str(WorkbenchError("It failed.", fix="Try again.")) == "It failed. Try again."
    assert str(WorkbenchError("It failed.")) == "It failed."


@pytest.mark.parametrize(
    "kind", [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
)
def test_fields_cross_a_process_border(kind: type[WorkbenchError]) -> None:
    there = pickle.loads(pickle.dumps(kind("what", where="where", fix="fix")))
    assert type(there) is kind
    assert (there.what, there.where, there.fix) == ("what", "where", "fix")


def test_the_nearest_name() -> None:
    assert nearest("Delimeter", ["delimiter", "encoding"]) == "delimiter"
    assert nearest("zzz", ["delimiter"]) is None
    assert one_of("zzz", ["b", "a"]) == "Allowed: a, b."
    assert one_of("zzz", []) == "None is allowed here."
