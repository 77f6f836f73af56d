"""The same connection through TLS: the standard library's, fed from memory.

The event loops' own TLS layers cost more than the encryption; here a request is one call in and one out.
"""

import asyncio
import contextlib
import ssl

from .connection import Connection, Owner, words

RECORD_MAX = 16 * 1024  # bytes of plain text in one TLS record (RFC 8446, 5.1)


class TlsClient:
    """Who we are to which host, and the session that the next connection may take up again."""

    def __init__(self, host: str, context: ssl.SSLContext | None) -> None:
        self._host = host
        self._context = context or ssl.create_default_context()  # checks certificate and host name
        self.session: ssl.SSLSession | None = None

    def wrap(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """The client's end of a new connection between two buffers of cipher text."""
        return self._context.wrap_bio(incoming, outgoing, server_hostname=self._host, session=self.session)


class TlsConnection(Connection):
    """A connection whose bytes pass through an `ssl.SSLObject` on their way."""

    __slots__ = ("_client", "_incoming", "_outgoing", "_shaken", "_shaking", "_tls")

    def __init__(self, owner: Owner, client: TlsClient) -> None:
        super().__init__(owner)
        self._client = client
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = client.wrap(self._incoming, self._outgoing)
        self._shaking: asyncio.Future[None] | None = None
        self._shaken = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.write = self._encrypt

    async def ready(self) -> None:
        if not self.open:
            raise ConnectionResetError("closed before the TLS handshake")
        self._shaking = asyncio.get_running_loop().create_future()
        self._shake()
        await self._shaking

    def _shake(self) -> None:
        failure: ssl.SSLError | None = None
        try:
            self._tls.do_handshake()
            self._shaken = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            failure = error
        self._flush()  # the next message of the handshake, or the alert that says why there is none
        if self._shaking is None or self._shaking.done():
            return
        if failure is not None:
            self._shaking.set_exception(failure)
        elif self._shaken:
            self._shaking.set_result(None)

    def _encrypt(self, request: bytes) -> None:
        try:
            written = self._tls.write(request)
            while written < len(request):
                written += self._tls.write(request[written:])
        except ssl.SSLError:
            self.discard()  # nothing left: what was encrypted is still here
        else:
            self._transport.write(self._outgoing.read())

    def _flush(self) -> None:
        if self._outgoing.pending and not self._unwritten:
            self._transport.write(self._outgoing.read())
            self._unwritten = False  # what the kernel did not take is no part of a request

    def data_received(self, data: bytes) -> None:
        incoming, tls = self._incoming, self._tls
        incoming.write(data)
        if not self._shaken:
            self._shake()
            if not self._shaken:
                return
        try:
            while self.open:
                plain = tls.read(RECORD_MAX)
                if not plain:
                    self.ended()
                    return
                Connection.data_received(self, plain)
                if not incoming.pending and not tls.pending():
                    break
        except ssl.SSLWantReadError:
            pass  # a part of a record, or one without data for us
        except ssl.SSLError as error:
            self.fail(f"TLS failed ({words(error)})", error)
        if self.open:
            self._flush()

    def eof_received(self) -> None:
        self.ended(whole=False)  # without TLS's own goodbye

    def connection_lost(self, error: Exception | None) -> None:
        if self._shaking is not None and not self._shaking.done():
            self._shaking.set_exception(ConnectionResetError("closed during the TLS handshake"))
        super().connection_lost(error)

    def farewell(self) -> None:
        if self._shaken and not self.is_closing():
            self._client.session = self._tls.session or self._client.session
            with contextlib.suppress(ssl.SSLError):  # there is no waiting for the server's answer
                self._tls.unwrap()
            self._flush()
