"""What the log of a share says, read as a stranger would: docs/formats/log-entry.md."""
import dataclasses
import hashlib
import os
import re


@dataclasses.dataclass
class Entry:
    position: int
    kind: str
    owner: str
    slot: str
    host: str


@dataclasses.dataclass
class Verdict:
    """Of one share."""
    version: str
    options: str
    fault: str
    exports: int = 0
    publications: int = 0
    doubles: int = 0  # publications of a slot that had one
    notes: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)


def read_log(directory, problems):
    """The entries in order. Whatever is wrong with the chain is added to `problems`."""
    names = sorted(name for name in os.listdir(directory) if re.fullmatch(r"\d{8,}", name))
    entries, previous, before = [], "0" * 64, None
    for number, name in enumerate(names, 1):
        with open(os.path.join(directory, name), "rb") as file:
            content = file.read()
        head, _, signature = content.rstrip(b"\n").rpartition(b"\nsigned ")
        fields = dict(line.split(" ", 1) for line in head.decode().splitlines()[1:])
        whole = re.fullmatch(rb"[0-9A-F]{16} [A-Za-z0-9+/]{86}==", signature)
        if not whole or int(name) != number or int(fields["position"]) != number or fields["previous"] != previous:
            problems.append("entry %s is not whole, or does not follow the one before it" % name)
        entry = Entry(number, fields["kind"], fields["owner"], fields["slot"], fields["host"])
        if entry.kind == "COMMIT" and (before is None or (before.kind, before.owner) != ("CLAIM", entry.owner)):
            problems.append("COMMIT %s does not follow its own CLAIM" % name)
        entries.append(entry)
        previous, before = hashlib.sha256(content).hexdigest(), entry
    return entries


def judge(share, fault, exports=(1,), by=None, publications=1):
    """`exports`: how many there may be. `by`: the host that publishes; None: any."""
    combination = share.combination
    verdict = Verdict(combination.version, str(combination), fault, share.exports())
    entries = read_log(os.path.join(share.here, "log"), verdict.problems)
    commits = [entry for entry in entries if entry.kind == "COMMIT"]
    verdict.publications = len({entry.slot for entry in commits})
    verdict.doubles = len(commits) - verdict.publications
    if verdict.doubles:
        verdict.problems.append("a slot was published twice")
    if verdict.publications != publications:
        verdict.problems.append("%d publications instead of %d" % (verdict.publications, publications))
    if by and commits and commits[-1].host != by:
        verdict.problems.append("published by %s, not by %s" % (commits[-1].host, by))
    if verdict.exports not in exports:
        verdict.problems.append("%d exports instead of %s" % (verdict.exports, " or ".join(map(str, exports))))
    return verdict
