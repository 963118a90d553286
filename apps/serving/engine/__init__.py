"""Docker, as far as serving needs it; workers alone import what is in here.

What comes from whoever registered a version reaches the engine as files, labels and the arguments of programs that
are ours: no part of it is read as a command, a Dockerfile or an option.
"""
