"""Sets up a virtual environment from a hash-pinned lock: what ``make setup`` runs.

Needs nothing but the standard library of Python >= 3.11. The steps, in `main`: environment, locked
packages, this package, Quarto. Only the last may fail: the reports then come out of the embedded
renderer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWNER = ".workbench-root"  # in the environment: the checkout that it was made for
SOURCE_ONLY = ("autograd-gamma",)  # packages of the lock that have no wheel for any platform
QUARTO_NOTE = ".workbench-quarto"  # in the environment: why quarto-cli could not be had


def say(text: str) -> None:
    """Print one line of progress at once."""
    print(f"setup: {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a command in the project's folder, and end the set-up when it fails."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        say(f"this failed (exit {done.returncode}): {' '.join(map(str, command))}")
        raise SystemExit(1)


def make_environment(venv: Path) -> Path:
    """Return the environment's Python; create the environment when there is none that works.

    One that was moved or copied with its checkout would still run the code of the old place, so it
    is made anew. One that somebody made by hand, or conda's, is kept.
    """
    python = venv / "bin" / "python"
    owner = venv / OWNER
    if (venv / "pyvenv.cfg").exists():
        moved = owner.exists() and owner.read_text(encoding="utf-8") != str(venv)
        # A Python that was asked for by name is the one to get, not the one of last time.
        other = bool(os.environ.get("PYTHON")) and not works(python, "pip", sys.version_info[:2])
        if moved or other or not works(python, "pip"):
            say(f"{venv.name} is unfinished, or for another place or Python: making it anew")
            shutil.rmtree(venv)
    if not python.exists():
        say(f"creating {venv} with Python {sys.version.split()[0]}")
        run(sys.executable, "-m", "venv", venv)
    if not works(python, "pip"):
        say(f"{python} does not run, is older than Python 3.11, or has no pip")
        raise SystemExit(2)
    owner.write_text(str(venv), encoding="utf-8")
    return python


def works(python: Path, module: str, version: tuple[int, int] | None = None) -> bool:
    """Return whether this Python runs, is of this version or new enough, and finds a module."""
    probe = (
        "import sys, importlib.util as u;"
        f"asked = {version} or max((3, 11), sys.version_info[:2]);"
        f"sys.exit(sys.version_info[:2] != asked or u.find_spec({module!r}) is None)"
    )
    try:
        done = subprocess.run([str(python), "-c", probe], check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def install(python: Path, lock: Path) -> None:
    """Install the locked packages, each checked against its hash, then this package as editable.

    Byte-code is compiled now: without it the imports of a notebook take 8 s instead of 3.
    """
    started = time.monotonic()
    uv = shutil.which("uv")
    if uv:
        pip = [uv, "pip", "install", "--quiet", "--python", str(python)]
        compiled = ["--compile-bytecode"]
    else:
        pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        compiled = ["--no-compile"]  # pip compiles one file after the other; below, all cores do
    say(f"installing {lock.relative_to(ROOT)} with {'uv' if uv else 'pip: some minutes'}")
    with tempfile.TemporaryDirectory(prefix="workbench-setup-") as scratch:
        # What is only published as source is built by the locked setuptools, not by whichever
        # version an isolated build would download.
        for name in ("setuptools", *SOURCE_ONLY):
            part = Path(scratch) / f"{name}.txt"
            part.write_text(block(lock.read_text(encoding="utf-8"), name), encoding="utf-8")
            if part.stat().st_size:
                run(
                    *pip,
                    *compiled,
                    "--require-hashes",
                    "--no-deps",
                    "--no-build-isolation",
                    "-r",
                    part,
                )
    run(*pip, *compiled, "--require-hashes", "-r", lock)
    # Its build backend is in the lock: nothing is downloaded for this one.
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    # A package may hold templates that are no Python: what does not compile is not needed compiled.
    folders = [ROOT / "src"] if uv else [python.parent.parent / "lib", ROOT / "src"]
    subprocess.run(
        [str(python), "-m", "compileall", "-qq", "-j", "0", *map(str, folders)],
        check=False,
        stdin=subprocess.DEVNULL,
    )
    say(f"packages ready in {time.monotonic() - started:.0f} s")


def block(lock: str, name: str) -> str:
    """Return the lines of one package in a lock, its hashes included; empty when not there."""
    lines = lock.splitlines(keepends=True)
    start = next((i for i, line in enumerate(lines) if line.startswith(f"{name}==")), len(lines))
    end = start
    while end < len(lines) and lines[end].rstrip().endswith("\\"):
        end += 1
    return "".join(lines[start : end + 1])


def find_quarto(venv: Path) -> str | None:
    """Return the Quarto that the reports will use, or None."""
    named = os.environ.get("QUARTO_PATH")
    if named:
        return named if Path(named).is_file() else None
    ours = venv / "bin" / "quarto"
    return str(ours) if ours.exists() else shutil.which("quarto")


def try_quarto(venv: Path, python: Path, wish: str, seconds: float) -> str:
    """Try to install quarto-cli within the time, and return what came of it.

    Its source package downloads a release while it builds. It is built into a temporary folder
    first, and only a finished wheel touches the environment: no half of it can stay behind.
    """
    note = venv / QUARTO_NOTE
    if wish == "no":
        return "quarto-cli not tried (QUARTO=no)"
    if note.exists() and wish != "yes":
        return note.read_text(encoding="utf-8") + "; `make setup QUARTO=yes` tries again"
    note.unlink(missing_ok=True)
    say(f"trying quarto-cli for at most {seconds:.0f} s")
    with tempfile.TemporaryDirectory(prefix="workbench-quarto-") as scratch:
        reason = build_quarto(python, Path(scratch), seconds)
        if not reason:
            wheel = next(Path(scratch).glob("quarto_cli-*.whl"))
            pip = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
            done = subprocess.run([*pip, str(wheel)], check=False, stdin=subprocess.DEVNULL)
            reason = "" if done.returncode == 0 else "pip did not install the built wheel"
    if reason:
        note.write_text(f"quarto-cli is not to be had here ({reason})", encoding="utf-8")
        return note.read_text(encoding="utf-8")
    return "quarto-cli installed"


def build_quarto(python: Path, scratch: Path, seconds: float) -> str:
    """Build quarto-cli's wheel in a scratch folder; return why not, or an empty string."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "wheel"]
    # setuptools, which builds it, came with the lock.
    command += ["--no-deps", "--no-build-isolation", "--no-cache-dir", "--require-hashes"]
    command += ["--wheel-dir", str(scratch), "-r", str(ROOT / "requirements-quarto.lock")]
    try:
        code = run_bounded(command, scratch, seconds)
    except subprocess.TimeoutExpired:
        return f"not downloaded and built within {seconds:.0f} s"
    return "its download or build failed" if code else ""


def run_bounded(command: list[str], folder: Path, seconds: float) -> int:
    """Return a quiet command's exit code; when the time is up, end it with all its children."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(timeout=seconds)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main(arguments: list[str] | None = None) -> None:
    """Set up the environment that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    parser.add_argument("--quarto", choices=("auto", "yes", "no"), default="auto")
    parser.add_argument("--quarto-timeout", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--packages-only", action="store_true", help="no word about renderers")
    wanted = parser.parse_args(arguments)

    venv = wanted.venv.absolute()
    python = make_environment(venv)
    install(python, wanted.lock.absolute())
    if wanted.packages_only:
        return
    quarto = find_quarto(venv)
    reason = ""
    if not quarto and not os.environ.get("QUARTO_PATH"):
        reason = try_quarto(venv, python, wanted.quarto, wanted.quarto_timeout)
        quarto = find_quarto(venv)
    if quarto:
        say(f"reports will be rendered by Quarto ({quarto})")
    else:
        reason = reason or "QUARTO_PATH names no file"
        say(f"reports will be rendered by the embedded renderer: {reason}")


if __name__ == "__main__":
    main()
