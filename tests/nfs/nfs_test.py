#!/usr/bin/env python3
"""The share on real NFS: a kernel server and kernel clients in emulated machines. nfs_test.py SWARMOUT

SWARMOUT_NFS=all tries every fault under every combination of version and options; by default each of both is in it.
SWARMOUT_NFS=TEST[,TEST…] only these, under the default ones. Exit 77: it cannot run here, and why."""
import os
import shutil
import sys
import time
import traceback

import cage
import image
import plan
import table
from waiting import TooLate

NEEDED = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio", "modprobe": "kmod",
          "mkfs.ext4": "e2fsprogs", "ip": "iproute2", "strip": "binutils", "/usr/sbin/rpc.nfsd": "nfs-kernel-server",
          "/usr/sbin/mount.nfs": "nfs-common", "/usr/sbin/rpcbind": "rpcbind"}


def missing():
    """Why it cannot run here; None: it can."""
    if os.geteuid() != 0:
        return "needs root"
    lacking = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if lacking:
        return "not installed: " + ", ".join(lacking)
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "there is no /dev/net/tun"
    if not cage.possible():
        return "no network and process namespaces here"
    return None


def skip(reason):
    print("skipped: " + reason)
    sys.exit(77)


def attempt(lab, step):
    """The verdicts of one test; if it breaks off, one that says so for each combination."""
    try:
        return step.run(lab)
    except (TooLate, RuntimeError, OSError) as error:
        traceback.print_exc()
        lab.heal()
        return [table.broken_off(combination, step.name, error) for combination in step.combinations]


def main(swarmout, kernel, directory):
    from lab import Lab
    started, verdicts = time.monotonic(), []
    lab = Lab(swarmout, kernel, directory)
    lab.up()
    print("machines are up after %.0f s" % (time.monotonic() - started), flush=True)
    mounted = ()
    for step in plan.steps(os.environ.get("SWARMOUT_NFS", "")):
        if step.mounts != mounted:
            lab.unmount(mounted)
            lab.mount(step.mounts)
            mounted = step.mounts
        began = time.monotonic()
        some = attempt(lab, step)
        print("%s: %.0f s" % (step.name, time.monotonic() - began), flush=True)
        for verdict in some:
            for problem in verdict.problems:
                print("  %s %s: %s" % (verdict.version, verdict.options, problem), flush=True)
        verdicts += some
    print(table.text(verdicts))
    failed = sum(1 for verdict in verdicts if verdict.problems)
    print("%d of %d runs were not as they should be, in %.0f s" % (failed, len(verdicts), time.monotonic() - started))
    return 1 if failed or not verdicts else 0


if __name__ == "__main__":
    reason = missing()
    if reason:
        skip(reason)
    try:
        kernel = image.kernel()
    except image.NoKernel as error:
        skip(str(error))
    program = os.path.abspath(sys.argv[1])
    seconds = plan.seconds(os.environ.get("SWARMOUT_NFS", ""))
    cage.run(lambda directory: main(program, kernel, directory), seconds)
