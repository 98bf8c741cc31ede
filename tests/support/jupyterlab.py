"""A real JupyterLab server, as `make lab` starts it, and a notebook run through its kernels."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

from websocket import WebSocket, create_connection

__all__ = ["Lab", "Session", "serve"]

TOKEN = "only-for-this-test"
STARTED_IN = 90.0
CELL_SECONDS = 90.0


@dataclass(frozen=True)
class Lab:
    """A server that runs.

    Parameters
    ----------
    port
        Where it listens, on this machine only.
    """

    port: int

    @property
    def address(self) -> str:
        """Return what its addresses begin with."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer of the server's REST API."""
        request = Request(
            f"{self.address}/api/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
            method=method,
        )
        with urlopen(request, timeout=60) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    @contextmanager
    def session(self, notebook: str) -> Iterator[Session]:
        """Open a notebook as JupyterLab does: a session with a kernel of its own."""
        made = self.ask(
            "POST",
            "sessions",
            {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}},
        )
        channels = create_connection(
            f"ws://127.0.0.1:{self.port}/api/kernels/{made['kernel']['id']}/channels?token={TOKEN}",
            timeout=CELL_SECONDS,
        )
        try:
            yield Session(self, channels)
        finally:
            channels.close()
            self.ask("DELETE", f"sessions/{made['id']}")


@dataclass(frozen=True)
class Session:
    """A notebook that is open, with its kernel."""

    lab: Lab
    channels: WebSocket

    def run(self, source: str) -> list[dict[str, Any]]:
        """Run one cell and return its outputs as a notebook keeps them."""
        asked = uuid4().hex
        header = {"msg_id": asked, "msg_type": "execute_request", "username": "", "session": asked}
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}}
        self.channels.send(json.dumps({**message, "content": content, "channel": "shell"}))
        outputs: list[dict[str, Any]] = []
        while True:
            told = json.loads(self.channels.recv())
            if told["parent_header"].get("msg_id") != asked:
                continue
            kind = told["msg_type"]
            if kind == "status" and told["content"]["execution_state"] == "idle":
                return outputs
            if kind in {"display_data", "execute_result", "stream", "error"}:
                outputs.append({"output_type": kind, **told["content"]})

    def run_all(self, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Run the code cells of a notebook in order and return all of their outputs."""
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        return [output for cell in code for output in self.run(_text(cell["source"]))]


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


@contextmanager
def serve(root: Path, suite: str, scratch: Path) -> Iterator[Lab]:
    """Start JupyterLab on a project's notebooks, as `make lab` does but without a browser.

    Parameters
    ----------
    root
        The project.
    suite
        The suite that the notebooks read.
    scratch
        Where it may keep what it writes; nothing of the user's own Jupyter is read.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    places = {
        f"JUPYTER_{name}_DIR": str(scratch / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")},
        **places,
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "WORKBENCH_ROOT": str(root),
        "WORKBENCH_SUITE": suite,
    }
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.root_dir=notebooks"]
    own = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    log = scratch / "server.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [*command, *own], cwd=root, env=environment, stdout=told, stderr=subprocess.STDOUT
        )
    try:
        lab = Lab(port)
        _wait(lab, process, log)
        yield lab
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTED_IN
    while time.monotonic() < end and process.poll() is None:
        try:
            lab.ask("GET", "status")
        except (HTTPError, URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"JupyterLab did not start: {log.read_text(errors='replace')[-3000:]}")
