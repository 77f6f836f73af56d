"""One message to one outcome: client, pacer, transports, verdicts, retry. Knows nothing of CSV or files."""
