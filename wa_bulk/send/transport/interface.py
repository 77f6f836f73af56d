"""What every transport is: one request's bytes out, one reply in, or the truth about how far it came.

TransportError
├── NotSent         proven: the API cannot have acted on the request
│   └── BadAddress  and it never will at this address: the same request would meet the same again
└── MaybeSent       the request was written, and no usable reply followed
"""

import ssl
from typing import Protocol, Self

import msgspec


class Reply(msgspec.Struct, frozen=True, gc=False, eq=False):
    """An HTTP reply, whatever its status: judging it is the caller's work.

    `body` is what came, not decoded where it is compressed. Two replies are equal if they say the same,
    whatever connection they came on.
    """

    status: int
    body: bytes
    retry_after: float | None = None  # seconds from now
    origin: object = None
    """The connection it came on, for `Transport.other_requests` and `Transport.distrust` only."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reply):
            return NotImplemented
        return (self.status, self.body, self.retry_after) == (other.status, other.body, other.retry_after)

    def __hash__(self) -> int:
        return hash((self.status, self.body, self.retry_after))


CLOSED = "the transport was closed"
"""Why nothing more is sent, or awaited."""


class TransportError(Exception):
    """No reply; the text says why, and never holds credentials or the payload."""


class NotSent(TransportError):
    """The request did not leave whole: no connection (DNS, refused, TLS), or lost while being written."""


class BadAddress(NotSent):
    """Nothing can be sent to this address, now or later: a certificate that cannot be verified, a server
    that speaks HTTP where TLS is expected or TLS where HTTP is, a proxy that asks for credentials.

    `http_status` is the proxy's answer where there was one.
    """

    def __init__(self, message: str, http_status: int | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status

    @classmethod
    def by_certificate(cls, host: str, cause: Exception) -> Self:
        """For a certificate of `host` that cannot be verified, with the reason."""
        reason = (
            cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else type(cause).__name__
        )
        return cls(f"the certificate of {host} cannot be verified: {reason}")

    @classmethod
    def without_tls(cls, host: str, port: int) -> Self:
        """For an https:// address whose server answers the TLS handshake in plain text."""
        return cls(f"{host}:{port} does not speak TLS: did you mean http://?")

    @classmethod
    def with_tls(cls, host: str, port: int) -> Self:
        """For an http:// address whose server answers the request with a TLS alert."""
        return cls(f"{host}:{port} speaks TLS: did you mean https://?")


class MaybeSent(TransportError):
    """Timeout, reset, close or an unreadable reply once the request was written: it may be accepted."""


class Unusable(RuntimeError):
    """The program uses the transport as it cannot be used: in another event loop, or with a closed session of
    its own. Nothing was sent, and no other request will be until that is mended.
    """


class Transport(Protocol):
    """The one seam to the network. Never retries, never follows a redirect: the callers decide.

    Cancelling one `post` hurts no other: its connection is discarded. Belongs to the event loop of its first
    post or prepare; in another one, or in another thread, these and `close` raise Unusable before any
    byte leaves. After a fork the child starts anew, without the parent's connections.
    """

    @property
    def name(self) -> str:
        """Which transport this is, for settings and logs: "lean" or "aiohttp"."""
        ...

    def ready(self) -> bool:
        """Return whether a post would leave now, over a connection at hand. True where that is not known."""
        ...

    async def prepare(self) -> None:
        """Have a connection at hand; raises NotSent."""
        ...

    async def post(self, payload: bytes) -> Reply:
        """Send `payload` as the body of one POST and return the reply; raises NotSent or MaybeSent."""
        ...

    def other_requests(self, reply: Reply) -> list[bytes]:
        """Return the payloads that `reply` could be meant for instead of its own: those last written to its
        connection, and those now waiting for a reply on any other. To be asked as soon as `reply` is there.

        Its own payload may be among them.
        """
        ...

    def distrust(self, reply: Reply) -> None:
        """Discard the connection that `reply` came on: a post waiting on it ends as MaybeSent."""
        ...

    def give_up_unwritten(self) -> None:
        """End the posts that still wait for a connection, and the making of connections: they raise NotSent.

        For the end of all sending: nothing is posted afterwards.
        """
        ...

    async def close(self, timeout: float | None = None) -> None:
        """Refuse new posts, wait for those in flight, then let go of every connection.

        After `timeout` seconds, or once cancelled, posts still in flight are given up: they raise MaybeSent,
        or NotSent where that is proven.
        """
        ...
