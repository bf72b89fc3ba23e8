"""What is tried. Each test injects one fault, once, while one share under each of the given combinations is at work; it
returns a verdict for each share."""
import contextlib

import network
from client import SILENT
from server import NOBODY

SLOW = 300  # seconds that anything may take that ends by itself


def expect(verdicts, shares, commands, status, word="", who="it"):
    """How seeds ended, one or several for each share. `word`: what they must have said; empty: nothing at all, so that
    cron sends no mail; None: whatever they like."""
    for verdict, share in zip(verdicts, shares):
        for command in commands[share.name]:
            left, said = command.wait(SLOW), command.read("out") + command.read("err")
            if left != status or (word and word not in said) or (word == "" and said):
                verdict.problems.append("%s left with %d and said: %s" % (who, left, said.strip()[-300:] or "nothing"))


def each(shares, start):
    return {share.name: [start(share)] for share in shares}


def finish(commands, seconds=SLOW):
    for some in commands.values():
        for command in some:
            command.wait(seconds)


def leaders(lab, shares, hold):
    """At work on the first client, at the place where they are held."""
    client = lab.clients[0]
    seeds = each(shares, lambda share: client.seed(share, hold))
    finish(each(shares, lambda share: client.reaches(share, hold)))
    return seeds


def go_on(lab, shares):
    for share in shares:
        share.release()
        lab.clients[0].let_go(share)


def race(lab, combinations):
    """Seeds on all clients at once, and a peer on each. Nobody dies: a slow start must not look like it."""
    shares = lab.shares(combinations, "race")
    peers = {share.name: [client.peer(share) for client in lab.clients] for share in shares}
    seeds = {share.name: [client.seed(share, more="--linger 60s", heartbeat=5) for client in lab.clients] for share in shares}
    finish({share.name: [client.active(share) for client in lab.clients] for share in shares})
    trees = {share.name: [client.tree(share) for client in lab.clients] for share in shares}
    finish(trees)
    finish(seeds)
    for client in lab.clients:
        client.end_peers()
    finish(peers)
    verdicts = lab.judge(shares, "seeds on all hosts at once")
    expect(verdicts, shares, seeds, 0, who="a seed")
    for verdict, share in zip(verdicts, shares):
        if any(tree.read("out") != lab.source_tree for tree in trees[share.name]):
            verdict.problems.append("another tree is active on a host")
    return verdicts


def frozen(lab, combinations, hold):
    """The leader's machine stops, is taken over, and wakes up."""
    shares = lab.shares(combinations, "frozen-" + hold)
    doomed = leaders(lab, shares, hold)
    lab.clients[0].freeze()
    try:
        successors = each(shares, lambda share: lab.clients[1].seed(share, more="--linger 0s --wait"))
        finish(each(shares, lambda share: lab.clients[1].reaches(share, "export")))
        for share in shares:
            share.release()
        finish(successors)
    finally:
        lab.clients[0].thaw()
    go_on(lab, shares)
    finish(doomed)
    again = 2 if hold in ("export", "commit") else 1
    verdicts = lab.judge(shares, "leader frozen at its %s, wakes up" % hold, exports=(again,), by=lab.clients[1].name)
    expect(verdicts, shares, successors, 0, who="the successor")
    expect(verdicts, shares, doomed, 75, "FENCED", who="the frozen leader")
    return verdicts


def server_dies(lab, combinations):
    """Killed and started again while leaders are at three places. Nobody else is there."""
    holds = ("export", "stage", "commit")
    shares = {hold: lab.shares(combinations, "server-" + hold) for hold in holds}
    seeds = {hold: each(shares[hold], lambda share: lab.clients[0].seed(share, hold)) for hold in holds}
    for hold in holds:
        finish(each(shares[hold], lambda share: lab.clients[0].reaches(share, hold)))
    lab.server.kill()
    for hold in holds:
        go_on(lab, shares[hold])  # into the dark
    lab.server.restart()
    verdicts = []
    for hold in holds:
        finish(seeds[hold])
        some = lab.judge(shares[hold], "server killed and restarted, leader at its " + hold, by=lab.clients[0].name)
        expect(some, shares[hold], seeds[hold], 0, None, who="the leader")
        verdicts += some
    return verdicts


def cut_briefly(lab, combinations):
    """The leader's cable, for less than it takes to be taken for dead; a deputy watches."""
    shares = lab.shares(combinations, "cut-briefly")
    seeds = leaders(lab, shares, "export")
    deputies = each(shares, lambda share: lab.clients[1].seed(share, more="--linger 0s --wait"))
    watching(lab, shares, lab.clients[1])
    with cut(lab.clients[0]):
        lab.clients[2].do("sleep %d" % (SILENT // 3))
    go_on(lab, shares)
    finish(seeds)
    finish(deputies)
    verdicts = lab.judge(shares, "leader's cable cut for %d s" % (SILENT // 3), by=lab.clients[0].name)
    expect(verdicts, shares, seeds, 0, None, who="the leader")
    expect(verdicts, shares, deputies, 0, who="the deputy")
    return verdicts


def cut_for_long(lab, combinations):
    """The leader's cable, until a deputy has published."""
    shares = lab.shares(combinations, "cut-for-long")
    seeds = leaders(lab, shares, "export")
    deputies = each(shares, lambda share: lab.clients[1].seed(share, more="--linger 0s --wait"))
    watching(lab, shares, lab.clients[1])
    with cut(lab.clients[0]):
        finish(each(shares, lambda share: lab.clients[1].reaches(share, "export")))
        for share in shares:
            share.release()
        finish(deputies)
    finish(seeds)
    verdicts = lab.judge(shares, "leader's cable cut until it was passed", exports=(2,), by=lab.clients[1].name)
    expect(verdicts, shares, deputies, 0, who="the deputy")
    expect(verdicts, shares, seeds, 75, "FENCED", who="the leader")
    return verdicts


def server_cut_off(lab, combinations):
    """Of all hosts, for longer than it takes to be taken for dead; a deputy watches. Who reconnects first may judge the
    other: then there are two exports."""
    shares = lab.shares(combinations, "server-cut")
    seeds = leaders(lab, shares, "export")
    deputies = each(shares, lambda share: lab.clients[1].seed(share, more="--linger 0s --wait"))
    watching(lab, shares, lab.clients[1])
    with cut(lab.server):
        lab.clients[2].do("sleep %d" % (2 * SILENT))
    go_on(lab, shares)
    finish(seeds)
    finish(deputies)
    verdicts = lab.judge(shares, "server's cable cut for %d s" % (2 * SILENT), exports=(1, 2))
    for verdict in verdicts:
        if verdict.exports > 1:
            verdict.notes.append("the leader came back last and was passed")
    expect(verdicts, shares, deputies, 0, None, who="the deputy")
    return verdicts


@contextlib.contextmanager
def cut(machine):
    network.cut(machine.number)
    try:
        yield
    finally:
        network.mend(machine.number)


def watching(lab, shares, client):
    """Until a seed there has its helper open: it looks at the share, and the rest is a matter of beats."""
    finish(each(shares, lambda share: client.run(
        "until pid=$(cat {0}/pid-{1} 2>/dev/null) && grep -q . /proc/$pid/task/$pid/children; do sleep 0.2; done; sleep 2"
        .format(share.folder, client.name))))


def may_not_write(lab, combinations):
    """Root is squashed, and the user that it becomes may not write."""
    shares = lab.shares(combinations, "denied")
    lab.server.do("\n".join("chown -R 0:0 {0}; chmod -R a+rX,go-w {0}".format(each.on_server) for each in shares))
    seeds = each(shares, lambda share: lab.clients[1].seed(share))
    anew = [lab.clients[1].run("swarmout init --keys /lab/keys --share %s/anew" % share.path) for share in shares]
    finish(seeds)
    verdicts = lab.judge(shares, "root may not write", exports=(0,), publications=0)
    expect(verdicts, shares, seeds, 73, "ermission denied", who="a seed")
    for verdict, init in zip(verdicts, anew):
        if init.wait() != 73 or "ermission denied" not in init.read("err"):
            verdict.problems.append("init left with %s: %s" % (init.read("rc"), init.read("err")))
    lab.server.do("\n".join("chown -R {1}:{1} {0}".format(each.on_server, NOBODY) for each in shares))
    return verdicts
