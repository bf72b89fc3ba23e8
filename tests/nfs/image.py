"""What a machine boots: Debian's kernel, and an initramfs with its modules, busybox, the tools of NFS and swarmout. All
of a guest is in its memory; the only file system of this machine that it sees is the folder for commands and answers."""
import fcntl
import os
import re
import shutil
import subprocess

TOOLS = ["/usr/sbin/mount.nfs", "/usr/sbin/rpcbind", "/usr/sbin/exportfs", "/usr/sbin/rpc.nfsd", "/usr/sbin/rpc.mountd"]
SETTINGS = ["passwd", "group", "netconfig", "rpc", "services", "protocols"]  # of /etc, as the tools want them
MODULES = ["virtio_pci", "virtio_net", "virtio_blk", "virtio_rng", "9pnet_virtio", "9p", "ext4", "nfs", "nfsv3", "nfsv4",
           "nfsd"]
KERNEL_NAME = r"linux-image-6\.1\.0-(\d+)-amd64-unsigned"


class NoKernel(Exception):
    pass


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "swarmout-nfs")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def kernel():
    """(vmlinuz, root of the modules, version), downloaded once: that needs the network of this machine. Errors:
    NoKernel."""
    os.makedirs(cache(), exist_ok=True)
    with open(os.path.join(cache(), "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two tests at once, one downloads
        found = unpacked() or download()
    version = os.listdir(os.path.join(found, "lib/modules"))[0]
    return os.path.join(found, "boot/vmlinuz-" + version), found, version


def newest(names):
    numbers = [int(match[1]) for match in (re.fullmatch(KERNEL_NAME, name) for name in names) if match]
    return "linux-image-6.1.0-%d-amd64-unsigned" % max(numbers) if numbers else None


def unpacked():
    name = newest(os.listdir(cache()))
    return os.path.join(cache(), name) if name else None


def download():
    name = newest(output("apt-cache", "pkgnames", "linux-image-6.1.0-").split())
    if not name:
        raise NoKernel("apt has no linux-image-6.1.0-*-amd64-unsigned")
    work = os.path.join(cache(), "new")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    got = subprocess.run(["apt-get", "download", "-qq", name], cwd=work, capture_output=True, text=True)
    packages = os.listdir(work)
    if got.returncode != 0 or not packages:
        raise NoKernel("cannot download %s: %s" % (name, got.stderr.strip()))
    root = os.path.join(work, "root")
    subprocess.run(["dpkg-deb", "-x", os.path.join(work, packages[0]), root], check=True)
    subprocess.run(["depmod", "-b", root, os.listdir(os.path.join(root, "lib/modules"))[0]], check=True)
    place = os.path.join(cache(), name)
    os.rename(root, place)  # whole, or not at all
    shutil.rmtree(work)
    return place


def modules(root, version):
    """Paths in the order in which they must be loaded."""
    found = []
    for line in output("modprobe", "-d", root, "-S", version, "--show-depends", "-a", *MODULES).splitlines():
        if line.startswith("insmod ") and line.split()[1] not in found:
            found.append(line.split()[1])
    return found


def libraries(program):
    return re.findall(r"(/\S+) \(0x", output("ldd", program))


def put(stage, source, place=None):
    target = stage + (place or source)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(source, target)


def initramfs(swarmout, kernel_root, version, directory):
    """Makes it in `directory`, and returns its path."""
    stage, here = os.path.join(directory, "stage"), os.path.dirname(os.path.abspath(__file__))
    for each in ("proc", "sys", "dev", "run", "tmp", "lab", "disk", "mnt", "bin", "etc", "var/lib/nfs"):
        os.makedirs(os.path.join(stage, each))
    put(stage, os.path.join(here, "guest/init"), "/init")
    put(stage, "/bin/busybox")
    for each in SETTINGS:
        put(stage, "/etc/" + each)
    for each in (*TOOLS, swarmout):
        for library in libraries(each):
            put(stage, library)
    for each in TOOLS:
        put(stage, each)
    subprocess.run(["strip", "-o", stage + "/bin/swarmout", swarmout], check=True)
    order = modules(kernel_root, version)
    for each in order:
        put(stage, each, "/modules/" + os.path.basename(each))
    with open(stage + "/modules/order", "w") as names:
        names.writelines(os.path.basename(each) + "\n" for each in order)
    archive = os.path.join(directory, "initramfs")
    with open(archive, "wb") as target:
        names = output("find", stage, "-mindepth", "1", "-printf", "%P\n")
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=stage, input=names.encode(), stdout=target, check=True)
    shutil.rmtree(stage)
    return archive
