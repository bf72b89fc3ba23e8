"""A switch, and a cable to each machine. In the network namespace that the caller is in."""
import subprocess

PREFIX = "10.78.0."
SWITCH = PREFIX + "254"  # this side of it: where the proxy listens


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def address(number):
    return PREFIX + str(number)


def hardware_address(number):
    return "02:00:0a:4e:00:%02x" % number


def make():
    ip("link", "set", "lo", "up")
    ip("link", "add", "switch", "type", "bridge")
    ip("addr", "add", SWITCH + "/24", "dev", "switch")
    ip("link", "set", "switch", "up")


def cable(number):
    """Name of the tap that machine `number` is plugged into."""
    tap = "tap%d" % number
    ip("tuntap", "add", tap, "mode", "tap")
    ip("link", "set", tap, "master", "switch", "up")
    return tap


def cut(number):
    ip("link", "set", "tap%d" % number, "down")


def mend(number):
    ip("link", "set", "tap%d" % number, "up")
