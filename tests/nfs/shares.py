"""How a share is mounted, and one share of one test."""
import dataclasses
import os

SOFT = "softerr,timeo=50,retrans=2"  # gives up after 15 s; otherwise as a mount is by default


@dataclasses.dataclass(frozen=True)
class Combination:
    version: str  # of NFS
    recovery: str = "hard"
    squash: bool = False  # root is nobody there

    @property
    def key(self):
        return "%s-%s%s" % (self.version, self.recovery, "-squashed" if self.squash else "")

    @property
    def mount_point(self):
        return "/mnt/" + self.key

    @property
    def on_server(self):
        return ("/disk/squashed/" if self.squash else "/disk/") + self.key

    @property
    def export(self):
        """What is mounted: NFS 4 begins at the export with fsid=0."""
        return self.on_server if self.version == "3" else self.on_server.removeprefix("/disk")

    def options(self, server):
        """Of mount(8). The proxy knows nothing of mountd, so that one is named."""
        recovery = "hard" if self.recovery == "hard" else SOFT
        more = ",nolock,proto=tcp,mountproto=tcp,mountaddr=" + server if self.version == "3" else ""
        return "vers=%s,%s%s" % (self.version, recovery, more)

    def __str__(self):
        return "%s, root_squash" % self.recovery if self.squash else self.recovery


HARD = [Combination("3"), Combination("4.1"), Combination("4.2")]
SOFTERR = [Combination(each.version, "softerr") for each in HARD]
SQUASHED = [Combination(each.version, squash=True) for each in HARD]


class Share:
    """A share of its own for each test and combination."""

    def __init__(self, combination, test, folders):
        self.combination = combination
        self.name = "%s.%s" % (combination.key, test)  # and of its slot, and of the hosts' directories
        self.path = os.path.join(combination.mount_point, test)
        self.on_server = os.path.join(combination.on_server, test)
        self.folder = "/lab/shares/" + self.name  # for the machines
        self.here = os.path.join(folders, self.name)  # the same, for us
        os.makedirs(self.here)
        os.chmod(self.here, 0o777)

    def release(self):
        """Leaders that are held at their export go on."""
        open(os.path.join(self.here, "go"), "w").close()

    def exports(self):
        return sum(1 for each in os.listdir(self.here) if each.startswith("export-"))
