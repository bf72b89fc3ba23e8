#!/usr/bin/python3
"""Holds the sources against the table of rooms in docs/architecture.md: which folder may include which, and which
library. Also: no file includes itself by a detour, no file above 350 lines, no folder above 16 modules."""
import re
import subprocess
import sys
from collections import defaultdict

MAX_LINES, MAX_MODULES = 350, 16
ROOTS = ("common/", "seeder/", "peer/", "cli/")
# What an include of each library begins with. fmt, spdlog and tl::expected may be used everywhere.
LIBRARIES = {
    "libtorrent": "libtorrent/", "zstd": "zstd", "libarchive": "archive", "libsodium": "sodium", "libcurl": "curl/",
    "OpenSSL": "openssl/", "Boost": "boost/", "dtl": "dtl/", "CLI11": "CLI/", "JSON": "nlohmann/", "protobuf": "google/protobuf",
}
INCLUDE = re.compile(r'^\s*#include ([<"])([^>"]+)[>"]', re.M)


def read_table(path):
    """{room: (rooms it may include, {library: modules that may use it, or None for all of the room})}"""
    table, inside = {}, False
    for line in open(path, encoding="utf-8"):
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[0] == "room" and "libraries" in cells:
            inside = True
        elif inside and not cells[0].startswith("---"):
            libraries = {}
            for part in filter(None, (part.strip() for part in cells[2].split(";"))):
                name = part.split(":")[0].strip()
                if name not in LIBRARIES:
                    sys.exit(f"{path}: the table names a library \"{name}\" that scripts/check_rooms.py does not know")
                libraries[name] = re.findall(r"`([^`]+)`", part) or None
            for room in re.findall(r"`([^`]+)`", cells[0]):
                table[room] = (set(re.findall(r"`([^`]+)`", cells[1])), libraries)
    return table


def room_of(file, table):
    """The row that fits best: a folder, or single modules of one."""
    stem = file.rsplit(".", 1)[0].removesuffix(".pb")
    if stem in table:
        return stem
    return stem.rsplit("/", 1)[0]


def check_arrows(files, texts, table):
    for file in files:
        room = room_of(file, table)
        if room not in table:
            yield f"{file}: docs/architecture.md has no row for {room}"
            continue
        allowed, libraries = table[room]
        module = file.rsplit("/", 1)[1].rsplit(".", 1)[0]
        for kind, name in INCLUDE.findall(texts[file]):
            if kind == '"' and name.endswith(".pb.h") and "protobuf" not in libraries:
                yield f"{file}: {room} may not include protobuf ({name})"
            if kind == '"':
                to = room_of(name, table)
                if to != room and to not in allowed:
                    yield f"{file}: {room} may not include {to} ({name})"
                continue
            for library, prefix in LIBRARIES.items():
                modules = libraries.get(library, ())
                if name.startswith(prefix) and modules is not None and module not in modules:
                    yield f"{file}: may not include {library} ({name})"


def check_circles(files, texts):
    """Of headers; each is named once."""
    edges = {file: [name for kind, name in INCLUDE.findall(texts[file]) if kind == '"' and name in texts]
             for file in files if file.endswith(".hpp")}
    done, path = set(), []

    def visit(file):
        if file in path:
            yield "a circle of includes: " + " → ".join(path[path.index(file):] + [file])
        elif file not in done:
            path.append(file)
            for each in edges.get(file, ()):
                yield from visit(each)
            done.add(path.pop())

    for file in edges:
        yield from visit(file)


def check_sizes(files, texts):
    modules = defaultdict(set)
    for file in files:
        lines = texts[file].count("\n")
        if lines > MAX_LINES:
            yield f"{file}: {lines} lines, more than {MAX_LINES}"
        folder, name = file.rsplit("/", 1)
        if file.startswith(ROOTS):
            modules[folder].add(name.rsplit(".", 1)[0])
    for folder, names in modules.items():
        if len(names) > MAX_MODULES:
            yield f"{folder}/: {len(names)} modules, more than {MAX_MODULES}"


def main():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.cpp", "*.hpp"],
                            capture_output=True, text=True, check=True).stdout.split()
    texts = {}
    for file in listed:
        try:
            texts[file] = open(file, encoding="utf-8").read()
        except FileNotFoundError:
            pass  # removed, not yet committed
    table = read_table("docs/architecture.md")
    if not table:
        sys.exit("docs/architecture.md has no table of rooms")
    sources = [file for file in texts if file.startswith(ROOTS)]
    bad = [*check_arrows(sources, texts, table), *check_circles(texts, texts), *check_sizes(texts, texts)]
    for room in sorted(set(table) - {room_of(file, table) for file in sources}):
        bad.append(f"docs/architecture.md: nothing is in {room}")
    print("\n".join(bad) if bad else f"layers: clean ({len(sources)} files in {len(table)} rooms)")
    sys.exit(1 if bad else 0)


main()
