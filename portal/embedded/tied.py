"""Run a command that ends with its parent: python -m portal.embedded.tied COMMAND…

When the supervisor is killed, Linux ends the programs it had started; no web server stays behind at the port. Elsewhere
the command runs as it is.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> None:
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit("The supervisor ended before its program had started.")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
