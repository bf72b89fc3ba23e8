"""What came of it, as docs/election.md shows it."""
from judge import Verdict

HEAD = ("NFS", "options", "fault", "runs", "exports", "publications", "double publications", "")


def broken_off(combination, name, error):
    return Verdict(combination.version, str(combination), name, problems=["broken off: %s" % error])


def text(verdicts):
    rows = {}
    for verdict in verdicts:
        rows.setdefault((verdict.fault, verdict.version, verdict.options), []).append(verdict)
    lines = ["| %s |" % " | ".join(HEAD), "|---" * len(HEAD) + "|"]
    for (fault, version, options), some in rows.items():
        total = [sum(each) for each in zip(*((one.exports, one.publications, one.doubles) for one in some))]
        notes = "; ".join(note for one in some for note in one.notes)
        failed = sum(1 for one in some if one.problems)
        cells = [version, options, fault, len(some), *total, notes + (" **%d wrong**" % failed if failed else "")]
        lines.append("| %s |" % " | ".join(str(cell).strip() for cell in cells))
    return "\n".join(lines)
