#!/usr/bin/env python3
"""docs/tutorial.md does what it says: tutorial_test.py SWARMOUT PAGE

Its ```sh blocks run one after the other in one bash, each command of which must succeed. What a block printed must have
the lines of the ```text block below it, in this order; "…" in them stands for anything."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

SECONDS = 150  # on a machine that does a lot else; alone it takes 20
END = 5  # seconds for what was told to end
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(page):
    """(commands, lines that they promise) of each block."""
    found = []
    for kind, text in FENCE.findall(page):
        if kind == "sh":
            found.append((text, []))
        elif kind == "text":
            found[-1][1].extend(line for line in text.splitlines() if line.strip())
        else:
            raise AssertionError("a block that is neither sh nor text: " + kind)
    return found


def script(blocks, mark):
    return "set -e\n" + "".join("echo %s\n%s" % (mark, commands) for commands, _ in blocks) + "echo %s\n" % mark


def as_pattern(line):
    """Blanks are of any number: columns are as wide as what is in them."""
    return re.compile(re.escape(" ".join(line.split())).replace("…", ".*").replace(r"\ ", r"\s+"))


def missing(promised, printed):
    """The first promised line that is not among those printed, after the ones before it."""
    rest = iter(printed.splitlines())
    for line in promised:
        pattern = as_pattern(line)
        if not any(pattern.fullmatch(each.strip()) for each in rest):
            return line
    return None


def left_running(directory):
    """Processes that have the directory in their environment, or are in it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as environ:
                if directory.encode() in environ.read() or os.readlink("/proc/%s/cwd" % pid).startswith(directory):
                    found.append(pid)
        except OSError:
            continue  # gone meanwhile, or somebody else's
    return found


def left_after(seconds, directory, shell):
    """The same, other than the shell, when they had so long to end."""
    deadline = time.monotonic() + seconds
    while True:
        left = [pid for pid in left_running(directory) if pid != str(shell)]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def run(blocks, swarmout, directory):
    """Status, and what each block printed; of fewer blocks, if one failed."""
    mark = "@@ next block @@"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SWARMOUT_")}
    environment["PATH"] = os.path.dirname(os.path.abspath(swarmout)) + ":" + environment["PATH"]
    environment["TMPDIR"] = directory
    output = os.path.join(directory, "output")
    with open(output, "w") as out:
        shell = subprocess.Popen(["bash", "-c", script(blocks, "'%s'" % mark)], stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, env=environment, cwd=directory, start_new_session=True)
        try:
            status = shell.wait(SECONDS)
        except subprocess.TimeoutExpired:
            status = "none after %d s" % SECONDS
        finally:
            left = left_after(END, directory, shell.pid)
            try:
                os.killpg(shell.pid, signal.SIGKILL)  # what a block that failed has started
            except ProcessLookupError:
                pass
            shell.wait()
    with open(output) as text:
        printed = text.read().split(mark + "\n")[1:]
    return status, printed, left


def check_itself():
    """What it finds wrong, it must find."""
    assert missing(["one …", "three"], "zero\none 17\ntwo\nthree\n") is None
    assert missing(["three", "one …"], "one 17\nthree\n") == "one …"
    assert missing(["1"], "epoch 1\n") == "1"
    assert missing(["release 4 (d-…) of 3"], "release 5 (d-1f) of 3\n") is not None
    assert steps("```sh\nfalse\n```\n\n```text\nno\n```\n") == [("false\n", ["no"])]
    with tempfile.TemporaryDirectory() as directory:
        status, printed, _ = run([("echo a\nfalse\n", []), ("echo b\n", [])], sys.argv[1], directory)
        assert status == 1 and printed == ["a\n"], (status, printed)


def main(swarmout, page):
    check_itself()
    with open(page, encoding="utf-8") as text:
        blocks = steps(text.read())
    assert len(blocks) > 5, "the page has no steps"
    with tempfile.TemporaryDirectory() as directory:
        began = time.monotonic()
        status, printed, left = run(blocks, swarmout, directory)
        took = time.monotonic() - began
        beside = sorted(os.listdir(directory))
    problems = []
    if status != 0:
        problems.append("block %d left with %s:\n%s\nIt printed:\n%s" % (
            len(printed), status, blocks[len(printed) - 1][0], printed[-1]))
    for number, ((commands, promised), said) in enumerate(zip(blocks, printed), 1):
        line = missing(promised, said)
        if line is not None:
            problems.append("block %d did not print: %s\n%s\nIt printed:\n%s" % (number, line, commands, said))
    if status == 0 and left:
        problems.append("left running: " + " ".join(left))
    if status == 0 and beside != ["output"]:
        problems.append("left behind: " + " ".join(beside))
    print("\n".join(problems) if problems else "%d blocks, %.0f s" % (len(blocks), took))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
