#!/usr/bin/env bash
# scripts/lab does what it says. Exit 77: this machine cannot have network namespaces.
set -euo pipefail
lab=$(cd "$(dirname "$0")/../.." && pwd)/scripts/lab
skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "needs root"
command -v ip >/dev/null && command -v tc >/dev/null || skip "needs iproute2"
unshare --net true 2>/dev/null || skip "no network namespaces here"

export SWARMOUT_LAB_HOME
SWARMOUT_LAB_HOME=$(mktemp -d)
one=t$$a two=t$$b
trap '"$lab" down $one; "$lab" down $two; rm -rf "$SWARMOUT_LAB_HOME"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected \"$3\", got \"$2\""; }
refused() { if "$@" 2>/dev/null; then fail "succeeded: $*"; fi; }
# A host that refuses a connection is there.
reach() {
  local answer
  answer=$("$lab" exec $one "$1" timeout 2 bash -c "echo >/dev/tcp/$("$lab" address $one "$2")/7" 2>&1 || true)
  [[ $answer == *refused* ]]
}

"$lab" up $one --hosts 3 --rate 20mbit --owner $$

# A command sees where it runs, and its status comes back.
expect "a host's address" "$("$lab" exec $one 2 sh -c 'echo $LAB_HOST of $LAB_HOSTS at $LAB_ADDRESS')" "2 of 3 at $("$lab" address $one 2)"
status=0; "$lab" exec $one 1 sh -c 'exit 7' || status=$?
expect "exec's exit status" $status 7

# A name is one lab; another name is another network.
refused "$lab" up $one --hosts 1
refused "$lab" exec $one 4 true
"$lab" up $two --hosts 3
reach 1 3 || fail "host 1 does not reach host 3"

# What is cut off is not reached, until mended.
"$lab" cut $one 3
if reach 1 3; then fail "host 1 reaches host 3, which is cut off"; fi
"$lab" mend $one 3
reach 1 3 || fail "host 1 does not reach host 3, which was mended"

# Something started can be waited for, killed and started again.
"$lab" start $one 2 sh -c 'echo started; exec sleep 1000'
"$lab" kill $one 2
expect "a killed command" "$("$lab" wait $one --timeout 10 2 || true)" "2 137"
"$lab" restart $one 2
for try in $(seq 200); do [ "$(grep -c started "$("$lab" dir $one)/2.out")" -lt 2 ] || break; sleep 0.05; done
expect "its second start" "$(grep -c started "$("$lab" dir $one)/2.out")" 2
"$lab" run $one sh -c 'echo "ran on $LAB_HOST"' && expect "a command on every host" "$(grep -h ran "$("$lab" dir $one)"/*.out | wc -l)" 3

# Bytes are counted: a megabyte from 1 to 3.
before=$("$lab" bytes $one 1 | cut -d' ' -f2)
"$lab" exec $one 3 timeout 20 python3 -c 'import socket
s = socket.create_server(("", 9)); print("up", flush=True); c = s.accept()[0]
while c.recv(65536): pass' >"$SWARMOUT_LAB_HOME/server" &
until [ -s "$SWARMOUT_LAB_HOME/server" ]; do sleep 0.05; done
"$lab" exec $one 1 bash -c "head -c 1000000 /dev/zero >/dev/tcp/$("$lab" address $one 3)/9"
wait $!
sent=$(($("$lab" bytes $one 1 | cut -d' ' -f2) - before))
[ $sent -ge 1000000 ] && [ $sent -lt 1200000 ] || fail "a megabyte was counted as $sent bytes"

# A line has the rate that was asked for.
"$lab" rate $one 1 3mbit
"$lab" exec $one 1 tc qdisc show dev eth0 | grep -q 'rate 3Mbit' || fail "the rate did not change"

# A lab ends with everything on it; one whose owner is dead is removed by the next command that cleans.
"$lab" exec $two 1 sleep 1000 & sleeper=$!
until ip netns pids "lab-$two-1" | grep -q .; do sleep 0.05; done
"$lab" down $two
wait $sleeper && fail "a command survived its lab" || true
sleep 1000 & owner=$!
"$lab" up $two --hosts 2 --owner $owner
"$lab" clean
"$lab" dir $two >/dev/null || fail "a lab with a living owner was removed"
kill $owner; wait $owner || true
"$lab" clean
refused "$lab" dir $two
refused ls "/run/netns/lab-$two-1"
"$lab" down $one
expect "what is left" "$(ls /run/netns | grep -cE "^lab-($one|$two)-" || true)" 0
echo "all of it works"
