"""What is wrong with a request."""


class Refused(Exception):
    """A request that is answered with an error, in the protocol's form."""

    def __init__(self, message, status=400, headers=()):
        super().__init__(message)
        self.message, self.status, self.headers = message, status, headers
