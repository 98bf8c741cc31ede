"""A real browser without a window, driven over a pipe: what a reader sees, and what runs.

It speaks the protocol of Chromium's developer tools and needs nothing but the browser itself.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

__all__ = ["Browser", "Page", "find_browser", "open_browser"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 30.0  # seconds for one answer
_KEYS = {"Escape": 27, "Enter": 13, "Tab": 9}


def find_browser() -> str | None:
    """Return the program, or None when there is none on this machine."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Give a browser, and end it afterwards."""
    program = find_browser()
    assert program is not None, "there is no Chromium on this machine"
    down, up = os.pipe(), os.pipe()
    ours = (os.dup(down[1]), os.dup(up[0]))
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (down[0], up[1])]
    for end in (*down, *up):
        os.close(end)

    def place() -> None:
        os.dup2(theirs[0], 3)
        os.dup2(theirs[1], 4)

    with TemporaryDirectory(ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(  # the browser talks over handles 3 and 4
            [
                program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                f"--user-data-dir={home}",
                "--remote-debugging-pipe",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=place,
        )
        for end in theirs:
            os.close(end)
        browser = Browser(*ours)
        try:
            yield browser
        finally:
            with suppress(OSError, AssertionError):
                browser.call("Browser.close")
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for end in ours:
                os.close(end)


class Browser:
    """A running browser.

    Parameters
    ----------
    say, hear
        The two ends of the pipe to it.
    """

    def __init__(self, say: int, hear: int) -> None:
        self._say, self._hear = say, hear
        self._rest = b""
        self._last = 0
        self.pages: dict[str, Page] = {}

    def open(
        self, path: Path, *, width: int = 1280, height: int = 900, script: bool = True
    ) -> Page:
        """Open a file in a window of a size, and return it once it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            page.call(f"{domain}.enable")
        page.call("Network.setCacheDisabled", cacheDisabled=True)
        page.call("Emulation.setScriptExecutionDisabled", value=not script)
        page.resize(width, height)
        page.call("Page.navigate", url=path.resolve().as_uri())
        self.until(lambda: page.loaded)
        return page

    def call(self, method: str, session: str = "", **params: Any) -> Any:
        """Send a command, and return its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._say, json.dumps(message).encode() + b"\0")
        answer = self._listen(lambda told: told.get("id") == message["id"])
        assert "error" not in answer, (method, answer.get("error"))
        return answer["result"]

    def until(self, holds: Any) -> None:
        """Wait until something holds, hearing what the browser tells meanwhile."""
        if not holds():
            self._listen(lambda _: bool(holds()))

    def _listen(self, is_it: Any) -> dict[str, Any]:
        end = monotonic() + PATIENCE
        while True:
            while b"\0" in self._rest:
                one, _, self._rest = self._rest.partition(b"\0")
                told: dict[str, Any] = json.loads(one)
                if told.get("sessionId") in self.pages and "method" in told:
                    self.pages[told["sessionId"]].hear(told["method"], told["params"])
                if is_it(told):
                    return told
            left = end - monotonic()
            assert left > 0, "the browser does not answer"
            if select.select([self._hear], [], [], left)[0]:
                heard = os.read(self._hear, 1 << 20)
                assert heard, "the browser has gone"
                self._rest += heard


class Page:
    """An open page.

    Parameters
    ----------
    browser, session
        Where it is.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.loaded = False
        self.requests: list[str] = []  # but the page itself, and what it holds within itself
        self.complaints: list[str] = []  # errors, refusals of the policy, dialogs

    def hear(self, method: str, params: dict[str, Any]) -> None:
        """Note what the browser tells of the page."""
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if not url.startswith("data:") and params.get("type") != "Document":
                self.requests.append(url)
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {params['message']}")
        elif method == "Audits.issueAdded":  # the policy refused something
            self.complaints.append(str(params["issue"]))

    def call(self, method: str, **params: Any) -> Any:
        """Send a command for this page, and return its answer."""
        return self._browser.call(method, self._session, **params)

    def close(self) -> None:
        """Close the page."""
        self.call("Page.close")

    def resize(self, width: int, height: int) -> None:
        """Give the page a window of a size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression within the page, as JSON has it."""
        told = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = _KEYS.get(key, ord(key[0].upper()))
        text = {} if key in _KEYS else {"text": key}
        for kind in ("keyDown", "keyUp"):
            more = text if kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more
            )

    def write(self, text: str) -> None:
        """Write into what has the focus."""
        self.call("Input.insertText", text=text)

    def wait_for(self, script: str) -> None:
        """Wait until an expression is true."""
        self.evaluate(
            f"new Promise((done) => {{ const look = () => ({script}) ? done(true) :"
            " setTimeout(look, 20); look(); })"
        )

    def picture(self) -> bytes:
        """Return what the window shows, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def print(self) -> bytes:
        """Return the page on paper, as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])
