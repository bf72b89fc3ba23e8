"""One server, three clients, and the shares of a test: made, judged, and after a test as before it."""
import os

import image
import judge
import network
from client import LISTING, Client
from server import NOBODY, Server
from shares import Share

CLIENTS = 3


class Lab:
    def __init__(self, swarmout, kernel, directory):
        vmlinuz, modules, version = kernel
        self.folder = os.path.join(directory, "lab")  # what all machines see
        self.shares_folder = os.path.join(self.folder, "shares")
        os.makedirs(self.shares_folder)
        os.makedirs(os.path.join(self.folder, "keys"))
        os.makedirs(os.path.join(directory, "boot"))
        initramfs = image.initramfs(swarmout, modules, version, os.path.join(directory, "boot"))
        network.make()
        make_source(os.path.join(self.folder, "source"))
        self.server = Server((vmlinuz, initramfs), self.folder, directory)
        self.clients = [Client(number, (vmlinuz, initramfs), self.folder) for number in range(1, CLIENTS + 1)]

    def up(self):
        machines = [self.server, *self.clients]
        for each in machines:
            each.start()
        for each in machines:
            each.up()
        self.clients[0].do("swarmout init --share /run/first --keys /lab/keys")  # the keys: part of every host's image
        self.source_tree = self.clients[0].do("cd /lab/source && " + LISTING)

    def mount(self, combinations):
        """On all clients."""
        for each in combinations:
            self.server.do("mkdir -p {0} && chown {1}:{1} {0}".format(each.on_server, NOBODY if each.squash else 0))
        self.succeed([client.mount(each) for each in combinations for client in self.clients])

    def unmount(self, combinations):
        for client in self.clients:
            client.do("\n".join("umount -l " + each.mount_point for each in combinations))

    def shares(self, combinations, test):
        """A fresh one under each combination."""
        shares = [Share(each, test, self.shares_folder) for each in combinations]
        self.succeed([self.clients[0].run("swarmout init --share %s --keys /lab/keys" % each.path) for each in shares])
        return shares

    @staticmethod
    def succeed(commands, seconds=180):
        for each in commands:
            if each.wait(seconds) != 0:
                raise RuntimeError("failed with %s: %s" % (each.read("rc").strip(), each))

    def judge(self, shares, fault, **expected):
        """One verdict for each; what is expected: judge.judge()."""
        self.server.do("\n".join("cp -r {0}/log {1}/log".format(each.on_server, each.folder) for each in shares))
        return [judge.judge(each, fault, **expected) for each in shares]

    def heal(self):
        """After a test that may have failed in the middle."""
        for each in (self.server, *self.clients):
            each.thaw()
            network.mend(each.number)
        if self.server.down:
            self.server.restart()
        for each in self.clients:
            each.do("killall -KILL swarmout 2>/dev/null; true")


def make_source(root):
    """What is exported: little, but of every kind."""
    os.makedirs(os.path.join(root, "bin/deep/er"))
    for name, content, mode in (("README", b"hello\n", 0o644), ("bin/tool", b"#!/bin/sh\n" * 50, 0o755),
                                ("bin/deep/er/na\u00efve name", os.urandom(200_000), 0o644), ("empty", b"", 0o644)):
        path = os.path.join(root, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
    os.symlink("../README", os.path.join(root, "bin/link"))
