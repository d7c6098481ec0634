"""`python -m kube_audit_lint`, and the installed command.

An interrupt ends the process from the first line of ours on; inside of `entry` it is caught, so that nothing half
written stays.
"""

import os
import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and not ignored, as in the background of a shell
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))

from kube_audit_lint.cli import entry

if __name__ == "__main__":
    entry()
