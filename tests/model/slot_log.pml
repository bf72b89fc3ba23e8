/* The log of CLAIM, COMMIT and ABANDON (docs/election.md), for exhaustive search by Spin: tests/model/check.
 *
 * There is no time in it. "Is the leader dead?" is a free choice, so that every wrong judgement is covered, and so are
 * clocks that lie. A contender looks back to the last COMMIT it sees, the one that won over the whole log: so a slot that
 * was published long ago is found late, but before anything is done for it. A host may crash at any step, be paused for any time (it is just not scheduled), see any old beginning
 * of the log in its listing, and lose the reply of any create; the share may execute a create after its sender is dead.
 *
 * Asserted:
 *   S1  a slot has at most one COMMIT;
 *   S2  a COMMIT follows the CLAIM of the same host;
 *   S3  an entry never changes;
 *   S4  the torrent of the newest release is on the share;
 *   S5  nobody leaves as a loser whose CLAIM is the last entry.
 *
 * Each of these makes a deliberately wrong protocol, in which the search must find an error:
 *   COMMIT_ELSEWHERE   COMMIT does not compete with takeover for a number, but has a name of its own     (S1)
 *   NO_LOOK_BACK       who won does not look further back than contenders do                             (S1)
 *   BLIND_WRITE        an entry is written without asking whether there is one                           (S3)
 *   NO_NONCE           "it exists" is believed to mean "somebody else's", although the reply was lost    (S5)
 *   TIDY_WHAT_IS_NEWER tidying removes every torrent that its view, which may be old, does not name      (S4)
 *   UNSTAGE_UNKNOWN    who does not know whether its COMMIT was written takes its torrent away           (S4)
 *   NAME_BY_CONTENT    a torrent's name has no position; a fenced leader removes "its own"               (S4)
 */
#define HOSTS 3
#define END 7 /* positions 1 to END - 1; who would need another one leaves */
#define CLAIM 1
#define COMMIT 2
#define ABANDON 3

byte kind[END];
byte owner[END];
byte slot[END];
byte tail;               /* entries 1..tail exist */
bool staged[END];        /* the torrent of the release at this position is on the share */
byte commits[3];         /* of slot 1 and 2 */
bool pending[HOSTS];     /* a create on its way to the share: */
byte pending_at[HOSTS];
byte pending_kind[HOSTS];
byte pending_slot[HOSTS];

#ifdef NAME_BY_CONTENT
#define NAME(position) 1 /* packing is deterministic: all leaders have the same content */
#else
#define NAME(position) (position)
#endif

inline check_current_release() {
  d_step {
    newest = tail;
    do
    :: newest > 0 && kind[newest] != COMMIT -> newest--
    :: else -> break
    od;
    assert(newest == 0 || staged[NAME(newest)]); /* S4 */
    newest = 0
  }
}

inline execute(i) { /* put-if-absent, by the share */
  d_step {
    if
#ifdef BLIND_WRITE
    :: true ->
#else
    :: kind[pending_at[i]] == 0 ->
#endif
      assert(kind[pending_at[i]] == 0); /* S3 */
      kind[pending_at[i]] = pending_kind[i];
      owner[pending_at[i]] = i;
      slot[pending_at[i]] = pending_slot[i];
      if
      :: pending_at[i] > tail -> tail = pending_at[i]
      :: else
      fi;
      if
      :: pending_kind[i] == COMMIT ->
        commits[pending_slot[i]]++;
        assert(commits[pending_slot[i]] <= 1);                                            /* S1 */
        assert(kind[pending_at[i] - 1] == CLAIM && owner[pending_at[i] - 1] == i)         /* S2 */
      :: else
      fi
    :: else
    fi;
    pending[i] = false
  };
  check_current_release()
}

inline send(position, what) {
  atomic {
    pending_at[me] = position;
    pending_kind[me] = what;
    pending_slot[me] = job;
    pending[me] = true
  }
}

proctype Share() {
  byte newest;
end:
  do
  :: atomic { pending[0] -> execute(0) }
  :: atomic { pending[1] -> execute(1) }
  :: atomic { pending[2] -> execute(2) }
  od
}

proctype Host(byte me; byte job) {
  byte view, position, i, newest;
  bool done;

  atomic { /* a listing: any beginning of the log */
    view = 0;
    do
    :: view < tail -> view++
    :: break
    od
  }
look: /* at the last COMMIT, and what follows it */
  atomic {
    done = false;
    i = view;
    do
    :: i > 0 && kind[i] != COMMIT -> i--
    :: else -> break
    od;
    done = i > 0 && slot[i] == job;
    i = 0
  }
  if
  :: done -> goto leave
  :: else
  fi;
  if
  :: view > 0 && kind[view] == CLAIM ->
    if
    :: goto leave /* judged alive */
    :: skip       /* judged dead, rightly or wrongly, at once or by a deputy after a long watch */
    fi
  :: else
  fi;
  position = view + 1;
  if
  :: position >= END - 1 -> goto leave
  :: else
  fi;
  send(position, CLAIM);
  if
  :: !pending[me] /* read back, whatever the reply was, and whether there was one */
#ifdef NO_NONCE
  :: atomic { !pending[me] -> goto lost }
#endif
  :: goto leave   /* crashed, with the create under way */
  fi;
  if
  :: kind[position] == CLAIM && owner[position] == me -> goto lead
  :: else
  fi;
lost:
  assert(!(tail == position && kind[position] == CLAIM && owner[position] == me)); /* S5 */
  view = position;
  goto look;

lead:
#ifndef NO_LOOK_BACK
  atomic { /* at all that was before: it is there, and does not change */
    i = 1;
    do
    :: i < position -> done = done || (kind[i] == COMMIT && slot[i] == job); i++
    :: else -> break
    od;
    i = 0
  }
  if
  :: done -> send(position + 1, ABANDON); goto leave
  :: else
  fi;
#endif
  if /* the work: crash or pause anywhere */
  :: goto leave
  :: send(position + 1, ABANDON); goto leave
  :: skip
  fi;
  if
  :: goto leave
  :: staged[NAME(position + 1)] = true /* stage, then publish */
  fi;
#ifdef COMMIT_ELSEWHERE
  atomic {
    commits[job]++;
    assert(commits[job] <= 1) /* S1 */
  };
  goto leave;
#else
  send(position + 1, COMMIT);
  if
  :: !pending[me]
  :: atomic { /* crashed, or gave up without knowing, with the create under way */
#ifdef UNSTAGE_UNKNOWN
      staged[NAME(position + 1)] = false; check_current_release();
#endif
      goto leave }
  fi;
#ifdef NAME_BY_CONTENT
  atomic {
    if
    :: !(kind[position + 1] == COMMIT && owner[position + 1] == me) -> staged[1] = false; check_current_release()
    :: else
    fi
  };
#endif
#endif
leave:
  skip
}

proctype Tidy() { /* any host, on any beginning of the log, at any time later; keeps one release */
  byte view, i, newest, kept;
  atomic {
    do
    :: view < tail -> view++
    :: break
    od;
    i = 1;
    do
    :: i <= view ->
      if
      :: kind[i] == COMMIT -> kept = i
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 1
  }
  do
#ifdef TIDY_WHAT_IS_NEWER
  :: i < END ->
#else
  :: i <= view ->
#endif
    atomic {
      if
      :: i != kept -> staged[i] = false; check_current_release()
      :: else
      fi;
      i++
    }
  :: else -> break
  od
}

init {
  atomic {
    run Share();
    run Host(0, 1);
    run Host(1, 1);
    run Host(2, 2);
#ifndef NAME_BY_CONTENT
    run Tidy()
#endif
  }
}
