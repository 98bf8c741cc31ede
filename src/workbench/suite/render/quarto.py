"""The renderer for where Quarto is installed: it lays out the same document as the embedded one.

What Quarto does with a notebook was measured, and each trap is met here:

- it works on a copy in a folder of its own, because it writes beside the notebook;
- nothing is executed, and nothing of this process's environment reaches it but a short list;
- what it reads holds no string that it could take for markup of its own (`qmd`);
- its scripts are taken out, its styles are hashed, and the order of attributes is fixed (`finish`).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import RenderError
from workbench.suite.render.files import write_page
from workbench.suite.render.finish import finish
from workbench.suite.render.page import ReportPage
from workbench.suite.render.prepare import prepare
from workbench.suite.render.prose import without_ansi
from workbench.suite.render.style import stylesheet

if TYPE_CHECKING:
    import nbformat

__all__ = ["QuartoRenderer", "find_quarto"]

TIMEOUT_SECONDS = 180
# Measured on all pages of the demo and the Online Retail suite: 334 to 479, however long the page.
PEAK_MB = 500.0
_VERSION_SECONDS = 30
# What Quarto needs to find its own parts; conda's package sets those that begin with QUARTO_.
_PASSED = (
    "PATH",
    "SYSTEMROOT",
    "DENO_DOM_PLUGIN",
    "QUARTO_CONDA_PREFIX",
    "QUARTO_DART_SASS",
    "QUARTO_DENO",
    "QUARTO_DENO_DOM",
    "QUARTO_ESBUILD",
    "QUARTO_PANDOC",
    "QUARTO_SHARE_PATH",
    "QUARTO_TYPST",
)
_SERIOUS = {"ERROR", "CRITICAL"}
_STACK = re.compile(r"\bstack trace(?:back)?:", re.IGNORECASE)
_FOLDERS = re.compile(r"(?<![\w.>:/])(?:/[^\s/:]+)+/(?=[^\s/:])")


def find_quarto(environment: Mapping[str, str] | None = None) -> QuartoRenderer | None:
    """Return the renderer when Quarto is found and says its version, else None.

    Parameters
    ----------
    environment
        Where ``QUARTO_PATH`` (the program, or the folder that holds it) and ``PATH`` are read; this
        process's own when not given.

    Raises
    ------
    RenderError
        When ``QUARTO_PATH`` names something that is no working Quarto.
    """
    known = os.environ if environment is None else environment
    named = known.get("QUARTO_PATH")
    if named:
        place = Path(named)
        program = shutil.which(str(place / "quarto" if place.is_dir() else place))
        version = _version(program) if program else None
        if program is None or version is None:
            raise RenderError(
                "QUARTO_PATH names no working Quarto",
                where="QUARTO_PATH",
                fix="Name the program `quarto` or its folder, or unset the variable.",
            )
        return QuartoRenderer(program, version)
    program = shutil.which("quarto", path=known.get("PATH"))
    version = _version(program) if program else None
    return QuartoRenderer(program, version) if program and version else None


@cache
def _version(program: str) -> str | None:
    with tempfile.TemporaryDirectory(prefix="quarto-") as folder:
        try:
            done = subprocess.run(
                [program, "--version"],
                env=_environment(Path(folder)),
                capture_output=True,
                text=True,
                timeout=_VERSION_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    said = without_ansi(done.stdout).strip()
    return said if done.returncode == 0 and re.fullmatch(r"\d+(\.\d+)+\S*", said) else None


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment without secrets: a shortcode could print any variable."""
    kept = {name: os.environ[name] for name in _PASSED if name in os.environ}
    here = str(folder)
    return kept | {
        "HOME": here,
        "TMPDIR": here,
        "XDG_CACHE_HOME": here,
        "XDG_DATA_HOME": here,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "DENO_NO_UPDATE_CHECK": "1",
    }


@dataclass(frozen=True)
class QuartoRenderer:
    """Renders with Quarto.

    Parameters
    ----------
    program
        The program's path.
    version
        What it says of itself.
    timeout_seconds
        How long one page may take.
    """

    program: str
    version: str
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """Return the renderer's name."""
        return "quarto"

    @property
    def peak_mb(self) -> float:
        """Return what Quarto, Deno and Pandoc hold together for one page, in megabytes."""
        return PEAK_MB

    def render(self, nb: nbformat.NotebookNode, page: ReportPage, out: Path) -> None:
        """Write the page of an executed notebook.

        Parameters
        ----------
        nb
            The executed notebook; it is not changed.
        page
            What the page says beside it.
        out
            The file to write; it is replaced in one step.

        Raises
        ------
        RenderError
            When Quarto fails, takes too long, or writes a page that would fetch something.
        """
        document = prepare(nb, page)
        with tempfile.TemporaryDirectory(prefix="quarto-") as name:
            folder = Path(name)
            # Imported only now: to find Quarto, nobody should wait for nbformat.
            source: str = import_module("workbench.suite.render.qmd").quarto_source(document)
            (folder / "report.ipynb").write_text(source, encoding="utf-8")
            self._run(folder)
            made = folder / "report.html"
            if not made.is_file():
                raise RenderError("Quarto wrote no page", where=out.name, fix=_log_text(folder))
            html = made.read_text(encoding="utf-8")
        write_page(out, finish(html, page, stylesheet(), where=out.name))

    def _run(self, folder: Path) -> None:
        command = [
            self.program,
            "render",
            "report.ipynb",
            *("--to", "html"),
            "--no-execute",
            *("--output", "report.html"),
            "--quiet",
            *("--log", "quarto.log"),
            *("--log-format", "json-stream"),
        ]
        # In a session of its own: Quarto starts Deno and Pandoc, and all of them must go together.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=self.timeout_seconds)
        except subprocess.TimeoutExpired:
            raise RenderError(
                f"Quarto took longer than {self.timeout_seconds:g} seconds",
                where="quarto render",
                fix="Render again, or use the embedded renderer.",
            ) from None
        finally:
            _end(process)
        if code != 0:
            raise RenderError(
                f"Quarto failed with exit code {code}", where="quarto render", fix=_log_text(folder)
            )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a process and of those that it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _log_text(folder: Path) -> str:
    """Return the errors of Quarto's log as text, without this machine's paths.

    What Pandoc or a filter says stands there as mere information, after the options and the
    metadata that Quarto tells of each page.
    """
    log = folder / "quarto.log"
    if not log.is_file():
        return "It left no log."
    entries = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            entries.append(json.loads(line))
    told = [
        (str(entry.get("levelName", "ERROR")), without_ansi(str(entry.get("msg", ""))))
        for entry in entries
        if isinstance(entry, dict)
    ]
    said = [message for level, message in told if level in _SERIOUS]
    if not said:
        start = next((n + 2 for n, (_, message) in enumerate(told) if message == "metadata"), 0)
        said = [message for _, message in told[start:]]
    text = " ".join(" ".join(_STACK.split(message, maxsplit=1)[0] for message in said).split())
    text = _FOLDERS.sub("", text.replace(str(folder), "<temp>"))
    return text[:2000] or "Its log holds no error."
