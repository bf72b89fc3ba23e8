"""Waiting for something to become true, never for a time to pass."""
import time


class TooLate(Exception):
    pass


def wait_for(what, condition, seconds):
    """The first true answer. A machine that is emulated on a busy one is slow: give it time, it is taken only in need."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TooLate("waited %d s for: %s" % (seconds, what))
        time.sleep(0.05)
