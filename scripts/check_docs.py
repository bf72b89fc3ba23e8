#!/usr/bin/python3
"""Holds the pages against the project: links lead somewhere, headings have one style, no line is above 120 columns outside
tables and code, and names that look like paths (in pages, and in comments of the sources) are those of files that exist."""
import os
import re
import subprocess
import sys

MAX_COLUMNS = 120
ROOTS = "common|seeder|peer|cli|tests|docs|scripts"
SUFFIXES = ("", ".hpp", ".cpp", ".py", ".md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# `common/base/files`, `tests/lab/limits_test.py`; not what has wildcards, placeholders or arguments in it.
NAME = re.compile(r"`((?:%s)/[A-Za-z0-9_./-]*)(?:\s[^`]*)?`" % ROOTS)
COMMENT = re.compile(r"(?://|#)[^\n]*?\b((?:%s)/[a-z0-9_./-]*[a-z0-9_])" % ROOTS)
INCLUDE = re.compile(r"^\s*#include")


def listed(*patterns):
    found = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                           capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted({file for file in found if file and os.path.exists(file)})


def exists(name):
    """NAME stands for what a reader makes."""
    return "NAME" in name or any(os.path.exists(name.rstrip("/") + suffix) for suffix in SUFFIXES)


def anchor_of(heading):
    """As the usual renderers make it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text))


def prose(text):
    """(number, line, whether it is code) of each line."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("```"):
            fenced = not fenced
            yield number, line, True
        else:
            yield number, line, fenced or line.startswith("    ")


def check_page(file, texts, anchors):
    headings = [(number, line) for number, line, code in prose(texts[file]) if not code and line.startswith("#")]
    if not headings or headings[0][0] != 1 or sum(line.startswith("# ") for _, line in headings) != 1:
        yield f"{file}: wants one heading with a single #, in its first line"
    for number, line in headings:
        if not re.fullmatch(r"#{1,3} \S.*[^.:\s]", line):
            yield f"{file}:{number}: a heading is # to ###, a space and words, without a full stop"
    decision = re.match(r"docs/decisions/(\d{4})-", file)
    if decision and not texts[file].startswith(f"# {decision[1]}: "):
        yield f"{file}: a decision's heading begins with its number: # {decision[1]}: …"
    for number, line, code in prose(texts[file]):
        if code:
            continue
        if len(line) > MAX_COLUMNS and not line.startswith("|"):
            yield f"{file}:{number}: {len(line)} columns, more than {MAX_COLUMNS}"
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(file), path)) if path else file
            if not os.path.exists(path):
                yield f"{file}:{number}: the link to {target} leads nowhere"
            elif anchor and anchor not in anchors.get(path, ()):
                yield f"{file}:{number}: {path} has no heading #{anchor}"
        for name in NAME.findall(line):
            if not exists(name):
                yield f"{file}:{number}: there is no {name}"


def check_steps(file, text):
    """The column "file" of a table: bare names stand for modules beside the one before them."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        inside = line.startswith("|") and (inside or (len(cells) > 1 and cells[1] == "file"))
        folder = ""
        for name in re.findall(r"`([a-z_/]+)`", cells[1] if inside else ""):
            folder = name.rsplit("/", 1)[0] if "/" in name else folder
            if not exists(name if "/" in name else f"{folder}/{name}"):
                yield f"{file}:{number}: there is no {name} in {folder}/"


def check_comments(file, text):
    for number, line in enumerate(text.split("\n"), 1):
        if INCLUDE.match(line):
            continue
        for name in COMMENT.findall(line):
            if not exists(name):
                yield f"{file}:{number}: a comment names {name}, which is not there"


def main():
    pages = listed("*.md")
    texts = {file: open(file, encoding="utf-8").read() for file in pages}
    anchors = {file: {anchor_of(line.lstrip("#")) for _, line, code in prose(texts[file])
                      if not code and line.startswith("#")} for file in pages}
    steps = "docs/architecture.md"
    sources = listed("*.hpp", "*.cpp", "*.proto", "*CMakeLists.txt")
    bad = [each for file in pages for each in check_page(file, texts, anchors)]
    bad += check_steps(steps, texts[steps])
    bad += [each for file in sources for each in check_comments(file, open(file, encoding="utf-8").read())]
    print("\n".join(bad) if bad else f"docs: clean ({len(pages)} pages)")
    sys.exit(1 if bad else 0)


main()
