#!/usr/bin/env python3
"""The package on a fresh Debian, as an image of three hosts: package_test.py PACKAGE.deb

A minimal Debian is made (mmdebstrap) and the package installed in it; three clones of that root boot under a real
systemd in containers, on a network of their own, with one directory in the place of the share. Both cron lines run by
their timers. Then a fourth host boots from a snapshot of a running one, one host is upgraded, one is purged. Exit 77: it
cannot run here, and why."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NEEDED = {"systemd-nspawn": "systemd-container", "mmdebstrap": "mmdebstrap", "ip": "iproute2", "dpkg-deb": "dpkg",
          "nsenter": "util-linux", "mkfs.ext4": "e2fsprogs"}
PATIENCE = 120  # for what takes some 20 s on an idle machine
PERIOD = 15

CONFIG = """share=/mnt/share/swarmout
period=%ds
[peer]
poll=1s
touch=/srv/swarmout/activated
[seed]
source=dir:/mnt/source
splay=0s
linger=5s
""" % PERIOD
TIMER = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/%d\nAccuracySec=100ms\n" % PERIOD
JOB = "#!/bin/sh\ncp file /var/lib/swarmout/job-saw\nid -un >/var/lib/swarmout/job-was\n"
# What docs/operations.md has for what is to be done as root.
AS_ROOT = {"product.path": "[Path]\nPathChanged=/srv/swarmout/activated\n[Install]\nWantedBy=multi-user.target\n",
           "product.service": "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'id -un >/root/told'\n"}
NETWORK = """[Unit]
DefaultDependencies=no
Before=network-online.target
After=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set lo up; ip link set host0 up; ip address add $(cat /etc/address) dev host0'
[Install]
WantedBy=network-online.target
"""


def missing():
    if os.geteuid() != 0:
        return "needs root"
    lacking = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    return "not installed: " + ", ".join(lacking) if lacking else None


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    assert done.returncode == 0, "%s: %s" % (" ".join(command), done.stdout[-4000:])
    return done.stdout


def write(content, *path, mode=0o644):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as text:
        text.write(content)
    os.chmod(path, mode)


def wait_for(what, holds, seconds=PATIENCE):
    end = time.time() + seconds
    while time.time() < end:
        if holds():
            return
        time.sleep(0.3)
    raise AssertionError("not within %d s: %s" % (seconds, what))


def apt_sources():
    """This machine's."""
    return "".join(open(each).read() + "\n" for each in sorted(
        glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*.list") +
        glob.glob("/etc/apt/sources.list.d/*.sources")))


def no_mirror():
    """Why no root can be made from the archives of this machine; None if one can."""
    for _ in range(3):
        done = subprocess.run(["mmdebstrap", "--quiet", "--simulate", "--variant=minbase", "bookworm", "/dev/null", "-"],
                              input=apt_sources(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            return None
        time.sleep(3)
    return "no Debian archive: " + " ".join(done.stdout.strip().splitlines()[-1:])


def make_image(directory, package):
    """A root with the package in it, set up as README says. Nothing of a host may be in it."""
    root = os.path.join(directory, "image")
    run("mmdebstrap", "--quiet", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,iproute2",
        "--customize-hook=cp %s $1/tmp/swarmout.deb" % package,
        "--customize-hook=chroot $1 apt-get install -y -qq --no-install-recommends /tmp/swarmout.deb",
        "bookworm", root, "-", input=apt_sources())
    left = [name for name in ("etc/swarmout/keys/", "var/lib/swarmout/", "srv/swarmout/")
            if os.listdir(os.path.join(root, name))]
    assert not left, "the installation has made something in " + ", ".join(left)
    write("", root, "etc/machine-id")
    write(CONFIG, root, "etc/swarmout.conf")
    write(JOB, root, "etc/swarmout/jobs/look", mode=0o755)
    write(NETWORK, root, "etc/systemd/system/test-network.service")
    for timer in ("swarmout-seed.timer", "swarmout-run@look.timer"):
        write(TIMER, root, "etc/systemd/system/%s.d/often.conf" % timer)
    for name, unit in AS_ROOT.items():
        write(unit, root, "etc/systemd/system", name)
    run("chroot", root, "systemctl", "enable", "swarmout-peer.service", "swarmout-seed.timer", "swarmout-run@look.timer",
        "test-network.service", "product.path")
    return root


class ControlGroup:
    """One of its own for each container: several systemds would take the same one for theirs."""

    def __init__(self, name):
        own = {line.split(":")[1]: line.strip().split(":", 2)[2] for line in open("/proc/self/cgroup")}
        self.paths = []
        for line in open("/proc/mounts"):
            _, place, kind, options = line.split()[:4]
            key = "" if kind == "cgroup2" else "name=systemd" if kind == "cgroup" and "name=systemd" in options else None
            if key in own:
                self.paths.append(os.path.join(place, own[key].lstrip("/"), name))

    def enter(self):
        for path in self.paths:
            os.makedirs(path, exist_ok=True)
            with open(os.path.join(path, "cgroup.procs"), "w") as procs:
                procs.write("0")

    def remove(self):
        for path in self.paths:
            for at, _, _ in os.walk(path, topdown=False):
                try:
                    os.rmdir(at)
                except OSError:
                    pass  # something in it is not gone yet


class Host:
    """A machine with a disk of its own, which begins as a copy of `disk`."""

    def __init__(self, fleet, number, disk):
        self.fleet, self.name = fleet, "host%d" % number
        self.directory = os.path.join(fleet.directory, self.name)
        self.root, self.disk = os.path.join(self.directory, "root"), os.path.join(self.directory, "disk")
        os.makedirs(self.root)
        run("cp", "--sparse=always", disk, self.disk)
        run("mount", "-o", "loop", self.disk, self.root)
        write(self.name + "\n", self.root, "etc/hostname")
        write("10.99.0.%d/24\n" % number, self.root, "etc/address")

    def boot(self):
        self.log = open(os.path.join(self.directory, "console"), "w")
        self.group = ControlGroup("swarmout-%s-%d" % (self.name, os.getpid()))
        self.container = subprocess.Popen(
            ["nsenter", "--net=/run/netns/" + self.fleet.netns, "systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
             "--network-bridge=br0", "--directory", self.root, "--machine", "%s-%d" % (self.name, os.getpid()),
             "--hostname", self.name, "--bind", self.fleet.share + ":/mnt/share", "--bind", self.fleet.source + ":/mnt/source",
             "--boot"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, preexec_fn=self.group.enter)
        wait_for(self.name + " boots", lambda: self.leader() and "running" in self.do("systemctl is-system-running || true")
                 or "degraded" in self.do("systemctl is-system-running || true"))

    def leader(self):
        """systemd in the container: the child of nspawn that has another name space for processes."""
        try:
            for task in glob.glob("/proc/%d/task/*/children" % self.container.pid):
                for child in open(task).read().split():
                    if os.readlink("/proc/%s/ns/pid" % child) != os.readlink("/proc/self/ns/pid"):
                        return child
        except OSError:
            pass
        return None

    def do(self, command, check=False):
        leader = self.leader()
        if leader is None:
            return ""
        done = subprocess.run(["nsenter", "-t", leader, "-a", "/bin/sh", "-c", command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        if check and done.returncode != 0:
            raise AssertionError("%s: %s: %s" % (self.name, command, done.stdout))
        return done.stdout.strip()

    def active(self):
        return self.do("cat /srv/swarmout/current/file 2>/dev/null")

    def snapshot(self, number):
        """What the disk has at this moment, as another host's."""
        run("sync", "-f", self.root)
        return Host(self.fleet, number, self.disk)

    def stop(self):
        if getattr(self, "container", None) and self.container.poll() is None:
            leader = self.leader()
            if leader:
                os.kill(int(leader), signal.SIGKILL)
            try:
                self.container.wait(20)
            except subprocess.TimeoutExpired:
                self.container.kill()
                self.container.wait()
            self.group.remove()
        subprocess.run(["umount", "-l", self.root], check=False, stderr=subprocess.DEVNULL)

    def journal(self):
        return self.do("journalctl --no-pager -n 60 -u 'swarmout-*'")


class Fleet:
    def __init__(self, directory):
        self.directory, self.netns, self.hosts = directory, "package-%d" % os.getpid(), []
        self.share, self.source = os.path.join(directory, "share"), os.path.join(directory, "source")
        os.makedirs(os.path.join(self.share, "swarmout"))
        write("first\n", self.source, "file")

    def __enter__(self):
        run("ip", "netns", "add", self.netns)
        run("ip", "-n", self.netns, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", self.netns, "link", "set", "br0", "up")
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            host.stop()
        subprocess.run(["ip", "netns", "delete", self.netns], check=False)

    def boot(self, host):
        self.hosts.append(host)
        host.boot()
        return host

    def all_have(self, content):
        return all(host.active() == content for host in self.hosts)


def init(fleet, image):
    """Once for the fleet; the keys go into the image."""
    uid = int(run("chroot", image, "id", "-u", "swarmout"))
    gid = int(run("chroot", image, "id", "-g", "swarmout"))
    os.chown(os.path.join(fleet.share, "swarmout"), uid, gid)
    os.makedirs(os.path.join(image, "mnt/share"), exist_ok=True)
    os.makedirs(os.path.join(image, "mnt/source"), exist_ok=True)
    run("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--directory", image, "--bind",
        fleet.share + ":/mnt/share", "--user", "swarmout", "swarmout", "init", "--share", "/mnt/share/swarmout")


def newer(package, directory):
    """The same package with a higher version."""
    tree = os.path.join(directory, "newer")
    run("dpkg-deb", "-R", package, tree)
    control = os.path.join(tree, "DEBIAN/control")
    text = "".join("Version: 999.0\n" if line.startswith("Version:") else line for line in open(control))
    write(text, control)
    out = os.path.join(directory, "newer.deb")
    run("dpkg-deb", "--root-owner-group", "-b", tree, out)
    return out


def check_jobs(fleet):
    for host in fleet.hosts:
        wait_for("the second cron line ran on " + host.name, lambda: host.do("cat /var/lib/swarmout/job-saw") == "second")
        assert host.do("cat /var/lib/swarmout/job-was") == "swarmout", host.do("cat /var/lib/swarmout/job-was")


def check_service(host):
    pid = host.do("systemctl show -P MainPID swarmout-peer")
    status = dict(line.split(":\t", 1) for line in host.do("cat /proc/%s/status" % pid).splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split(), "the service runs as root"
    for key, wanted in {"CapEff": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}.items():
        assert status[key] == wanted, "%s is %s" % (key, status[key])
    assert host.do("systemctl show -P StatusErrno swarmout-peer") == "0"
    assert host.do("systemctl show -P Type swarmout-peer") == "notify"
    assert "mnt-share.mount" in host.do("systemctl show -P After swarmout-peer"), "it does not wait for the share's mount"
    assert "mnt-share.mount" not in host.do("systemctl show -P Requires swarmout-peer"), "it fails with the share's mount"
    assert host.do("cat /root/told") == "root", "nothing was done as root after an activation"
    failed = host.do("systemctl list-units --failed --no-legend 'swarmout*'")
    assert not failed, failed


def check_security(host):
    if not shutil.which("systemd-analyze"):
        return
    said = host.do("systemd-analyze security swarmout-peer.service --no-pager | tail -1")
    exposure = float(said.split(": ", 1)[1].split()[0])
    print("systemd-analyze security, while it works: %.1f" % exposure)
    assert exposure <= 2.0, said


def check_journal(host):
    active = host.do("journalctl --no-pager -o cat -u swarmout-peer SWARMOUT_RELEASE=4 -p info")
    assert "ACTIVE" in active, "no field with the release: " + host.journal()
    assert "%" not in host.do("journalctl --no-pager -o cat -u swarmout-peer"), "progress in the journal"
    assert not host.do("journalctl --no-pager -q -o cat -u 'swarmout-*' -p err"), host.journal()


def check_reload(host):
    before = host.do("systemctl show -P MainPID swarmout-peer")
    host.do("systemctl reload swarmout-peer", check=True)
    host.do("echo 'kep=3' >>/etc/swarmout.conf")
    assert "kep" in host.do("systemctl reload swarmout-peer || journalctl --no-pager -n 5 -u swarmout-peer"), "no word of it"
    host.do("sed -i /kep=/d /etc/swarmout.conf")
    assert host.do("systemctl show -P MainPID swarmout-peer") == before, "a reload has ended the service"


def check_snapshot(fleet):
    fourth = fleet.boot(fleet.hosts[0].snapshot(4))
    wait_for("the snapshot is a host of its own", lambda: len(peers(fourth)) == 4)
    wait_for("and active", lambda: fourth.active() == "second")
    said = fourth.do("journalctl --no-pager -b -q -o cat -u swarmout-peer -p warning")
    assert not said, "it does not know what its disk has: " + said
    return fourth


def peers(host):
    try:
        return {peer["host"] for peer in json.loads(host.do("runuser -u swarmout -- swarmout status --json"))["peers"]}
    except (ValueError, KeyError):
        return set()


def check_upgrade(host, package):
    before = host.do("systemctl show -P MainPID swarmout-peer")
    shutil.copy(package, os.path.join(host.root, "var/tmp/newer.deb"))
    began = time.time()
    host.do("dpkg -i /var/tmp/newer.deb", check=True)
    after = host.do("systemctl show -P MainPID swarmout-peer")
    assert after not in ("", "0", before), "the service is the old one"
    assert host.do("systemctl is-active swarmout-peer") == "active"
    gap = host.do("systemctl show -P ActiveEnterTimestampMonotonic swarmout-peer"), host.do(
        "systemctl show -P ActiveExitTimestampMonotonic swarmout-peer")
    print("upgrade: %.1f s, the service was away for %.2f s of it" % (time.time() - began, (int(gap[0]) - int(gap[1])) / 1e6))
    assert host.do("systemctl is-enabled swarmout-peer") == "enabled"


def check_purge(host):
    """What swarmout has made goes; what is mounted there, and what somebody else has put beside it, stays."""
    host.do("mkdir /etc/swarmout/mounted && mount -t tmpfs tmpfs /etc/swarmout/mounted && touch /etc/swarmout/mounted/theirs "
            "/srv/swarmout/theirs", check=True)
    host.do("dpkg -P swarmout", check=True)
    assert host.do("ls /etc/swarmout/mounted /srv/swarmout").split() == [
        "/etc/swarmout/mounted:", "theirs", "/srv/swarmout:", "activated", "theirs"], host.do("ls -la /etc/swarmout/mounted /srv/swarmout")
    host.do("umount /etc/swarmout/mounted && rm -r /etc/swarmout /srv/swarmout", check=True)
    left = host.do("find / -xdev \\( -path /proc -o -path /sys -o -path /usr/share/doc -o -path /var/log -o -path /var/tmp "
                   "-o -path /run \\) -prune -o -iname '*swarmout*' -print").split()
    ours = {"/etc/systemd/system/swarmout-seed.timer.d", "/etc/systemd/system/swarmout-run@look.timer.d"}  # of this test
    assert not set(left) - {"/mnt/share/swarmout"} - ours, left
    running = host.do("find /proc -maxdepth 1 -name '[0-9]*' -user swarmout")
    assert not running, "something still runs: " + running


def main(package):
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        os.chmod(directory, 0o755)
        image = make_image(directory, package)
        with Fleet(directory) as fleet:
            try:
                init(fleet, image)
                disk = os.path.join(directory, "disk")
                run("mkfs.ext4", "-q", "-d", image, disk, "1500M")
                for number in (1, 2, 3):
                    fleet.boot(Host(fleet, number, disk))
                wait_for("the first release is active on three hosts", lambda: fleet.all_have("first"))
                write("second\n", fleet.source, "file")
                wait_for("the second one too", lambda: fleet.all_have("second"))
                check_jobs(fleet)
                check_service(fleet.hosts[0])
                check_security(fleet.hosts[0])
                check_journal(fleet.hosts[0])
                check_reload(fleet.hosts[1])
                check_snapshot(fleet)
                check_upgrade(fleet.hosts[1], newer(package, directory))
                check_purge(fleet.hosts[2])
            except BaseException:
                for host in fleet.hosts:
                    print("--- %s\n%s" % (host.name, host.journal()))
                raise
    return 0


if __name__ == "__main__":
    reason = missing()
    if reason:
        print("skipped: " + reason)
        sys.exit(77)
    reason = no_mirror()
    if reason:
        print("skipped: " + reason)
        sys.exit(77)
    found = glob.glob(sys.argv[1])
    if len(found) != 1:
        print("skipped: no package at %s; scripts/package makes it" % sys.argv[1])
        sys.exit(77)
    sys.exit(main(os.path.abspath(found[0])))
