"""What an endpoint asks of its caller, and what someone may hold on an object."""

from enum import Enum, IntEnum


class Level(IntEnum):
    """Permission levels on an object; each includes those before it."""

    NO_PERMISSIONS = 0
    READ = 1
    USE = 2
    EDIT = 3
    MANAGE = 4


class Access(Enum):
    """What calls without an object ask for."""

    PUBLIC = "anyone, signed in or not"
    SIGNED_IN = "anyone who is signed in"
    ADMIN = "an administrator"


Requirement = Level | Access
