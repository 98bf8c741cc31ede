"""Lines of JSON over a socket, and the hand-over of a socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

__all__ = ["Wire", "receive_with_socket", "send_with_socket"]

_CHUNK = 1 << 16
_LENGTH = 8


class Wire:
    """One end of a connection; each message is a JSON object.

    Parameters
    ----------
    end
        The socket.
    """

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self._rest = b""

    def send(self, **message: Any) -> None:
        """Send a message; a value that JSON does not know is sent as its text."""
        content = json.dumps(message, ensure_ascii=True, default=str).encode() + b"\n"
        self.end.sendall(content)

    def receive(self) -> Iterator[dict[str, Any]]:
        """Yield the messages that are there, after waiting for some; none at the end.

        Raises
        ------
        TimeoutError
            When none came within the socket's time-out.
        """
        content = self.end.recv(_CHUNK)
        *lines, self._rest = (self._rest + content).split(b"\n")
        for line in lines:
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # the last words of a process that was killed while it spoke
        if not content:
            raise EOFError


def send_with_socket(end: socket.socket, message: dict[str, Any], other: socket.socket) -> None:
    """Send one message with a socket that the other side gets."""
    content = json.dumps(message).encode()
    socket.send_fds(end, [len(content).to_bytes(_LENGTH)], [other.fileno()])
    end.sendall(content)


def receive_with_socket(end: socket.socket) -> tuple[dict[str, Any], socket.socket] | None:
    """Return a message and the socket that came with it; None when the other side is gone."""
    head, handles, _, _ = socket.recv_fds(end, _LENGTH, 1)
    if len(head) < _LENGTH or not handles:
        return None
    wanted, content = int.from_bytes(head), b""
    while len(content) < wanted:
        piece = end.recv(min(_CHUNK, wanted - len(content)))
        if not piece:
            return None
        content += piece
    return json.loads(content), socket.socket(fileno=handles[0])
