/* Going back, holding and resuming (docs/election.md) beside runs that publish, for exhaustive search by Spin:
 * tests/model/check. How runs elect each other is in slot_log.pml; here a CLAIM may be taken over at any time.
 *
 * Hosts run `seed`, people say `rollback` and `resume`, a peer follows. Whoever reads the log may see an old end of it.
 * A host may be paused at any step and go on when everything has changed, or crash.
 *
 * Asserted:
 *   H1  between a COMMIT that holds and the one that resumes no run has published, whenever it began;
 *   H2  who was told that the fleet is held has a COMMIT in the log that counts;
 *   H3  a peer never goes from what a COMMIT names to what an earlier one names, though releases may get older;
 *   H4  when everybody has ended, and a peer has looked at the end of the log, it is on what the last COMMIT names.
 *
 * Each of these makes a deliberately wrong protocol, in which the search must find an error:
 *   HOLD_ASIDE    the hold is a mark beside the log, which runs look at before they claim               (H1)
 *   FRESH_NUMBER  a run decides by one look at the log, and takes the number after a later one          (H1)
 *   NO_CLAIM      who holds puts a COMMIT behind the CLAIM that is open, without one of its own         (H2)
 *   ANY_COMMIT    a peer goes back wherever the end of the log that it sees names an older release      (H3)
 *   NEWER_ONLY    a peer follows a COMMIT only if the release that it names is newer                    (H4)
 */
#define WRITERS 4
#define END 8 /* positions 1 to END - 1 */
#define CLAIM 1
#define COMMIT 2
#define NOTHING 0
#define HOLDS 1
#define RESUMES 2

byte kind[END];
byte owner[END];
byte names[END]; /* COMMIT: the release */
byte word[END];  /* COMMIT: HOLDS, RESUMES, or of a run */
byte last;       /* the highest number that is taken */
bool aside;      /* HOLD_ASIDE */
byte ended;      /* who will not write any more */

#define COUNTS(p) (kind[p] == COMMIT && kind[(p) - 1] == CLAIM && owner[(p) - 1] == owner[p])

/* The last COMMIT up to `tail`. */
inline find_commit() {
  commit = tail;
  do
  :: commit > 0 && !COUNTS(commit) -> commit--
  :: else -> break
  od
}

/* Some end of the log that was the end once; a commit in it. */
inline look() {
  tail = last;
  do
  :: tail > 2 -> tail--
  :: break
  od;
  find_commit()
}

inline check_h1() {
  d_step {
    held = false;
    i = 1;
    do
    :: i < END ->
      if
      :: COUNTS(i) && word[i] == HOLDS -> held = true
      :: COUNTS(i) && word[i] == RESUMES -> held = false
      :: COUNTS(i) && word[i] == NOTHING -> assert(!held) /* H1 */
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0;
    held = false
  }
}

/* Put-if-absent; the log has no gaps. */
inline put(position, what, release, says) {
  d_step {
    won = false;
    if
    :: position < END && kind[position] == 0 && (position == 1 || kind[position - 1] != 0) ->
      kind[position] = what;
      owner[position] = me;
      names[position] = release;
      word[position] = says;
      last = position;
      won = true
    :: else
    fi
  }
}

proctype Run(byte me) {
  byte tail, commit, position, i;
  bool won, held;

  atomic { look(); position = tail + 1 };
#ifdef HOLD_ASIDE
  if
  :: aside -> goto leave
  :: else
  fi;
#else
  if
  :: word[commit] == HOLDS -> goto leave
  :: else
  fi;
#endif
#ifdef FRESH_NUMBER
  position = last + 1;
#endif
  put(position, CLAIM, 0, NOTHING);
  if
  :: won
  :: else -> goto leave
  fi;
  if
  :: goto leave /* crashed */
  :: put(position + 1, COMMIT, position + 1, NOTHING)
  fi;
  check_h1();
leave:
  atomic { tail = 0; commit = 0; position = 0; won = false; ended++ }
}

/* Goes back to `release`, or resumes; tries again until it is done. */
proctype Person(byte me; byte release; byte says) {
  byte tail, commit, position, i;
  bool won, held;

again:
  atomic { look(); position = tail + 1 };
  if
  :: says == RESUMES && word[commit] != HOLDS -> goto leave
  :: else
  fi;
#ifdef HOLD_ASIDE
  aside = (says == HOLDS);
#endif
#ifdef NO_CLAIM
  if
  :: kind[tail] == CLAIM -> goto name
  :: else
  fi;
#endif
  put(position, CLAIM, 0, NOTHING);
  if
  :: won -> position = position + 1
  :: position < END - 1 -> goto again
  :: else -> goto leave
  fi;
name:
  if
  :: says == RESUMES -> put(position, COMMIT, names[commit], RESUMES)
  :: else -> put(position, COMMIT, release, HOLDS)
  fi;
  if
  :: won -> assert(COUNTS(position)) /* H2 */
  :: !won && position < END - 1 -> goto again
  :: else
  fi;
  check_h1();
leave:
  atomic { tail = 0; commit = 0; position = 0; won = false; ended++ }
}

#ifdef ANY_COMMIT
#define FOLLOWS (commit > 0 && names[commit] != on)
#else
#ifdef NEWER_ONLY
#define FOLLOWS (commit > 0 && names[commit] > on)
#else
#define FOLLOWS (commit > seen)
#endif
#endif

/* `seen` is what a peer remembers; `latest`, which it does not look at, the last COMMIT that it was ever on. */
inline follow() {
  if
  :: FOLLOWS ->
    assert(commit >= latest); /* H3 */
    latest = commit;
    seen = commit;
    on = names[commit]
  :: else
  fi
}

proctype Peer() {
  byte tail, commit, seen, on, latest;
  do
  :: atomic { look(); follow(); tail = 0; commit = 0 }
  :: break
  od;
  atomic {
    ended == WRITERS -> /* nobody writes any more */
    tail = last;
    find_commit();
    follow();
    assert(on == names[commit]) /* H4 */
  }
}

init {
  atomic {
    /* Release 2 is there. */
    kind[1] = CLAIM; owner[1] = 9;
    kind[2] = COMMIT; owner[2] = 9; names[2] = 2;
    last = 2;
    run Run(1);
    run Run(2);
    run Person(3, 2, HOLDS);
    run Person(4, 0, RESUMES);
    run Peer()
  }
}
