"""A fleet of swarmout hosts in a lab (scripts/lab), for the tests beside this file. Exit 77: no lab can be had here."""
import glob, os, shutil, subprocess, sys, tempfile, time

LAB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lab")


def skip_unless_possible():
    def lacks(reason):
        print("skipped: " + reason)
        sys.exit(77)
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


class Fleet:
    """Host 1 seeds, the others are peers. To be used in a `with`, which leaves nothing behind."""

    def __init__(self, swarmout, hosts, rate=None):
        self.swarmout, self.hosts, self.name = os.path.abspath(swarmout), hosts, "f%d" % os.getpid()
        self.dir = tempfile.mkdtemp(prefix="swarmout-lab.")
        try:
            os.environ["SWARMOUT_LAB_HOME"] = self.dir + "/lab"
            self.lab("up", self.name, "--hosts", str(hosts), "--owner", str(os.getpid()), *(["--rate", rate] if rate else []))
            self.common = "--share {0}/share --keys {0}/keys".format(self.dir)
            subprocess.run("%s init %s >/dev/null" % (self.swarmout, self.common), shell=True, check=True)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for log in sorted(glob.glob(self.dir + "/lab/*/*.err")):
                print("--- " + os.path.basename(log) + "\n" + open(log).read()[-1500:])
        self.close()

    def close(self):
        subprocess.run([LAB, "down", self.name], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def lab(self, *arguments):
        return subprocess.run([LAB, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    def payload(self, size):
        """A source of `size` random bytes."""
        source = tempfile.mkdtemp(prefix="source.", dir=self.dir)
        with open(source + "/data", "wb") as data:
            data.write(os.urandom(size))
        return source

    def options(self, host):
        return "%s --state %s/state%d --listen %s" % (self.common, self.dir, host, self.lab("address", self.name, str(host)))

    def start(self, host, command):
        self.lab("start", self.name, str(host), "sh", "-c", "exec " + command)

    def peers(self, hosts, more=""):
        for host in hosts:
            self.start(host, "%s peer %s --dest %s/tree%d --poll 200ms %s" % (
                self.swarmout, self.options(host), self.dir, host, more))
        wait_for("the peers' records", lambda: len(glob.glob(self.dir + "/share/peers/*")) >= len(hosts))

    def seed(self, source, more=""):
        self.start(1, "%s seed %s --source dir:%s --splay 0 --linger 2m %s" % (self.swarmout, self.options(1), source, more))
        wait_for("a torrent on the share", lambda: glob.glob(self.dir + "/share/**/*.torrent", recursive=True))

    def said(self, host):
        with open("%s/%d.err" % (self.lab("dir", self.name), host)) as log:
            return log.read()

    def fetched(self, host):
        return "fetched in" in self.said(host)

    def bytes(self, host):
        """Sent and received, as the host's port counted them."""
        return tuple(map(int, self.lab("bytes", self.name, str(host)).split()[1:3]))
