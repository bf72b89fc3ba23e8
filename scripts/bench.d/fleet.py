"""Fleets of swarmout hosts in a lab (scripts/lab): what the benchmark of the swarm and the tests in tests/lab drive.

Nothing here reads what programs say to people. How far a host is, is in its record on the share (docs/formats/share.md),
what it has in its directories, when it got it in the times of its files, and how a command ended in its exit status.
"""
import functools
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from bench_tools import ROOT, write_random

LAB = os.path.join(ROOT, "scripts", "lab")
NO_LAB_HERE = 77  # what ctest takes for "skipped"


def skip_unless_possible():
    def lacks(reason):
        print("skipped: " + reason)
        sys.exit(NO_LAB_HERE)
    if os.geteuid() != 0:
        lacks("needs root")
    if not shutil.which("ip") or not shutil.which("tc"):
        lacks("needs iproute2")
    if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        lacks("no network namespaces here")


def wait_for(what, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited %d s for: %s" % (seconds, what))
        time.sleep(0.05)


class Lab:
    """Hosts 1 to `hosts` on a switch, and a directory for their files, `home`. In a `with` it leaves nothing behind."""

    def __init__(self, hosts, rate=None, home=None, prefix="f"):
        self.hosts, self.name = hosts, "%s%d" % (prefix, os.getpid())
        self.dir = tempfile.mkdtemp(prefix="swarmout-lab.", dir=home)
        try:
            self.lab("up", "--hosts", str(hosts), "--owner", str(os.getpid()), *(["--rate", rate] if rate else []))
            self.outputs = self.lab("dir")
            for host in self.all():
                os.mkdir(self.at(host))
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for log in sorted(glob.glob(self.outputs + "/*.err")):
                print("--- " + os.path.basename(log) + "\n" + open(log, errors="replace").read()[-1500:])
        self.close()

    def close(self):
        subprocess.run([LAB, "down", self.name], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def all(self):
        return range(1, self.hosts + 1)

    def at(self, host, *names):
        return os.path.join(self.dir, "host%d" % host, *names)

    def lab(self, verb, *arguments):
        """What scripts/lab VERB of this lab prints; raises if it fails."""
        return subprocess.run([LAB, verb, self.name, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()

    def start(self, host, command):
        """In the background, by a shell that stays: the processor time of what it ran is in its own."""
        subprocess.run([LAB, "start", self.name, str(host), "sh", "-c", command + "\nexec sleep 100000"], check=True)

    def beside(self, host, command, log=subprocess.DEVNULL):
        """A second command on a host."""
        return subprocess.Popen([LAB, "exec", self.name, str(host), *command], stdout=log, stderr=log)

    @functools.lru_cache(maxsize=None)
    def address(self, host):
        return self.lab("address", host)

    def bytes(self, host):
        """Sent and received, as the host's port counted them."""
        return tuple(map(int, self.lab("bytes", host).split()[1:3]))

    def cpu(self):
        """Seconds of all processes on all hosts, and of those that they have waited for."""
        spaces = {os.stat("/run/netns/lab-%s-%d" % (self.name, host)).st_ino for host in self.all()}
        ticks = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat("/proc/%s/ns/net" % pid).st_ino in spaces:
                    ticks += sum(map(int, open("/proc/%s/stat" % pid).read().rsplit(") ", 1)[1].split()[11:15]))
            except OSError:
                pass  # it has ended
        return ticks / os.sysconf("SC_CLK_TCK")


def mtime(path):
    return os.lstat(path).st_mtime if os.path.lexists(path) else None


def read_record(path):
    """{key: value} of a cell, docs/formats/share.md; None if it is just being written. Values stay escaped."""
    try:
        data = open(path, "rb").read()
    except FileNotFoundError:
        return None
    head, _, rest = data.partition(b"\n")
    size = int(head.split()[1]) if head.startswith(b"cell ") else 0
    lines = rest[:size].decode("ascii", "replace").split("\n")[1:-1]
    return dict(line.partition(" ")[::2] for line in lines) if size and len(rest) >= size else None


class Fleet:
    """The swarmout of a lab: a share, keys, and a state and a tree for each host."""

    def __init__(self, lab, swarmout):
        self.lab, self.swarmout = lab, os.path.abspath(swarmout)
        self.share = os.path.join(lab.dir, "share")
        self.common = "--share %s --keys %s" % (self.share, os.path.join(lab.dir, "keys"))
        subprocess.run("%s init %s" % (self.swarmout, self.common), shell=True, check=True, stdout=subprocess.DEVNULL)

    def options(self, host):
        return "%s --state %s --listen %s" % (self.common, self.lab.at(host, "state"), self.lab.address(host))

    def peer(self, host, more=""):
        return "%s peer %s --dest %s %s" % (self.swarmout, self.options(host), self.lab.at(host, "tree"), more)

    def seed(self, host, source, more=""):
        return "%s seed %s --source '%s' --splay 0 %s" % (self.swarmout, self.options(host), source, more)

    def start_peers(self, hosts, more=""):
        for host in hosts:
            self.lab.start(host, self.peer(host, more))
        wait_for("the peers' records", lambda: len(self.records()) >= len(hosts))

    def payload(self, size):
        """A directory with `size` random bytes."""
        source = tempfile.mkdtemp(prefix="source.", dir=self.lab.dir)
        write_random(source + "/data", size)
        return source

    def status(self):
        done = subprocess.run("%s status %s --json" % (self.swarmout, self.common), shell=True, check=True,
                              stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)

    def fetchable(self):
        """When the first torrent was on the share; None before."""
        found = glob.glob(self.share + "/torrents/*.torrent")
        return min(map(os.path.getmtime, found)) if found else None

    def records(self):
        """{address of a host: its newest record}; one that was killed leaves an older one behind."""
        found = {}
        for path in sorted(glob.glob(self.share + "/peers/*"), key=lambda path: mtime(path) or 0):
            record = read_record(path)
            if record and "endpoint" in record:
                found[record["endpoint"].rpartition(":")[0]] = record
        return found

    def complete(self, hosts):
        """Of these, those that say they have everything of what they fetched, verified and unpacked."""
        records = self.records()
        return [host for host in hosts if records.get(self.lab.address(host), {}).get("complete") == "1"]

    def last_piece(self, host):
        """When the last bytes of the torrent were written on a host that is complete: then its last piece was there."""
        times = list(map(mtime, glob.glob(self.lab.at(host, "state", "swarm", "peer-*", "swarmout", "*"))))
        return max(times) if times else None

    def switched(self, host):
        """When `current` was changed last."""
        return mtime(self.lab.at(host, "tree", "current"))
