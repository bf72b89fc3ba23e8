#!/usr/bin/python3
"""Limits hold by the byte counters of the hosts' ports: limits_test.py SWARMOUT. How near to a limit a host comes is measured
in docs/benchmarks.md; here a slow machine must not fail."""
import sys, time

from fleet import Fleet, skip_unless_possible, wait_for

KIB, MIB = 1024, 1024 * 1024
# Headers of TCP, IP and Ethernet, acknowledgements of what is received, and what a limiter hands out at once.
SLACK = 1.12


def highest_rate(fleet, host, direction, finished):
    """Bytes a second of a port, over the longest time: from now until finished()."""
    began = time.monotonic()
    before = fleet.bytes(host)[direction]
    wait_for("the end of the transfer", finished)
    return (fleet.bytes(host)[direction] - before) / (time.monotonic() - began)


def holds(what, rate, limit):
    print("%s: %.0f KiB/s of %.0f" % (what, rate / KIB, limit / KIB), flush=True)
    assert 0 < rate <= limit * SLACK, "%s: %d bytes a second, the limit is %d" % (what, rate, limit)


def main():
    skip_unless_possible()
    clones = range(2, 6)
    with Fleet(sys.argv[1], 5) as fleet:
        fleet.peers(clones)
        fleet.seed(fleet.payload(4 * MIB), "--upload-limit 1M")
        rate = highest_rate(fleet, 1, 0, lambda: all(map(fleet.fetched, clones)))
        holds("what a seeder sends under --upload-limit", rate, MIB)
    with Fleet(sys.argv[1], 5) as fleet:
        fleet.peers(clones, "--download-limit 512K")
        fleet.seed(fleet.payload(2 * MIB))
        rate = highest_rate(fleet, 2, 1, lambda: fleet.fetched(2))
        holds("what a clone receives under --download-limit", rate, 512 * KIB)
    with Fleet(sys.argv[1], 5) as fleet:
        fleet.peers(clones)
        fleet.seed(fleet.payload(3 * MIB), "--clone-upload-limit 256K --clone-download-limit 768K")
        began = time.monotonic()
        before = {host: fleet.bytes(host) for host in clones}
        wait_for("all clones", lambda: all(map(fleet.fetched, clones)))
        after = {host: fleet.bytes(host) for host in clones}
        took = time.monotonic() - began
        for host in clones:
            # What goes back for what is received is not payload, and not limited: up to a twelfth of it.
            received = after[host][1] - before[host][1]
            holds("what clone %d sends under the release's limit" % host,
                  max(1, after[host][0] - before[host][0] - received / 12) / took, 256 * KIB)
            holds("what clone %d receives" % host, received / took, 768 * KIB)


main()
