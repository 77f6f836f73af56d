"""Measures wa_bulk against its peers: `python -m benchmarks --help`."""
