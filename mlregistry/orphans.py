"""No process is left behind, however its parent ends."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, by: signal.Signals) -> None:
    """Have the kernel send `by` to this process when its parent ends, SIGKILL included. Linux alone offers this."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, by.value)
    if os.getppid() != parent:
        # It ended before the kernel was asked.
        os.kill(os.getpid(), by)
