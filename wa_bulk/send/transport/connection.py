"""One keep-alive HTTP/1.1 connection: a request goes out, and whatever comes back is judged."""

import asyncio
import select
from collections.abc import Callable, Sized
from time import monotonic
from typing import Protocol, cast

import httptools

from .interface import BadAddress, MaybeSent, NotSent, Reply
from .limits import IDLE_MAX, MAX_HEAD, NEW_CONNECTION_AFTER
from .reason import reason_of
from .reply_head import ReplyHead, be_lenient, keep_alive_seconds, retry_after_seconds, wants_tls

READ_MAX = 64 * 1024  # bytes

TLS_ALERT = b"\x15\x03"  # how a record with one begins (RFC 8446, 5.1)


class Owner(Protocol):
    """What a connection needs of the pool it belongs to.

    `idle` are the connections that can be given out, and `waiters` the posts that wait for one; `closing` is
    whether it keeps none any more. `address` is the server's host and port; `reply_max` bounds the bytes of a
    reply's body; `cached_head` is the whole head of the last plain reply, its number of bytes, and how many
    that reply had in all.
    """

    address: tuple[str, int]
    reply_max: int
    idle: "list[Connection]"
    closing: bool
    cached_head: tuple[bytes, int, int]

    @property
    def waiters(self) -> Sized:
        """The posts that wait for a connection."""

    def release(self, connection: "Connection") -> None:
        """Take back a connection whose request has been answered."""

    def forget(self, connection: "Connection") -> None:
        """Never give this connection out again."""

    def lost(self, connection: "Connection") -> None:
        """Note that the connection is closed: another may be made in its place."""


class Connection(asyncio.Protocol):
    """Carries one request at a time for the pool that owns it.

    `reply` is the post now waiting, None while idle. Bytes that nobody asked for end the connection, empty
    lines aside: in HTTP/1.1 nothing else keeps a late reply from answering the next request. Where they come
    together with a reply, neither can be told to be the reply.
    """

    __slots__ = (
        "_body",
        "_feed",
        "_head_read",
        "_keeps_alive",
        "_owner",
        "_poll",
        "_received",
        "_should_keep_alive",
        "_status",
        "_status_code",
        "_transport",
        "_unwritten",
        "answered",
        "earlier",
        "idle_max",
        "is_closing",
        "made",
        "making",
        "open",
        "payload",
        "previous",
        "reply",
        "started",
        "write",
    )

    encrypted = False
    write: Callable[[bytes], None]
    is_closing: Callable[[], bool]

    def __init__(self, owner: Owner) -> None:
        parser = httptools.HttpResponseParser(self)
        be_lenient(parser)
        self._feed = parser.feed_data
        self._status_code = parser.get_status_code
        self._should_keep_alive = parser.should_keep_alive
        self._owner = owner
        self._body: bytes | bytearray = b""
        self._received: bytes | bytearray = b""  # the beginning of the reply, as it came
        self._status = 0  # of the reply, once that is whole
        self._keeps_alive = False  # what the whole reply says of the connection
        self._unwritten = False  # part of the request is still in our own buffer
        self._head_read = False  # a reply's headers were looked at: servers repeat theirs
        self._poll: select.poll | None = None
        self.idle_max = IDLE_MAX  # seconds after `started` when the server may soon close it
        self.made = False  # it has been open
        self.making: asyncio.Timeout | None = None  # while it is being made
        self.open = False
        self.reply: asyncio.Future[Reply] | None = None
        self.payload: bytes | None = None  # of the last request, and of the two before it
        self.previous: bytes | None = None
        self.earlier: bytes | None = None
        self.started = 0.0  # when the last request was, by the loop's clock
        self.answered = 0.0  # when its reply was read, by the clock that measures the loop's own delay

    # -- the stream -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Whatever the kernel does not take at once pauses writing: so "not wholly sent" is known for certain.
        self._transport.set_write_buffer_limits(high=0)
        # The standard loop allocates this much (256 KiB by itself) to read each reply: half its time here.
        if getattr(transport, "max_size", 0) > READ_MAX:
            transport.max_size = READ_MAX  # type: ignore[attr-defined]
        self.write = self._transport.write
        self.is_closing = self._transport.is_closing
        self.made = self.open = True

    async def handshake(self) -> None:
        """Return once requests can be written; raises OSError if that will never be."""

    def pause_writing(self) -> None:
        self._unwritten = True

    def resume_writing(self) -> None:
        self._unwritten = False

    def data_received(self, data: bytes) -> None:
        reply = self.reply
        if reply is None:
            if data.strip(b"\r\n"):  # the parser passes over empty lines between replies
                self.discard()
            return
        if not self._received:
            owner = self._owner
            head, size, length = owner.cached_head
            if len(data) == length and data.startswith(head) and self._head_read and not self._unwritten:
                self.reply = None
                self.answered = monotonic()
                if owner.waiters or owner.closing:
                    owner.release(self)
                else:
                    owner.idle.append(self)
                if not reply.done():
                    reply.set_result(Reply(200, data[size:], None, self))
                return
            self._received = data
        elif len(self._received) <= MAX_HEAD:
            self._received = bytearray(self._received) if type(self._received) is bytes else self._received
            self._received += data
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._unreadable(error)
        else:
            if b"\0" in self._received and b"\0" in bytes(self._received).partition(b"\r\n\r\n")[0]:
                self.fail("the head of the reply holds NUL bytes")  # which aiohttp does not take either
            elif self._status:
                self._answer(self._status, self._keeps_alive and not self._unwritten)
            elif len(self._received) > MAX_HEAD:
                self._bound()

    def eof_received(self) -> None:
        self.ended()

    def connection_lost(self, error: Exception | None) -> None:
        self.fail("connection lost" if error is None else f"connection lost ({reason_of(error)})", error)
        self._owner.lost(self)
        # The parser, and through TLS this object itself, would otherwise be garbage in a circle.
        del self._feed, self._status_code, self._should_keep_alive, self.write

    # -- the parser -----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._status:
            raise ValueError("bytes behind the reply")

    def on_body(self, chunk: bytes) -> None:
        if not self._body:
            self._body = chunk
        else:
            self._body = bytearray(self._body) if type(self._body) is bytes else self._body
            self._body += chunk

    def on_message_complete(self) -> None:
        status = self._status_code()
        if status >= 200:
            self._status = status
            self._keeps_alive = self._should_keep_alive()

    # -- judging --------------------------------------------------------------------------------------

    def _answer(self, status: int, reusable: bool) -> None:
        """Give the post its reply."""
        reply = self.reply
        assert reply is not None
        self.answered = monotonic()
        retry_after = None
        if reusable and status == 200:
            self._cache_head()
        if status >= 300 or not self._head_read:
            fields = ReplyHead(self._received).fields
            retry_after = retry_after_seconds(fields)
            self.idle_max = min(IDLE_MAX, keep_alive_seconds(fields) - 1.0)
            self._head_read = True
            reusable = reusable and status not in NEW_CONNECTION_AFTER
        body = self._body
        if status == 400 and not self.encrypted and wants_tls(body):
            self._give_up(BadAddress.with_tls(*self._owner.address), None)
            return
        self.reply = None
        self._status = 0
        self._body = self._received = b""
        if reusable:
            self._owner.release(self)
        else:
            self.discard()
        if not reply.done():
            body = body if type(body) is bytes else bytes(body)
            reply.set_result(Reply(status, body, retry_after, self))

    def _cache_head(self) -> None:
        """Keep the head of a reply that came at once and whole, its length given: what begins with the very
        same bytes need not be parsed to be known for the same."""
        reply, body = self._received, self._body
        if body and type(reply) is bytes and reply.find(b"\r\n\r\n") + 4 == len(reply) - len(body):
            self._owner.cached_head = reply[: -len(body)], len(reply) - len(body), len(reply)

    def _unreadable(self, error: Exception) -> None:
        if self._status:
            self.fail("bytes that nobody asked for came with the reply", error)
        elif not self.encrypted and self.previous is None and self._received.startswith(TLS_ALERT):
            self._give_up(BadAddress.with_tls(*self._owner.address), error)
        else:
            self.fail("the server sent something that is not HTTP", error)

    def _bound(self) -> None:
        if len(self._body) > self._owner.reply_max:
            self.fail(f"the reply is longer than {self._owner.reply_max} bytes")
        elif not self._body and b"\r\n\r\n" not in self._received:
            self.fail(f"the head of the reply is longer than {MAX_HEAD} bytes")

    def ended(self, whole: bool = True) -> None:
        """Take the stream for over; not `whole` where it may have been cut (TLS tells)."""
        if self.reply is not None and whole and ReplyHead(self._received).ends_at_close:
            self._answer(self._status_code(), reusable=False)
        else:
            self.fail("connection closed by the server")

    def fail(self, why: str, cause: BaseException | None = None) -> None:
        """Give up on the connection, and tell the post waiting on it, if any, how far its request came."""
        if self._unwritten:
            self._give_up(NotSent(f"{why} before the request was wholly written"), cause)
        else:
            self._give_up(MaybeSent(f"{why} after the request was written"), cause)

    def _give_up(self, failure: NotSent | MaybeSent, cause: BaseException | None) -> None:
        reply, self.reply = self.reply, None
        self.discard()
        if reply is not None and not reply.done():
            failure.__cause__ = cause
            reply.set_exception(failure)

    def abandon(self, reply: asyncio.Future[Reply]) -> None:
        """Let go of the post behind `reply`, which was cancelled."""
        if self.reply is reply:
            self.reply = None
            self.discard()
        elif not reply.cancelled():
            reply.exception()  # nobody else will look at it

    def is_readable(self) -> bool:
        """Return whether something waits to be read, the end of the stream too: nothing was asked for."""
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    def fileno(self) -> int:
        """Return the number of the socket, while the connection is open."""
        return int(self._transport.get_extra_info("socket").fileno())

    def discard(self) -> None:
        """Close the connection, without waiting for bytes that the kernel has not taken."""
        if self.open:
            self.open = False
            self._owner.forget(self)
            self.send_close_notify()
            if self._transport.get_write_buffer_size():
                self._transport.abort()
            else:
                self._transport.close()

    def send_close_notify(self) -> None:
        """Say whatever the protocol beneath HTTP says at the end."""
