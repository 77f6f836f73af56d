"""The one seam to the network: `await transport.post(payload)`."""

from .base import MaybeSent, NotSent, Reply, Transport, TransportError, Untrusted
from .choose import make_transport

__all__ = ["MaybeSent", "NotSent", "Reply", "Transport", "TransportError", "Untrusted", "make_transport"]
