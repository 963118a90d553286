"""The exceptions that services and queries raise.

Each names one error code of the MLflow wire. There is no HTTP here: `mlregistry.wire.errors` maps codes to statuses.

    RegistryError
    ├── InvalidParameter     the request is wrong; the message says what would be right
    ├── BadRequest           what is asked makes no sense from whoever asks, however it is put
    ├── AlreadyExists        the name or key is taken
    ├── NotFound             absent, or hidden from whoever asks: both look the same
    ├── PermissionDenied     visible to whoever asks, but not theirs to change
    │   └── AskedFor         not done, but asked for: others decide on it, where `address` says
    ├── Unauthenticated      no one is signed in, or the credentials are wrong
    ├── InvalidState         the object is in a state that does not allow this
    ├── Unsupported          the server or its store cannot do this
    ├── EndpointNotFound     no such call
    ├── TooLarge             more than the server accepts
    ├── Busy                 try again later
    └── InternalError        something stored is not what it should be
"""


class RegistryError(Exception):
    """A refusal with a sentence for whoever asked. Subclasses carry the code; this one cannot be raised."""

    code: str

    def __init__(self, message: str) -> None:
        if not hasattr(self, "code"):
            raise TypeError(f"{type(self).__name__} has no error code; raise one of its subclasses")
        super().__init__(message)
        self.message = message


class InvalidParameter(RegistryError):
    code = "INVALID_PARAMETER_VALUE"


class BadRequest(RegistryError):
    code = "BAD_REQUEST"


class AlreadyExists(RegistryError):
    code = "RESOURCE_ALREADY_EXISTS"


class NotFound(RegistryError):
    code = "RESOURCE_DOES_NOT_EXIST"


class PermissionDenied(RegistryError):
    code = "PERMISSION_DENIED"


class AskedFor(PermissionDenied):
    """Whoever asks may ask for it, and has: what is missing is that others agree."""

    def __init__(self, message: str, *, title: str, address: str) -> None:
        super().__init__(message)
        self.title, self.address = title, address
        """What was asked for, as a link to the page where it is decided."""


class Unauthenticated(RegistryError):
    code = "UNAUTHENTICATED"


class InvalidState(RegistryError):
    code = "INVALID_STATE"


class Unsupported(RegistryError):
    code = "NOT_IMPLEMENTED"


class EndpointNotFound(RegistryError):
    code = "ENDPOINT_NOT_FOUND"


class TooLarge(RegistryError):
    code = "REQUEST_TOO_LARGE"


class Busy(RegistryError):
    code = "TEMPORARILY_UNAVAILABLE"


class InternalError(RegistryError):
    code = "INTERNAL_ERROR"
