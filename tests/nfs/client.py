"""A host of the fleet: mounts, seeds, peers."""
import shlex

import network
import server
from machine import Machine

HEARTBEAT = 2  # seconds
POLL = 2
SILENT = 6 * HEARTBEAT  # after which a leader is taken for dead

SEED = """export SWARMOUT_FAILPOINT={failpoint}
echo $$ >{folder}/pid-$HOST
exec swarmout seed --share {share} --keys /lab/keys --state /state/{name} --listen {address} --slot {name} --splay 0 \\
  --heartbeat {heartbeat}s --takeover-jitter 0 --source {source} {more}"""

# Counted by the files that it leaves. A leader that is held goes on when it is told to.
SOURCE = "touch {folder}/export-$HOST-$$; {hold}tar -C /lab/source -cf - ."
HOLD = "until [ -e {folder}/go ]; do sleep 0.2; done; "
FAILPOINTS = {"elected": "after-elected:stop", "stage": "after-stage:stop", "commit": "before-commit:stop"}


class Client(Machine):
    def __init__(self, number, image, folder):
        super().__init__("client%d" % number, number + 1, image, folder)
        self.address = network.address(self.number)

    def mount(self, combination, through=server.address(), port=2049, more=""):
        """`through`: the server, or a proxy in front of it."""
        options = ",".join(filter(None, [combination.options(server.address()), "port=%d" % port, more]))
        return self.run("mkdir -p {0} && mount.nfs {1}:{2} {0} -o {3}".format(
            combination.mount_point, through, combination.export, options))

    def seed(self, share, hold=None, more="--linger 0s", heartbeat=HEARTBEAT):
        """`hold`: where it stops: one of FAILPOINTS (until let_go()), or "export" (until share.release(); also after
        "elected")."""
        held = HOLD.format(folder=share.folder) if hold in ("export", "elected") else ""
        source = SOURCE.format(folder=share.folder, hold=held)
        return self.run(SEED.format(
            failpoint=FAILPOINTS.get(hold, ""), folder=share.folder, share=share.path, name=share.name,
            address=self.address, heartbeat=heartbeat, source=shlex.quote("tar:" + source), more=more))

    def reaches(self, share, hold):
        """A command that ends when the seed there is at its hold."""
        if hold == "export":
            return self.run("until ls %s/export-%s-* >/dev/null 2>&1; do sleep 0.2; done" % (share.folder, self.name))
        return self.run("until pid=$(cat {0}/pid-{1} 2>/dev/null) && grep -q 'State:.*T' /proc/$pid/status; "
                        "do sleep 0.2; done".format(share.folder, self.name))

    def let_go(self, share):
        """It stops at each try. Until it has ended."""
        return self.run("pid=$(cat {0}/pid-{1}); while kill -CONT $pid 2>/dev/null; do sleep 0.3; done".format(
            share.folder, self.name))

    def kill_seed(self, share):
        self.do("kill -KILL $(cat {0}/pid-{1})".format(share.folder, self.name))

    def peer(self, share):
        """The service. It ends when it is asked to."""
        return self.run("exec swarmout peer --share {0} --keys /lab/keys --state /state/{1}-peer --dest /dest/{1} "
                        "--poll {2}s --listen {3}".format(share.path, share.name, POLL, self.address))

    def active(self, share):
        """A command that ends when a release is active here."""
        return self.run("until [ -e /dest/%s/current ]; do sleep 0.1; done" % share.name)

    def end_peers(self):
        self.do("killall swarmout")

    def tree(self, share):
        """One digest of what is active here."""
        return self.run("cd /dest/%s/current/ && %s" % (share.name, LISTING))


# Names, kinds, modes' x bit and contents.
LISTING = ("{ find . -type f | sort | xargs -d '\\n' sha256sum; find . -type f -perm -100 | sort; "
           "find . -type l | sort | while read -r link; do echo \"$link $(readlink \"$link\")\"; done; } | sha256sum")
