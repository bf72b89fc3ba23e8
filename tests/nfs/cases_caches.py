"""What clients keep in their caches, attributes and names that are not there; and files that are removed while open."""
import time

from cases import SLOW, each, expect, finish, go_on, leaders
from client import HEARTBEAT, POLL, SILENT

SLACK = 10  # seconds that emulated machines may take for what should take none


def seconds_until(command, since):
    command.wait(SLOW)
    return time.monotonic() - since


def follower(lab, combinations, more=""):
    """A peer that has asked for the next number again and again, when it was not there, sees it when it is."""
    shares, watcher = lab.shares(combinations, "follower" + more.replace("=", "")), lab.clients[2]
    with_options(lab, watcher, combinations, more)
    peers = each(shares, lambda share: watcher.peer(share))
    finish(each(shares, lambda share: watcher.run(
        "until ls /state/%s-peer/* >/dev/null 2>&1; do sleep 0.2; done; sleep %d" % (
            share.name, 4 * POLL))))  # looks at a log that is empty
    seeds = each(shares, lambda share: lab.clients[0].seed(share, more="--linger 60s"))
    published = [lab.server.run("until [ -e %s/log/00000002 ]; do sleep 0.1; done" % share.on_server) for share in shares]
    active = [watcher.active(share) for share in shares]
    lags = []
    for there, here in zip(published, active):
        there.wait(SLOW)
        lags.append(seconds_until(here, time.monotonic()))
    finish(seeds)
    watcher.end_peers()
    finish(peers)
    with_options(lab, watcher, combinations, "")
    verdicts = lab.judge(shares, "attributes cached (%s), a follower" % (more or "as by default"))
    expect(verdicts, shares, seeds, 0, who="the leader")
    for verdict, lag in zip(verdicts, lags):
        verdict.notes.append("active after %.0f s" % lag)
        if lag > POLL + SLACK:
            verdict.problems.append("the follower saw the COMMIT after %.0f s" % lag)
    return verdicts


def observer(lab, combinations, more=""):
    """A deputy that looked for the heartbeat before there was one takes the leader for alive when it beats, and for dead
    when it is."""
    shares, watcher = lab.shares(combinations, "observer" + more.replace("=", "")), lab.clients[1]
    with_options(lab, watcher, combinations, more)
    doomed = leaders(lab, shares, "elected")  # its CLAIM is there, and no heartbeat
    deputies = each(shares, lambda share: watcher.seed(share, more="--linger 0s --wait"))
    finish(each(shares, lambda share: watcher.run(
        "until pid=$(cat {0}/pid-{1} 2>/dev/null) && [ -e /proc/$pid/exe ]; do sleep 0.1; done; sleep {2}".format(
            share.folder, watcher.name, 2 * HEARTBEAT))))
    for share in shares:
        lab.clients[0].let_go(share)
    finish(each(shares, lambda share: lab.clients[0].reaches(share, "export")))
    lab.server.do("sleep %d" % (SILENT + 2 * HEARTBEAT))  # in which a leader that is not seen to beat would be passed
    early = [share.exports() for share in shares]
    for share in shares:
        lab.clients[0].kill_seed(share)
    died = time.monotonic()
    waits = [lab.server.run("until [ -e %s/log/00000002 ]; do sleep 0.1; done" % share.on_server) for share in shares]
    lags = [seconds_until(each, died) for each in waits]
    for share in shares:
        share.release()
    finish(deputies)
    finish(doomed)
    with_options(lab, watcher, combinations, "")
    verdicts = lab.judge(shares, "attributes cached (%s), leader killed" % (more or "as by default"), exports=(2,),
                         by=watcher.name)
    expect(verdicts, shares, deputies, 0, who="the deputy")
    for verdict, lag, exports in zip(verdicts, lags, early):
        verdict.notes.append("taken over after %.0f s" % lag)
        if exports > 1:
            verdict.problems.append("a living leader was passed")
        if lag > SILENT + HEARTBEAT + SLACK:
            verdict.problems.append("taken over after %.0f s" % lag)
    return verdicts


def with_options(lab, client, combinations, more):
    client.do("umount " + " ".join(each.mount_point for each in combinations))
    lab.succeed([client.mount(each, more=more) for each in combinations])


HOLD_OPEN = """cd {share}
for name in log/.t-0123456789abcdef0123456789abcdef peers/0123456789abcdef torrents/.tmp-0123456789abcdef0123456789abcdef \\
  hb/00000001-01234567 stage/00000001-01234567; do
  echo removed while open >$name
  exec 7<$name
  sleep 1000 <&7 &
  exec 7<&-
  rm $name
done
find . -name '.nfs*' | wc -l"""


OLD = """cd {0}
for each in log peers torrents hb stage; do : >$each/.nfs0001; touch -d '2020-01-01 00:00' $each/.nfs0001; done"""


def removed_while_open(lab, combinations):
    """A client that removes a file that it has open leaves .nfs… in its place. It confuses nobody; what is left of it for
    ever by a client that died is tidied away a day later."""
    shares, client = lab.shares(combinations, "removed"), lab.clients[1]
    left = [client.do(HOLD_OPEN.format(share=share.path)).strip() for share in shares]
    lab.server.do("\n".join(OLD.format(share.on_server) for share in shares))
    peers = each(shares, lambda share: client.peer(share))
    seeds = each(shares, lambda share: lab.clients[0].seed(share, more="--linger 60s"))
    finish(each(shares, client.active))
    status = each(shares, lambda share: client.run("swarmout status --keys /lab/keys --share " + share.path))
    finish(status)
    finish(seeds)
    client.end_peers()
    finish(peers)
    old = [lab.server.do("find %s -name .nfs0001" % share.on_server).split() for share in shares]
    client.do("killall sleep")
    verdicts = lab.judge(shares, "files removed while open (.nfs\u2026)")
    expect(verdicts, shares, seeds, 0, who="the leader")
    expect(verdicts, shares, status, 0, word="1 of 1", who="status")
    for verdict, count, old_ones in zip(verdicts, left, old):
        if count != "5":
            verdict.problems.append("%s files .nfs\u2026 instead of 5: nothing was tried" % count)
        if old_ones:
            verdict.problems.append("not tidied away: " + " ".join(old_ones))
    return verdicts
