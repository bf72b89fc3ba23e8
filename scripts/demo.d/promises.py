"""What is promised of the two cron lines, judged from what the jobs, the export and the log have written."""
import collections
import contextlib

# What may happen to a job, and must not.
WRONG = ("jobs that ran twice", "jobs that did not run", "jobs in another release", "jobs in a tree that changed",
         "runs that failed")

Note = collections.namedtuple("Note", "host release before after")  # digests of its tree; after "": it has not ended


def lines(path):
    with contextlib.suppress(FileNotFoundError):
        return open(path).read().splitlines()
    return []


def read_notes(paths):
    """{slot: [Note]}, from {host: file}; its lines are "begin SLOT RELEASE DIGEST" and "end SLOT RELEASE DIGEST"."""
    found = collections.defaultdict(list)
    for host, path in paths.items():
        for line in lines(path):
            what, slot, release, digest = line.split()
            begun = next((note for note in found[slot] if note.host == host and not note.after), None)
            if what == "end" and begun:
                found[slot][found[slot].index(begun)] = begun._replace(after=digest)
            else:
                found[slot].append(Note(host, release, digest if what == "begin" else "no beginning", ""))
    return found


def wrong_with(slot, host, notes):
    """Those of WRONG that hold of one host in one slot."""
    killed = host in slot.killed
    is_so = (len(notes) > 1, not notes and not killed, any(note.before != slot.expected for note in notes),
             any(note.after != note.before for note in notes), not killed and slot.runs[host].returncode != 0)
    return [what for what, so in zip(WRONG, is_so) if so]


def judge(slots, hosts, notes, exports, published):
    """(counts, sentences about what was broken). `exports` and `published` are counts by slot."""
    count, broken = collections.Counter(), []
    for slot in slots:
        least, most = (0, 0) if slot.held else (1, 2 if slot.redone else 1)
        if not least <= exports[slot.name] <= most:
            broken.append("%s: exported %d times" % (slot.name, exports[slot.name]))
        if published[slot.name] != least:
            broken.append("%s: published %d times" % (slot.name, published[slot.name]))
        count["exported", exports[slot.name]] += 1
        count["published", published[slot.name]] += 1
        for host in hosts:
            own = [note for note in notes[slot.name] if note.host == host]
            wrong = wrong_with(slot, host, own)
            broken += ["%s, host %d: %s" % (slot.name, host, what) for what in wrong]
            count.update(wrong)
            count["jobs"] += len(own)
            count["killed before"] += host in slot.killed and not own
    return count, broken
