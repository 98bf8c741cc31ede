"""One unit's edition to hand on: whole by itself, and nothing of another unit in it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from workbench.errors import ParameterError, PublishError
from workbench.files import files_below
from workbench.suite.bundle import bundle_files, write_bundle
from workbench.suite.editions import Edition
from workbench.suite.run import Choice, run

from .conftest import Project, write_notebook, write_params

QUICK = Choice(renderer="embedded")
LINK = re.compile(rb'(?:href|src)="([^"]*)"')
LISTS = """\
import pandas as pd
from workbench.data import open_unit
from workbench.report import action_list
unit = open_unit(suite, unit, snapshot)
keys = ["-".join(["canary", "customer", "1"])]  # in pieces: code is shown, customers are not
people = pd.DataFrame({"customer_id": keys, "agreed": [True]})
action_list(people, id="calls", label="Call", key="customer_id", folder=unit.actions, columns=[],
            consent="agreed", holdout_share=0.0)
"""


@pytest.fixture
def edition(project: Project) -> Edition:
    """Return an edition of one of two units, in which a report failed after it was good."""
    run(project.workspace, "mini", QUICK)
    write_params(project.workspace, atlas={"shaky": {"broken": 1}})
    return run(project.workspace, "mini", QUICK).editions["atlas"]


def test_every_link_leads_to_a_file_of_the_bundle(
    project: Project, edition: Edition, tmp_path: Path
) -> None:
    made = write_bundle(project.workspace, edition, tmp_path / "out")
    pages = sorted(made.path.rglob("*.html"))
    assert {"index.html", "good.html", "shaky.html", "changes.html"} <= {p.name for p in pages}
    seen = 0
    for page in pages:
        for link in LINK.findall(page.read_bytes()):
            target = link.decode().partition("#")[0]
            if target and not target.startswith("data:"):
                place = (page.parent / target).resolve()
                assert place.is_file(), f"{page.name}: {target}"
                assert place.is_relative_to(made.path.resolve()), f"{page.name}: {target}"
                seen += 1
    assert seen > 8


def test_nothing_of_another_unit_is_in_it(project: Project, edition: Edition) -> None:
    files = bundle_files(project.workspace, edition)
    whole = b"".join(files.values())
    assert b"Atlas Outfitters" in whole
    for canary in (b"brook", b"Brook", b"Sons"):
        assert canary not in whole
    assert all("brook" not in name for name in files)
    assert str(project.workspace.root).encode() not in whole


def test_the_same_edition_gives_the_same_bytes(
    project: Project, edition: Edition, tmp_path: Path
) -> None:
    made = [
        write_bundle(project.workspace, edition, tmp_path / f"{n}.zip").path.read_bytes()
        for n in (1, 2)
    ]
    assert made[0] == made[1]
    folder = write_bundle(project.workspace, edition, tmp_path / "folder").path
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.testzip() is None
        told = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert told == {p.relative_to(folder).as_posix(): p.read_bytes() for p in files_below(folder)}


def test_lists_are_in_it_only_when_asked_for(project: Project, tmp_path: Path) -> None:
    path = project.workspace.notebooks / "lists.ipynb"
    write_notebook(path, LISTS, title="Lists", tables=("orders",))
    edition = run(project.workspace, "mini", QUICK).editions["atlas"]
    plain = bundle_files(project.workspace, edition)
    assert b"canary-customer-1" not in b"".join(plain.values())
    made = write_bundle(project.workspace, edition, tmp_path / "a.zip", with_lists=True)
    assert made.lists == 2, "as CSV and as Parquet"
    assert made.path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(made.path) as archive:
        names = [name for name in archive.namelist() if "/lists/" in name]
        assert [name.rpartition("/")[2] for name in names] == ["calls.csv", "calls.parquet"]
        assert b"canary-customer-1" in archive.read(names[0])
    found = project.workspace.unit_data("mini", "atlas") / "actions" / "calls.csv"
    found.write_text("another list")
    with pytest.raises(PublishError, match="not the one of this edition"):
        bundle_files(project.workspace, edition, with_lists=True)


def test_a_damaged_edition_is_not_handed_on(project: Project, edition: Edition) -> None:
    page = edition.folder / "good.html"
    page.chmod(0o644)
    page.write_bytes(b"")
    with pytest.raises(PublishError, match=r"damaged: good\.html"):
        bundle_files(project.workspace, edition)


def test_a_folder_with_something_in_it_is_left_alone(
    project: Project, edition: Edition, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(ParameterError, match="holds something already"):
        write_bundle(project.workspace, edition, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
