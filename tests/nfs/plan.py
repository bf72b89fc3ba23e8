"""Which tests run, and under which combinations: those of one group at the same time, as each waits most of the time."""
import dataclasses
import functools

import cases
import cases_caches
import cases_replies
from shares import HARD, SOFTERR, SQUASHED

# By default: each version, each way of recovery, squashed and not. In a group each version is there once, because a
# client has one state with the server for each.
FEW = (HARD[0], HARD[2], SOFTERR[1])
FEW_SQUASHED = (SQUASHED[0], SQUASHED[2])
GROUPS = (tuple(HARD), tuple(SOFTERR), tuple(SQUASHED))

TESTS = {
    "race": cases.race,
    "frozen-export": functools.partial(cases.frozen, hold="export"),
    "frozen-commit": functools.partial(cases.frozen, hold="commit"),
    "frozen-stage": functools.partial(cases.frozen, hold="stage"),
    "server-dies": cases.server_dies,
    "cut-briefly": cases.cut_briefly,
    "cut-for-long": cases.cut_for_long,
    "server-cut-off": cases.server_cut_off,
    "lost-claim": functools.partial(cases_replies.lost_reply, entry="CLAIM"),
    "lost-commit": functools.partial(cases_replies.lost_reply, entry="COMMIT"),
    "lost-claim-crash": functools.partial(cases_replies.lost_reply, entry="CLAIM", server_dies=True),
    "lost-commit-crash": functools.partial(cases_replies.lost_reply, entry="COMMIT", server_dies=True),
    "follower": cases_caches.follower,
    "follower-actimeo": functools.partial(cases_caches.follower, more="actimeo=60"),
    "observer": cases_caches.observer,
    "observer-actimeo": functools.partial(cases_caches.observer, more="actimeo=60"),
    "removed-while-open": cases_caches.removed_while_open,
}
# Not by default: their kind is in it.
LONG = {"frozen-export", "frozen-stage", "lost-claim", "lost-claim-crash", "follower-actimeo", "observer"}
SQUASHED_TESTS = {"may-not-write": cases.may_not_write}


@dataclasses.dataclass
class Step:
    name: str
    test: object
    combinations: tuple
    mounts: tuple

    def run(self, lab):
        return self.test(lab, self.combinations)


def steps(wanted):
    """`wanted`: "all", names of tests, or nothing."""
    if wanted == "all":
        for group in GROUPS:
            tests = {**TESTS, **SQUASHED_TESTS} if group[0].squash else TESTS
            for name, test in tests.items():
                yield Step(name, test, group, group)
        return
    names = wanted.split(",") if wanted else None
    unknown = set(names or ()) - set(TESTS) - set(SQUASHED_TESTS) - {"race-squashed"}
    if unknown:
        raise SystemExit("no such test: %s; there are %s" % (", ".join(unknown), ", ".join(TESTS)))
    for name, test in TESTS.items():
        if name in names if names else name not in LONG:
            yield Step(name, test, FEW, FEW)
    for name, test in {"race-squashed": cases.race, **SQUASHED_TESTS}.items():
        if not names or name in names:
            yield Step(name, test, FEW_SQUASHED, FEW_SQUASHED)


def seconds(wanted):
    """After which something must be wrong, on a slow machine."""
    return 7200 if wanted == "all" else 1500
