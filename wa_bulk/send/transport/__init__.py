"""The one seam to the network: `await transport.post(payload)`."""

from .factory import make_transport
from .interface import MaybeSent, NotSent, Reply, Transport, TransportError, Untrusted

__all__ = ["MaybeSent", "NotSent", "Reply", "Transport", "TransportError", "Untrusted", "make_transport"]
