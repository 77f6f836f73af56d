"""The one seam to the network: `await transport.post(payload)`."""

from .base import MaybeSent, NotSent, Reply, Transport, TransportError
from .choose import make_transport

__all__ = ["MaybeSent", "NotSent", "Reply", "Transport", "TransportError", "make_transport"]
