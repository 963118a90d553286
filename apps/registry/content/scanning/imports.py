"""What is to be said of an import that no model needs."""

import sys

from apps.registry.content.scanning.findings import Remark, Severity
from mlregistry.printable import printable

CODE_IN_PICKLE = "code in pickle"

# Modules whose import has no other purpose in a pickle than to run something, or to get at something that does. This
# decides how bad it is; that it is not clean follows from its not being on the allow-list.
HARMFUL = frozenset(
    """
__builtin__ _io _pickle _posixsubprocess _thread asyncio bdb builtins cProfile code codecs commands concurrent ctypes
distutils doctest fileinput ftplib functools glob http httplib imp importlib inspect io linecache logging marshal
multiprocessing nt operator os pathlib pdb pickle pip pkgutil platform posix profile pty requests runpy setuptools
shelve shutil signal site smtplib socket sqlite3 ssl subprocess sys tempfile threading timeit torch._dynamo torch.hub
trace types urllib urllib2 urllib3 webbrowser zipimport
""".split()
)
NAMES_OF_MODULES = sys.stdlib_module_names | HARMFUL
CARRIES_CODE = frozenset(["cloudpickle", "dill"])


def may_exist(module: str) -> bool:
    """Whether a text can well be the name of a module that harm could be done with, rather than just any word."""
    return "." in module or module in NAMES_OF_MODULES or module in CARRIES_CODE


def remark_on(module: str, name: str) -> Remark:
    """What `module.name` means in a pickle, given that it is not allowed there."""
    package = module.partition(".")[0]
    if package in CARRIES_CODE:
        return Remark(
            CODE_IN_PICKLE,
            Severity.WARNING,
            f"It was written by {package} and holds functions or classes as code, which runs when it is loaded.",
        )
    shown = printable(f"{module}.{name}", 150)
    if package in HARMFUL or module in HARMFUL:
        return Remark("dangerous import", Severity.CRITICAL, f"Loading it imports {shown}, which can run anything.")
    return Remark(
        "unknown import", Severity.WARNING, f"Loading it imports {shown}, which models of these flavors do not need."
    )
