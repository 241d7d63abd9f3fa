"""HTTP with bounded headers: the server's parser itself would take them without an end."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADER_BYTES = 64 * 1024


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection whose request line and headers do not come to an end in time."""

    _waiting = 0
    _in_headers = True
    _moved_on = False

    def data_received(self, data: bytes) -> None:
        """Count what came in while the headers are not complete."""
        self._moved_on = False
        super().data_received(data)
        if self._moved_on or not self._in_headers:
            self._waiting = 0
            return
        self._waiting += len(data)
        if self._waiting > MAX_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too large.")

    def on_headers_complete(self) -> None:
        """The body follows; the application bounds it."""
        self._in_headers, self._moved_on = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next request of this connection begins with headers again."""
        self._in_headers = self._moved_on = True
        super().on_message_complete()
