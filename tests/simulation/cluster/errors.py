"""What a simulated Redis answers where it refuses."""


class ServerError(Exception):
    """An error reply; the text is what Redis would say."""
