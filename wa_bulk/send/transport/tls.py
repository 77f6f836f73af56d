"""The same connection through TLS: the standard library's, fed from memory.

The event loops' own TLS layers cost more than the encryption; here a request is one call in and one out.
"""

import asyncio
import contextlib
import os
import ssl

from .connection import READ_MAX, Connection, Owner
from .reason import reason_of

RECORD_MAX = 16 * 1024  # bytes of plain text in one TLS record (RFC 8446, 5.1)


# What OpenSSL says of bytes that are no TLS record at all.
_NO_RECORD = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST"})


def is_plain_text(error: ssl.SSLError) -> bool:
    """Return whether `error` is that the other side answered a handshake with something that is not TLS."""
    return error.reason in _NO_RECORD


class TlsClient:
    """Who we are to which host, and the session that the next connection may take up again."""

    def __init__(self, host: str, context: ssl.SSLContext | None) -> None:
        self._host = host
        # Checks certificate and host name; made now, so that SSL_CERT_FILE counts as it is now.
        self._context = context or ssl.create_default_context()
        self.session: ssl.SSLSession | None = None

    def wrap(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> ssl.SSLObject:
        """Return the client's end of a new connection between two buffers of cipher text."""
        return self._context.wrap_bio(incoming, outgoing, server_hostname=self._host, session=self.session)


class TlsConnection(Connection):
    """A connection whose bytes pass through an `ssl.SSLObject` on their way."""

    encrypted = True
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

    async def handshake(self) -> None:
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
        # All that came goes on in one piece, as if it had come without TLS: what follows a reply counts.
        plain = b""
        failure: ssl.SSLError | None = None
        ended = False
        try:
            plain = tls.read(RECORD_MAX)
            ended = not plain
            while plain and not ended and (incoming.pending or tls.pending()):
                more = tls.read(RECORD_MAX)
                ended = not more
                plain += more
        except ssl.SSLWantReadError:
            pass  # a part of a record, or one without data for us
        except ssl.SSLError as error:
            failure = error
        if plain:
            super().data_received(plain)
        if failure is not None:
            self.fail(f"TLS failed ({reason_of(failure)})", failure)
        elif ended:
            self.ended()
        if self.open:
            self._flush()

    def is_readable(self) -> bool:
        """Return whether something other than TLS's own messages, such as new tickets, waits to be read."""
        for _ in range(3):
            if not super().is_readable():
                return False
            try:
                cipher_text = os.read(self.fileno(), READ_MAX)
            except OSError:
                return True
            if not cipher_text:
                return True
            self.data_received(cipher_text)
            if not self.open:
                return True
        return True

    def eof_received(self) -> None:
        self.ended(whole=False)  # without TLS's close_notify

    def connection_lost(self, error: Exception | None) -> None:
        if self._shaking is not None and not self._shaking.done():
            self._shaking.set_exception(ConnectionResetError("closed during the TLS handshake"))
        super().connection_lost(error)

    def send_close_notify(self) -> None:
        if self._shaken and not self.is_closing():
            self._client.session = self._tls.session or self._client.session
            with contextlib.suppress(ssl.SSLError):  # there is no waiting for the server's answer
                self._tls.unwrap()
            self._flush()
