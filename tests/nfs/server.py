"""The NFS server: two exports of ext4, which survive its death as their disks do."""
import os
import subprocess

import network
from machine import Machine

LEASE = 10  # seconds; 90 by default, which is how long everybody would wait after a restart
NOBODY = 65534  # whom root is squashed to

START = """set -e
mkdir -p /var/lib/nfs/rpc_pipefs /run/rpcbind
mount -t ext4 /dev/vda /disk
mkdir -p /disk/squashed /disk/v4recovery
mount -t ext4 /dev/vdb /disk/squashed
mount -t nfsd nfsd /proc/fs/nfsd
echo /disk/v4recovery >/proc/fs/nfsd/nfsv4recoverydir  # who may reclaim after a restart
touch /etc/exports /var/lib/nfs/etab /var/lib/nfs/rmtab
rpcbind
# insecure: the proxy of a test calls from any port.
exportfs -o rw,sync,insecure,no_root_squash,no_subtree_check,fsid=0 '*:/disk'
exportfs -o rw,sync,insecure,root_squash,no_subtree_check,fsid=1 '*:/disk/squashed'
rpc.mountd
rpc.nfsd -G {lease} -L {lease} 8
"""


class Server(Machine):
    def __init__(self, image, folder, directory):
        self.down = False
        disks = [os.path.join(directory, name) for name in ("disk", "squashed")]
        for disk in disks:
            with open(disk, "wb") as file:
                file.truncate(128 << 20)
            subprocess.run(["mkfs.ext4", "-q", disk], check=True)
        super().__init__("server", 1, image, folder, disks)

    def up(self):
        super().up()
        self.do(START.format(lease=LEASE))
        self.down = False

    def kill(self):
        super().kill()
        self.down = True


def address():
    return network.address(1)
