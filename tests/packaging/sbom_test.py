#!/usr/bin/env python3
"""Is all that the program is linked with in its SBOM, as it is installed? sbom_test.py BUILD"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts/sbom")
# Libraries of which only headers are there to be compiled in.
HEADERS_ONLY = {"libcli11-dev", "libboost1.74-dev", "libexpected-dev", "nlohmann-json3-dev"}
FIELDS = {"SPDXID", "name", "versionInfo", "downloadLocation", "licenseConcluded", "licenseDeclared", "copyrightText"}


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def problems(build):
    binary = os.path.join(build, "swarmout")
    sbom = json.loads(output(SCRIPT, build))
    packages = {each["SPDXID"]: each for each in sbom["packages"]}
    if sbom["spdxVersion"] != "SPDX-2.3" or not re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\dZ", sbom["creationInfo"]["created"]):
        yield "this is no SPDX 2.3"
    if len(packages) != len(sbom["packages"]) or not all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", each) for each in packages):
        yield "ids are not unique, or no ids"
    for each in sbom["packages"]:
        if FIELDS - set(each) or not all(each[field] for field in FIELDS):
            yield f"{each['name']}: lacks something"
    digest = hashlib.sha256(open(binary, "rb").read()).hexdigest()
    program = packages.get("SPDXRef-swarmout")
    if program is None or program["checksums"] != [{"algorithm": "SHA256", "checksumValue": digest}]:
        yield "it is not about this program"
    related = {"DYNAMIC_LINK": [], "STATIC_LINK": []}
    for each in sbom["relationships"][1:]:
        related[each["relationshipType"]].append(packages[each["relatedSpdxElement"]])
    files = set()
    for each in related["DYNAMIC_LINK"]:
        files |= {os.path.basename(path) for path in output("dpkg", "-L", each["name"]).split("\n")}
        if each["versionInfo"] not in output("dpkg-query", "-W", "-f", "${Version}\n", each["name"]).split("\n"):
            yield f"{each['name']}: not this version"
    needed = re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-W", "-d", binary))
    loaded = re.findall(r"^\s*(\S+) => /", output("ldd", binary), re.M)
    if not needed:
        yield "the program needs no libraries?"
    yield from (f"{library} is not in it" for library in sorted({*needed, *loaded} - files))
    yield from (f"{name} is not in it" for name in sorted(HEADERS_ONLY - {each["name"] for each in related["STATIC_LINK"]}))


if __name__ == "__main__":
    if not all(map(shutil.which, ("dpkg-query", "ninja", "readelf"))):
        print("dpkg, ninja and readelf are needed")
        sys.exit(77)
    found = list(problems(sys.argv[1]))
    print("\n".join(found))
    sys.exit(1 if found else 0)
