#!/usr/bin/env python3
"""What the service may do, as systemd sees it: unit_test.py UNIT"""
import os
import shutil
import subprocess
import sys
import tempfile

MOST = 2.0  # of 10; "exposure" in systemd-analyze(1)


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def exposure(unit):
    """Exit status, which says whether the sum of all weights is low enough, and the table."""
    said = analyze("security", "--offline=true", "--threshold=%d" % (MOST * 10), unit)
    return said.returncode, said.stdout


def main(unit):
    status, said = exposure(unit)
    assert "Overall exposure level" in said, said
    assert status == 0, "more than %.1f:\n%s" % (MOST, said)

    # The check itself can fail: without its last section the same unit is too open.
    with tempfile.TemporaryDirectory() as directory:
        open_unit = os.path.join(directory, os.path.basename(unit))
        with open(unit) as text, open(open_unit, "w") as out:
            out.writelines(line for line in text if not line.startswith(("SystemCall", "CapabilityB", "User=", "Private")))
        assert exposure(open_unit)[0] != 0, "systemd-analyze judges nothing"

        # No directive that this systemd does not know; it warns of those and goes on.
        verified = analyze("verify", "--man=no", unit)
        words = [line for line in verified.stdout.splitlines() if "Unknown" in line or "nvalid" in line or "Failed to parse" in line]
        assert not words, "\n".join(words)


if __name__ == "__main__":
    if not shutil.which("systemd-analyze"):
        print("skipped: not installed: systemd")
        sys.exit(77)
    main(sys.argv[1])
