"""The network between nerq and a service: a TCP proxy that a test may slow down, freeze, break or cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit

from tests.services import free_port


class Proxy:
    """Forwards connections to the service of a URL of this machine; `url` leads through the proxy."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url).port
        assert target
        self._target = ("127.0.0.1", target)
        self._port = free_port()
        self.url = url.replace(f":{target}", f":{self._port}", 1)
        #: Seconds by which everything is late, in each direction.
        self.latency_s = 0.0
        #: The answer to the COMMIT of a transaction with these bytes in it is lost, and with it the connection.
        self.loses_commits_of: bytes | None = None
        self.n_lost_answers = 0
        self._flow = threading.Event()
        self._links: list[_Link] = []
        self._listener: socket.socket | None = None
        self.thaw()
        self.open()

    def freeze(self) -> None:
        """Forward nothing, but take new connections, close none and confirm every packet."""
        self._flow.clear()

    def thaw(self) -> None:
        """Forward again, what was held back first."""
        self._flow.set()

    def forget(self) -> None:
        """Swallow for ever what comes over the present connections, as a router that lost its table; new ones work."""
        for link in self._links:
            link.is_forgotten = True

    def open(self) -> None:
        """Take connections, again."""
        self._listener = socket.create_server(self._address)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and close the present ones."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # a close alone does not wake the one that accepts
            self._listener.close()
            self._listener = None
        self.drop()

    def drop(self) -> None:
        """Close the present connections."""
        for link in self._links:
            link.close()
        self._links.clear()

    def remove(self) -> None:
        """Stop it for good."""
        self.cut()
        self._flow.set()

    @property
    def n_connections(self) -> int:
        """How many connections lead through it."""
        return sum(not link.is_closed for link in self._links)

    @property
    def _address(self) -> tuple[str, int]:
        return "127.0.0.1", self._port

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self._target, 5)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                self._links.append(_Link(self, client, server))


class _Link:
    """One connection through the proxy: two sockets, and a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.is_forgotten = False
        self.is_closed = False
        self._proxy = proxy
        self._client, self._server = client, server
        self._transaction = b""
        self._is_answer_lost = False
        for way in ((client, server), (server, client)):
            threading.Thread(target=self._carry, args=way, daemon=True).start()

    def close(self) -> None:
        self.is_closed = True
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.is_forgotten:
                    continue
                if self._is_answer_lost:
                    self._proxy.n_lost_answers += 1
                    break
                self._is_answer_lost = source is self._client and self._loses_answer_to(data)
                if self._proxy.latency_s:
                    threading.Event().wait(self._proxy.latency_s)
                self._proxy._flow.wait()
                if not self.is_forgotten:
                    target.sendall(data)
        if not self.is_forgotten:
            self.close()

    def _loses_answer_to(self, data: bytes) -> bool:
        lost = self._proxy.loses_commits_of
        if lost is None:
            return False
        self._transaction += data
        if b"COMMIT" not in data:
            return False
        is_lost, self._transaction = lost in self._transaction, b""
        return is_lost
