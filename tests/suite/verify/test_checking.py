"""An edition made again elsewhere: the same, or what is missing, or where it first differs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from workbench.cli import app
from workbench.files import canonical, digest_of, digest_of_file, files_below
from workbench.suite.editions import Edition, damage, read_edition
from workbench.suite.run import Choice, run
from workbench.suite.verify import verify

from ..conftest import Project, write_params

QUICK = Choice(renderer="embedded")
WATCH = """\
alerts:
  moved:
    metric: good.lines
    when: change > 10%
"""


@pytest.fixture
def edition(project: Project) -> Edition:
    """Return an edition that follows another, with an alert and a failed report."""
    workspace = project.workspace
    for name in ("atlas", "brook"):
        path = workspace.params / "mini" / f"{name}.yml"
        path.write_text(path.read_text() + WATCH)
    run(workspace, "mini", QUICK)
    write_params(workspace, as_of="2025-07-31", atlas={"shaky": {"broken": 1}})
    path = workspace.params / "mini" / "atlas.yml"
    path.write_text(path.read_text() + WATCH)
    project.ingest.rows["atlas"]["orders"] = 40
    result = run(workspace, "mini", QUICK)
    assert len(result.alerts["atlas"]) == 1
    return result.editions["atlas"]


def test_an_edition_is_made_again_to_the_last_byte(project: Project, edition: Edition) -> None:
    told: list[str] = []
    before = {path: digest_of_file(path) for path in files_below(project.workspace.root)}
    found = verify(project.workspace, edition, workers=1, told=told.append)
    assert found.is_same, found
    assert (found.made, found.kept) == (("good",), ("shaky", "support"))
    assert told == ["good"]
    assert found.files == len(edition.manifest["files"]) + 1
    after = {path: digest_of_file(path) for path in files_below(project.workspace.root)}
    assert before == after, "nothing of the project changes"


def test_without_the_edition_before_it_is_made_again(project: Project, edition: Edition) -> None:
    shutil.rmtree(edition.folder.parent / edition.manifest["prior"]["edition"])
    assert verify(project.workspace, edition).is_same


def test_a_damaged_edition_is_not_made_again(project: Project, edition: Edition) -> None:
    page = edition.folder / "good.html"
    page.chmod(0o644)
    page.write_bytes(page.read_bytes() + b" ")
    found = verify(project.workspace, edition)
    assert found.damaged == ("good.html",)
    assert not found.is_same


def test_what_is_missing_is_named(project: Project, edition: Edition) -> None:
    notebook = project.workspace.notebooks / "good.ipynb"
    told = json.loads(notebook.read_text())
    told["cells"].append({**told["cells"][-1], "id": "more", "source": "print(1)"})
    notebook.write_text(json.dumps(told))
    snapshot = edition.manifest["data"]["snapshot"]
    shutil.rmtree(project.workspace.unit_data("mini", "atlas") / "snapshots" / snapshot)
    found = verify(project.workspace, edition)
    assert not found.is_same
    assert found.missing[0] == "good: notebook changed"
    assert snapshot in found.missing[1]
    notebook.unlink()
    assert verify(project.workspace, edition).missing == ("good: its notebook is gone",)


def forge(edition: Edition, name: str, old: bytes, new: bytes) -> Edition:
    """Publish the edition with other bytes in a file, and a manifest that vouches for them."""
    forged = edition.folder.with_name("forged")
    shutil.copytree(edition.folder, forged)
    for path in files_below(forged):
        path.chmod(0o644)
    content = (forged / name).read_bytes()
    assert old in content
    (forged / name).write_bytes(content.replace(old, new, 1))
    manifest = json.loads((forged / "manifest.json").read_bytes())
    manifest["files"][name] = digest_of_file(forged / name)
    (forged / "manifest.json").write_bytes(canonical(manifest))
    place = forged.with_name(f"{manifest['as_of']}-{digest_of(canonical(manifest))}")
    forged.rename(place)
    found = read_edition(place)
    assert found is not None
    assert damage(found) == []
    return found


def test_the_first_difference_is_named(project: Project, edition: Edition) -> None:
    forged = forge(edition, "good.ipynb", b"has 40 order lines", b"has 41 order lines")
    found = verify(project.workspace, forged)
    assert not found.is_same
    first = found.differences[0]
    assert first.file == "good.ipynb"
    assert "has 41 order lines" in first.words
    assert "has 40 order lines" in first.words


def test_the_command_says_it_and_ends_with_1(
    project: Project, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.workspace.root)
    monkeypatch.setenv("WORKBENCH_ROOT", str(project.workspace.root))
    good = CliRunner().invoke(app, ["verify", "mini/atlas"])
    assert good.exit_code == 0, good.output
    assert "the same" in good.output
    assert "as they are: shaky, support" in good.output
    forged = forge(edition, "good.html", b"order lines", b"Order lines")
    bad = CliRunner().invoke(app, ["verify", f"mini/atlas/{forged.id}"])
    assert bad.exit_code == 1
    assert "first: good.html: line" in bad.output


def test_relative_places_do_not_matter(project: Project, edition: Edition, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(project.workspace.root, other)
    moved = read_edition(other / edition.folder.relative_to(project.workspace.root))
    assert moved is not None
    assert verify(type(project.workspace)(other), moved).is_same
