"""Servers that answer every request with the same accepted reply, as fast as they can."""
