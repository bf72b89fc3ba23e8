"""Hosts of this machine (loopback), each with a state and a tree of its own: what benchmarks drive that are not about the network."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_tools import write_random


def median_of(figures, unit="s"):
    return "median %.2f %s (%.2f to %.2f, %d times)" % (statistics.median(figures), unit, min(figures), max(figures), len(figures))


def wait_for(what, condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("waited %d s for %s" % (seconds, what))
        time.sleep(0.02)


class Hosts:
    """A share, keys, and services; gone at the end of the `with`."""

    def __init__(self, args):
        self.args, self.dir, self.services, self.slots = args, tempfile.mkdtemp(prefix="swarmout-bench.", dir=args.dir), {}, 0
        self.share = self.dir + "/share"
        self.common = ["--share", self.share, "--keys", self.dir + "/keys"]
        self.run("init", *self.common)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in list(self.services):
            self.stop(each)
        shutil.rmtree(self.dir)

    def run(self, *words, statuses=(0,)):
        done = subprocess.run([self.args.swarmout, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode not in statuses:
            sys.exit("%s: status %d\n%s" % (" ".join(words), done.returncode, done.stderr))
        return done

    def here(self, host, listens=False):
        home = "%s/host%d" % (self.dir, host)
        return ["--state", home + "/state", "--dest", home + "/tree"] + (["--listen", "127.0.0.1"] if listens else [])

    def current(self, host):
        return "%s/host%d/tree/current" % (self.dir, host)

    def target(self, host):
        return os.readlink(self.current(host)) if os.path.lexists(self.current(host)) else None

    def start(self, host, *more):
        with open("%s/log%d" % (self.dir, host), "a") as log:
            self.services[host] = subprocess.Popen(
                [self.args.swarmout, "peer", *self.common, *self.here(host, True), *more], stdout=log, stderr=log)

    def stop(self, host):
        service = self.services.pop(host)
        service.send_signal(signal.SIGTERM)
        service.wait()

    def seed_command(self, source, host=0, *more):
        self.slots += 1
        # A host's state, and no tree: what has no --dest is not given one.
        return ["seed", *self.common, "--state", "%s/host%d/state" % (self.dir, host), "--listen", "127.0.0.1", "--source",
                source if ":" in source else "dir:" + source, "--slot", str(self.slots), "--splay", "0", *more]

    def seed(self, source, host=0):
        self.run(*self.seed_command(source, host, "--linger", "0s", "--min-copies", "0", "--quorum", "0", "--stage-timeout", "1s"))

    def peers(self):
        return json.loads(self.run("status", "--json", *self.common).stdout)["peers"]

    def small_tree(self, content):
        os.makedirs(self.dir + "/source", exist_ok=True)
        write_random(self.dir + "/source/data", 1_000_000)
        with open(self.dir + "/source/version", "w") as f:
            f.write(str(content))
        return self.dir + "/source"
