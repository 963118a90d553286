"""What sending may come to, beside being done."""


class Failed(Exception):
    """It was not taken; `message` is a sentence that holds no secret."""

    def __init__(self, message: str, *, may_retry: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.may_retry = may_retry
