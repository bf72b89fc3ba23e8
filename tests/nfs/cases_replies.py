"""Replies to LINK that get lost: the entry is there, and its writer does not know. Whose it is, the nonce in it tells."""
import network
import server
from cases import each, expect, finish
from proxy import Proxy
from waiting import wait_for

LINK_OF = {"CLAIM": 1, "COMMIT": 2}  # which one it is in a run


def lost_reply(lab, combinations, entry, server_dies=False):
    """The call is repeated. The server has kept its answer and gives it; unless it dies: then the repeated LINK finds
    that the name is taken, by its own work. A mount that is not hard may give up instead, and the nonce is read back."""
    client = lab.clients[0]
    shares = lab.shares(combinations, "lost-%s%s" % (entry.lower(), "-crash" if server_dies else ""))
    # A client that finds one NFS 4 server at two addresses goes on with the first one.
    client.do("umount " + " ".join(each.mount_point for each in combinations))
    proxies = [Proxy(network.SWITCH, server.address()) for _ in shares]
    try:
        lab.succeed([client.mount(combination, network.SWITCH, proxy.port)
                     for combination, proxy in zip(combinations, proxies)])
        for proxy in proxies:
            proxy.lose(LINK_OF[entry], hold=server_dies)
        # Time enough for the server to be back: a helper that is given up does not repeat its call.
        seeds = each(shares, lambda share: client.seed(share, more="--linger 0s --share-timeout 4m"))
        if server_dies:
            wait_for("the LINKs to be done", lambda: all(proxy.lost for proxy in proxies), 120)
            lab.server.kill()
            lab.server.restart()
            for proxy in proxies:
                proxy.release()
        finish(seeds)
    finally:
        for proxy in proxies:
            proxy.release()
        # What is left of a mount of NFS 4 would take the next one to its proxy: the machine forgets it.
        client.restart()
        for proxy in proxies:
            proxy.close()
        lab.succeed([client.mount(each) for each in combinations])
    fault = "reply to the LINK of a %s lost%s" % (entry, ", server killed and restarted" if server_dies else "")
    verdicts = lab.judge(shares, fault, by=client.name)
    expect(verdicts, shares, seeds, 0, None, who="the leader")
    for verdict, proxy, combination in zip(verdicts, proxies, combinations):
        may_give_up = combination.recovery != "hard"  # after 15 s; an emulated server may be away for longer
        if proxy.lost != 1 or (proxy.repeated == 0 and not may_give_up):
            verdict.problems.append("%d replies were lost, the call was repeated %d times" % (proxy.lost, proxy.repeated))
    return verdicts
