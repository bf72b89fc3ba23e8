#!/usr/bin/env python3
"""What the linker and the compiler have written into the binary: hardening_test.py BINARY"""
import subprocess
import sys


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def code_of(function, binary):
    return subprocess.run(["objdump", "-d", "--disassemble=" + function, binary], check=True, stdout=subprocess.PIPE, text=True).stdout


def problems(binary):
    header, segments = readelf("-h", binary), readelf("-l", binary)
    dynamic, symbols = readelf("-d", binary), readelf("--dyn-syms", binary)
    if "DYN (Position-Independent Executable file)" not in header:
        yield "not position-independent"
    if "GNU_RELRO" not in segments or "BIND_NOW" not in dynamic or " NOW" not in dynamic:
        yield "relocations stay writable (full RELRO)"
    if not any("GNU_STACK" in line for line in segments.splitlines()):
        yield "nothing says that the stack cannot be executed"
    if any("RWE" in line.split() for line in segments.splitlines()):
        yield "something is writable and can be executed"
    if "RUNPATH" in dynamic or "RPATH" in dynamic:
        yield "libraries are looked for in a place of its own"
    # The mark in the notes needs Debian's start files to have it too, which those of Debian 12 do not: look at the code.
    if "Advanced Micro Devices X86-64" in header and "endbr64" not in code_of("main", binary):
        yield "no control-flow enforcement (CET)"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if not any(name in symbols for name in ("__memcpy_chk", "__read_chk", "__snprintf_chk", "__fprintf_chk", "__realpath_chk")):
        yield "no fortified call of the C library"
    if "__glibcxx_assert_fail" not in symbols:
        yield "no checks in the C++ library"
    if b"SWARMOUT_FAILPOINT" in open(binary, "rb").read():
        yield "it has the failpoints of tests in it"


if __name__ == "__main__":
    found = list(problems(sys.argv[1]))
    print("\n".join(found))
    sys.exit(1 if found else 0)
