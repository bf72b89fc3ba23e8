#!/usr/bin/python3
"""Limits hold by the byte counters of the hosts' ports: limits_test.py SWARMOUT. How near to a limit a host comes is
measured in docs/benchmarks.md; here a slow machine must not fail."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "bench.d"))
from fleet import Fleet, Lab, skip_unless_possible, wait_for  # noqa: E402

KIB, MIB = 1024, 1024 * 1024
# Headers of TCP, IP and Ethernet, acknowledgements of what is received, and what a limiter hands out at once.
SLACK = 1.12
# A transfer that is much slower than its limit was bounded by something else, and shows nothing.
FLOOR = 0.2
CLONES = range(2, 6)


def distribute(swarmout, size, peer_options="", seed_options=""):
    """Host 1 seeds `size` bytes, the clones fetch. The rates of all ports, from the torrent on the share until the clones
    have everything, {host: (sent, received)}, and what the clones say of it in their records."""
    with Lab(len(CLONES) + 1) as lab:
        fleet = Fleet(lab, swarmout)
        fleet.start_peers(CLONES, "--poll 200ms " + peer_options)
        lab.start(1, fleet.seed(1, "dir:" + fleet.payload(size), "--linger 2m " + seed_options))
        wait_for("a torrent on the share", fleet.fetchable)
        began, before = time.monotonic(), {host: lab.bytes(host) for host in lab.all()}
        wait_for("the clones", lambda: len(fleet.complete(CLONES)) == len(CLONES))
        took, after = time.monotonic() - began, {host: lab.bytes(host) for host in lab.all()}
        rates = {host: tuple((now - then) / took for now, then in zip(after[host], before[host])) for host in after}
        return rates, fleet.status()["peers"]


def holds(what, rate, limit, floor=FLOOR):
    print("%s: %.0f KiB/s of %.0f" % (what, rate / KIB, limit / KIB), flush=True)
    assert rate <= limit * SLACK, "%s: %d bytes a second, the limit is %d" % (what, rate, limit)
    assert rate >= limit * floor, "%s: %d bytes a second, not bounded by the limit of %d" % (what, rate, limit)


def main():
    skip_unless_possible()
    swarmout = sys.argv[1]

    rates, _ = distribute(swarmout, 4 * MIB, seed_options="--upload-limit 1M")
    holds("what a seeder sends under --upload-limit", rates[1][0], MIB)

    rates, _ = distribute(swarmout, 2 * MIB, peer_options="--download-limit 512K")
    for host in CLONES:
        holds("what clone %d receives under --download-limit" % host, rates[host][1], 512 * KIB)

    rates, peers = distribute(swarmout, 3 * MIB, seed_options="--clone-upload-limit 256K --clone-download-limit 768K")
    for host in CLONES:
        sent, received = rates[host]
        # What goes back for what is received is not payload, and not limited: up to a twelfth of it. How much a clone has
        # to pass on depends on who gets what first.
        holds("what clone %d sends under the release's limit" % host, sent - received / 12, 256 * KIB, floor=-1)
        holds("what clone %d receives" % host, received, 768 * KIB)
    passed_on = sum(peer["uploaded_bytes"] for peer in peers)
    assert passed_on >= 256 * KIB, "the clones passed on %d bytes: too few to show that they are limited" % passed_on


main()
