#!/usr/bin/env python3
"""The installed service, under a real systemd: service_test.py BUILD_DIRECTORY

This machine's files, with a layer over them that is thrown away, boot in a container with a network of its own. There the
README's steps are taken: install, make the user, init, start the unit, seed. Exit 77: it cannot run here, and why."""
import os
import shutil
import subprocess
import sys
import tempfile

SECONDS = 240  # for all of it; some 15 on an idle machine
NEEDED = {"systemd-nspawn": "systemd-container", "systemd-sysusers": "systemd", "runuser": "util-linux"}

TARGET = """[Unit]
Requires=basic.target swarmout-test.service
After=basic.target
AllowIsolate=yes
"""
SERVICE = """[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash /result/steps
ExecStopPost=/bin/systemctl --force --no-block exit
TimeoutStartSec=%d
""" % SECONDS

# As root, in the container. What it prints is shown if it fails.
STEPS = r"""
exec >/result/said 2>&1
set -eux
trap 'journalctl --no-pager -u swarmout-peer >/result/journal 2>&1' EXIT
ip link set lo up
mkdir -p /mnt/share/swarmout /etc/swarmout/keys
chown swarmout:swarmout /mnt/share/swarmout /etc/swarmout/keys
cat >/etc/swarmout.conf <<END
share=/mnt/share/swarmout
listen=127.0.0.1
[peer]
poll=1s
[seed]
source=dir:/result/source
period=1h
splay=0s
linger=0s
END
runuser -u swarmout -- swarmout init --share /mnt/share/swarmout
systemctl start swarmout-peer
runuser -u swarmout -- swarmout seed --slot one
for i in $(seq 600); do [ ! -e /srv/swarmout/current ] || break; sleep 0.1; done
diff -r /srv/swarmout/current/ /result/source
pid=$(systemctl show -P MainPID swarmout-peer)
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$pid/status >/result/status
ls -ld /var/lib/swarmout >/result/state
runuser -u nobody -- cat /srv/swarmout/current/file >/result/reader
! runuser -u nobody -- ls /var/lib/swarmout
runuser -u swarmout -- swarmout status
systemctl stop swarmout-peer
systemctl show -P Result swarmout-peer >/result/result
echo done >/result/done
"""


def missing():
    if os.geteuid() != 0:
        return "needs root"
    lacking = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    return "not installed: " + ", ".join(lacking) if lacking else None


def read(*path):
    try:
        with open(os.path.join(*path), errors="replace") as text:
            return text.read()
    except FileNotFoundError:
        return ""


def write(content, *path):
    with open(os.path.join(*path), "w") as text:
        text.write(content)


class Root:
    """This machine's files and a layer over them, in `directory`."""

    def __init__(self, directory):
        self.layers, self.path = os.path.join(directory, "layers"), os.path.join(directory, "root")
        for each in (self.layers, self.path):
            os.mkdir(each)

    def __enter__(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", self.layers], check=True)
        upper, work = os.path.join(self.layers, "upper"), os.path.join(self.layers, "work")
        os.mkdir(upper)
        os.mkdir(work)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        "lowerdir=/,upperdir=%s,workdir=%s" % (upper, work), self.path], check=True)
        return self.path

    def __exit__(self, *_):
        for each in (self.path, self.layers):
            subprocess.run(["umount", "-l", each], check=False)


def install(build, root):
    """As the README says. What this machine may have of it by hand is not there."""
    for name in ("etc/swarmout", "etc/swarmout.conf", "var/lib/swarmout", "srv/swarmout", "etc/machine-id"):
        path = os.path.join(root, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)
    subprocess.run(["cmake", "--install", build, "--prefix", "/usr/local"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": root})
    # There is no network to wait for.
    os.symlink("/dev/null", os.path.join(root, "etc/systemd/system/systemd-networkd-wait-online.service"))
    write(TARGET, root, "etc/systemd/system/swarmout-test.target")
    write(SERVICE, root, "etc/systemd/system/swarmout-test.service")


def boot(root, result):
    """What the container said. It has a network of its own; `result` is /result there."""
    command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--directory", root,
               "--bind", result + ":/result", "--machine", "swarmout-test", "--boot", "systemd.unit=swarmout-test.target"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as container:
        try:
            return container.communicate(timeout=SECONDS)[0]
        except subprocess.TimeoutExpired:
            container.terminate()
            return container.communicate()[0]


def problems(result):
    status = dict(line.split(":\t", 1) for line in read(result, "status").splitlines())
    if "0" in status.get("Uid", "0").split():
        yield "the service runs as root: " + status.get("Uid", "?")
    for key, wanted in {"CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}.items():
        if status.get(key) != wanted:
            yield "%s is %s and not %s" % (key, status.get(key), wanted)
    if not read(result, "state").startswith("drwx------ "):
        yield "others may look into the state: " + read(result, "state")
    if read(result, "reader") != "content\n":
        yield "another user cannot read what is active"
    if read(result, "result") != "success\n":
        yield "the service ended with " + read(result, "result")
    if read(result, "done") != "done\n":
        yield "the steps broke off"


def main(build):
    with tempfile.TemporaryDirectory() as directory:
        result = os.path.join(directory, "result")
        os.makedirs(os.path.join(result, "source"))
        os.chmod(directory, 0o755)
        write("content\n", result, "source", "file")
        write(STEPS, result, "steps")
        with Root(directory) as root:
            install(build, root)
            said = boot(root, result)
        found = list(problems(result))
        if found:
            print("\n".join(found + [read(result, "said"), read(result, "journal"), said[-4000:]]))
        return 1 if found else 0


if __name__ == "__main__":
    reason = missing()
    if reason:
        print("skipped: " + reason)
        sys.exit(77)
    sys.exit(main(os.path.abspath(sys.argv[1])))
