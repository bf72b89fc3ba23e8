"""An emulated machine, and commands that run on it."""
import os
import signal
import socket
import subprocess
import time

import network
from waiting import TooLate, wait_for

MEMORY = "640"  # MiB; about 200 are used
BOOT = 90  # seconds; 8 when nothing else runs
TELL_AGAIN = 20  # seconds
BOOTS = 3  # a starved emulator's clock can stop a kernel before it has begun


class Command:
    """Runs in the background."""

    def __init__(self, machine, name):
        self.machine, self.name, self.told = machine, name, 0.0

    def read(self, kind):
        try:
            with open(os.path.join(self.machine.folder, self.name + "." + kind), errors="replace") as text:
                return text.read()
        except FileNotFoundError:
            return ""

    def begun(self):
        return os.path.exists(os.path.join(self.machine.folder, self.name + ".begun"))

    def done(self):
        self.machine.tell_again(self)
        return self.read("rc") != ""

    def wait(self, seconds=120):
        """The exit status."""
        try:
            wait_for("the end of %s" % self.name, self.done, seconds)
        except TooLate:
            raise TooLate("%s did not end in %d s\n%s" % (self, seconds, self.machine.busy_with())) from None
        return int(self.read("rc"))

    def __str__(self):
        said = self.read("err")[-300:].strip() or ("nothing said" if self.begun() else "never begun")
        return "%s on %s (%s)" % (self.name, self.machine.name, said)


class Machine:
    def __init__(self, name, number, image, folder, disks=()):
        """`image`: kernel, initramfs. `folder`: of all machines, each has one of its name in it."""
        self.name, self.number, self.disks = name, number, disks
        self.kernel, self.initramfs = image
        self.shared, self.folder = folder, os.path.join(folder, name)
        os.mkdir(self.folder)
        self.socket_path = os.path.join(self.folder, "agent")
        self.tap = network.cable(number)
        self.qemu = self.agent = None
        self.commands = 0

    def arguments(self):
        command_line = "console=ttyS0 quiet panic=-1 no_timer_check HOST=%s ADDRESS=%s" % (self.name, network.address(self.number))
        yield from ("qemu-system-x86_64", "-accel", "tcg", "-smp", "1", "-m", MEMORY, "-nodefaults", "-no-user-config")
        yield from ("-display", "none", "-no-reboot", "-kernel", self.kernel, "-initrd", self.initramfs)
        yield from ("-append", command_line, "-serial", "file:%s/console" % self.folder)
        yield from ("-chardev", "socket,id=agent,server=on,wait=off,path=" + self.socket_path, "-serial", "chardev:agent")
        yield from ("-netdev", "tap,id=net,script=no,downscript=no,ifname=" + self.tap)
        yield from ("-device", "virtio-net-pci,romfile=,netdev=net,mac=" + network.hardware_address(self.number))
        yield from ("-device", "virtio-rng-pci")
        yield from ("-fsdev", "local,id=lab,security_model=none,path=" + self.shared)
        yield from ("-device", "virtio-9p-pci,fsdev=lab,mount_tag=lab")
        for disk in self.disks:
            yield from ("-drive", "if=virtio,format=raw,file=" + disk)

    def start(self):
        """Returns at once; up() waits."""
        for each in (self.socket_path, os.path.join(self.folder, "ready")):
            if os.path.exists(each):
                os.remove(each)
        with open(os.path.join(self.folder, "qemu"), "a") as said:
            self.qemu = subprocess.Popen(list(self.arguments()), stdin=subprocess.DEVNULL, stdout=said, stderr=said)

    def up(self):
        for boot in range(1, BOOTS + 1):
            try:
                wait_for("the start of " + self.name, self.ready, BOOT)
                break
            except (TooLate, RuntimeError):
                if boot == BOOTS:
                    raise
                print("%s is started again: %s" % (self.name, self.last_words()), flush=True)
                self.qemu.kill()
                self.qemu.wait()
                self.start()
        self.agent = socket.socket(socket.AF_UNIX)
        self.agent.connect(self.socket_path)

    def ready(self):
        if self.qemu.poll() is not None:
            raise RuntimeError("%s ended with %d: %s" % (self.name, self.qemu.returncode, self.last_words()))
        return os.path.exists(os.path.join(self.folder, "ready"))

    def last_words(self):
        said = ""
        for name in ("qemu", "console"):
            with open(os.path.join(self.folder, name), errors="replace") as text:
                said += text.read()[-1500:]
        return said

    def run(self, script):
        """Starts a shell script."""
        self.commands += 1
        name = "c%03d" % self.commands
        with open(os.path.join(self.folder, name + ".sh"), "w") as text:
            text.write(script + "\n")
        command = Command(self, name)
        self.tell(command)
        return command

    def tell(self, command):
        command.told = time.monotonic()
        self.agent.sendall(command.name.encode() + b"\n")

    def tell_again(self, command):
        """A serial line may lose what comes while its machine is starved."""
        if not command.begun() and time.monotonic() - command.told > TELL_AGAIN and self.qemu.poll() is None:
            print("%s is told %s again" % (self.name, command.name), flush=True)
            self.tell(command)

    def busy_with(self):
        """What its processes wait in, for whoever reads of a test that failed."""
        last = self.run("ps -o pid,ppid,stat,args | grep -v ']$'; for p in /proc/[0-9]*; do "
                        "[ -s $p/cmdline ] && echo $p $(cat $p/wchan) && cat $p/stack; done 2>/dev/null")
        try:
            wait_for("its processes", last.done, 20)
        except TooLate:
            pass
        return last.read("out") or "it does not say what its processes do (%s)" % last

    def do(self, script, seconds=120):
        """Its standard output. Errors: RuntimeError, if it fails."""
        command = self.run(script)
        if command.wait(seconds) != 0:
            raise RuntimeError("%s left with %s: %s" % (command, command.read("rc").strip(), script))
        return command.read("out")

    def freeze(self):
        self.qemu.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.qemu.send_signal(signal.SIGCONT)

    def kill(self):
        """As if the power had gone; its disks keep what was written to them."""
        self.qemu.kill()
        self.qemu.wait()
        if self.agent:
            self.agent.close()

    def restart(self):
        if self.qemu.poll() is None:
            self.kill()
        self.start()
        self.up()
