"""The rest of the program in a network and a process namespace of its own: its bridge and its addresses meet nobody
else's, and the kernel ends whatever it has started, also when it is killed."""
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import time

CLONE_NEWNET, CLONE_NEWPID, PR_SET_PDEATHSIG = 0x40000000, 0x20000000, 1
GRACE = 20  # seconds, for a child that was asked to end

libc = ctypes.CDLL(None, use_errno=True)


def possible():
    """Tried by a child, because there is no way back."""
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.unshare(CLONE_NEWNET | CLONE_NEWPID) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def run(main, seconds):
    """Calls main(directory) inside, and exits with what it returns. `directory` is gone afterwards. 75: out of time."""
    directory = tempfile.mkdtemp(prefix="swarmout-nfs.")
    if libc.unshare(CLONE_NEWNET | CLONE_NEWPID) != 0:
        raise OSError(ctypes.get_errno(), "cannot make namespaces")
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, lambda number, frame: sys.exit(128 + number))
        leave(main, directory)
    status = wait_for(child, seconds)
    shutil.rmtree(directory, ignore_errors=True)
    sys.exit(status)


def leave(main, directory):
    """Never returns. As process 1 of its namespace this takes all others with it."""
    status = 1
    try:
        status = main(directory)
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: whatever it is, the parent must not go on as this child
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    os._exit(status)


def wait_for(child, seconds):
    """Passes signals on. Asks the child to end when the time is over, then ends it."""
    def pass_on(number, frame):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, pass_on)
    deadline, asked = time.monotonic() + seconds, False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return 75 if asked else os.waitstatus_to_exitcode(status) % 256
        if time.monotonic() > deadline:
            print("out of time: %d s" % seconds if not asked else "killed", flush=True)
            os.kill(child, signal.SIGKILL if asked else signal.SIGTERM)
            deadline, asked = time.monotonic() + GRACE, True
        time.sleep(0.05)
