/* The log of CLAIM, COMMIT and ABANDON (docs/election.md) on a share that somebody without the key writes to, for
 * exhaustive search by Spin: tests/model/check. What hosts do to each other without him is in slot_log.pml.
 *
 * He may create, overwrite and delete any entry at any time, copy a signed one to another number, make a COMMIT of a
 * descriptor that a leader has staged, and write any heartbeat: one of his own, or one that a leader has signed before.
 * He has MOVES moves. He cannot sign. Time is left out: every judgement "dead" may be wrong.
 *
 * That he can destroy is not disputed. Asserted:
 *   A1  what a peer activates, the key has signed the COMMIT of, for this number;
 *   A2  who leaves because its slot is done has seen a COMMIT that the key has signed for it;
 *   A3  who leaves because a leader is alive has seen a beat that the key has signed for that claim, and nobody is taken
 *       for alive more often than it has signed beats: old ones shown again keep nobody waiting for ever;
 *   A4  nobody signs an entry above a number that is free.
 *
 * Each of these makes a deliberately wrong protocol, in which the search must find an error:
 *   UNSIGNED_CLAIM   a CLAIM counts that nobody has signed                                       (A3)
 *   UNSIGNED_COMMIT  a COMMIT counts that nobody has signed                                      (A2)
 *   ANY_BEAT         a beat counts that is other than the last one, not only one that is higher  (A3)
 *   STAGE_IS_ENOUGH  a COMMIT counts whose descriptor is signed, whoever wrote the entry         (A2)
 *   NO_PLACE         what is signed counts under any number                                      (A1)
 *   HIGHEST_IS_END   the log ends with the highest number, not with the end of the chain         (A4)
 */
#define HOSTS 2
#define END 5 /* positions 1 to END - 1 */
#ifndef MOVES
#define MOVES 2
#endif
#define BEATS 2
#define CLAIM 1
#define COMMIT 2
#define ABANDON 3
#define STRANGER 3

byte kind[END];  /* 0: nothing is there */
byte owner[END];
bool real[END];  /* signed by the key */
byte place[END]; /* the number it was signed for */
bool staged[END];    /* the key has signed a descriptor for the COMMIT at this number */
bool committed[END]; /* the key has signed a COMMIT for it */
byte beats[END];     /* that the key has signed under the CLAIM at this number */
byte cell_of[END];   /* heartbeat cell of the CLAIM at this number: its counter */
bool cell_real[END];
byte done;           /* COMMITs that the key has signed: there is one slot */

#ifdef NO_PLACE
#define HERE(p) (real[p])
#else
#define HERE(p) (real[p] && place[p] == (p))
#endif
#ifdef UNSIGNED_CLAIM
#define IS_CLAIM(p) (kind[p] == CLAIM)
#else
#define IS_CLAIM(p) (kind[p] == CLAIM && HERE(p))
#endif
#if defined(UNSIGNED_COMMIT)
#define COUNTS(p) true
#elif defined(STAGE_IS_ENOUGH)
#define COUNTS(p) (HERE(p) || staged[p])
#else
#define COUNTS(p) HERE(p)
#endif
#ifdef NO_PLACE
#define IS_COMMIT(p) (kind[p] == COMMIT && COUNTS(p))
#else
#define IS_COMMIT(p) (kind[p] == COMMIT && COUNTS(p) && kind[(p) - 1] == CLAIM && owner[(p) - 1] == owner[p])
#endif

/* The end of the log, as a reader sees it. */
inline find_end() {
  tail = END - 1;
#ifdef HIGHEST_IS_END
  do
  :: tail > 0 && kind[tail] == 0 -> tail--
  :: else -> break
  od
#else
  do
  :: tail > 0 && !(kind[tail] != 0 && HERE(tail)) -> tail--
  :: else -> break
  od;
  do
  :: tail < END - 1 && kind[tail + 1] != 0 -> tail++
  :: else -> break
  od
#endif
}

inline find_commit() {
  newest = tail;
  do
  :: newest > 0 && !IS_COMMIT(newest) -> newest--
  :: else -> break
  od
}

/* Put-if-absent. */
inline put(position, what) {
  d_step {
    won = false;
    if
    :: kind[position] == 0 ->
      below = position - 1;
      do
      :: below > 0 -> assert(kind[below] != 0 || gone[below]); below-- /* A4 */
      :: else -> break
      od;
      kind[position] = what;
      owner[position] = me;
      real[position] = true;
      place[position] = position;
      won = true
    :: else
    fi
  }
}

bool gone[END]; /* the adversary has deleted something there: no reader can know */

proctype Host(byte me) {
  byte tail, newest, position, below, seen, alive;
  bool won;

look:
  atomic {
    find_end();
    find_commit();
    seen = 0;
    alive = 0;
    position = 0;
    won = false
  }
  if
  :: newest > 0 -> assert(done > 0); goto leave /* A2 */
  :: else
  fi;
  if
  :: tail > 0 && IS_CLAIM(tail) -> goto watch
  :: else -> position = tail + 1; goto claim
  fi;

watch:
  if
  :: atomic { /* a look at the heartbeat */
#ifdef ANY_BEAT
       cell_real[tail] && cell_of[tail] != seen ->
#else
#ifdef UNSIGNED_CLAIM
       cell_of[tail] > seen ->
#else
       cell_real[tail] && cell_of[tail] > seen ->
#endif
#endif
       seen = cell_of[tail];
       alive++;
       assert(alive <= beats[tail]) /* A3 */
     };
     if
     :: goto leave
     :: goto watch /* a deputy */
     fi
  :: position = tail + 1; goto claim /* judged dead */
  :: goto look
  fi;

claim:
  if
  :: position >= END - 1 -> goto leave
  :: else
  fi;
  put(position, CLAIM);
  if
  :: won
  :: else -> goto look
  fi;
  do
  :: beats[position] < BEATS ->
    d_step { beats[position]++; cell_of[position] = beats[position]; cell_real[position] = true }
  :: break
  :: goto leave /* crashed */
  od;
  if
  :: put(position + 1, ABANDON); goto leave
  :: staged[position + 1] = true
  fi;
  if
  :: put(position + 1, ABANDON); goto leave
  :: goto leave /* crashed */
  :: atomic {
       put(position + 1, COMMIT);
       if
       :: won -> committed[position + 1] = true; done++
       :: else /* fenced, or hindered: said */
       fi
     }
  fi;
leave:
  atomic { tail = 0; newest = 0; position = 0; below = 0; seen = 0; alive = 0; won = false }
}

proctype Peer() {
  byte tail, newest, current;
  do
  :: atomic {
       find_end();
       find_commit();
       if
       :: newest > current ->
         current = newest;
         assert(committed[newest]) /* A1 */
       :: else
       fi;
       tail = 0;
       newest = 0
     }
  :: break
  od
}

proctype Adversary() {
  byte moves, p, q;
  do
  :: moves < MOVES ->
    moves++;
    atomic {
      p = 1;
      do
      :: p < END - 1 -> p++
      :: break
      od;
      if
      :: kind[p] = CLAIM; owner[p] = STRANGER; real[p] = false; place[p] = 0
      :: kind[p] = COMMIT; owner[p] = owner[p - 1]; real[p] = false; place[p] = 0
      :: kind[p] = ABANDON; owner[p] = STRANGER; real[p] = false; place[p] = 0 /* garbage */
      :: kind[p] = 0; owner[p] = 0; real[p] = false; place[p] = 0; gone[p] = true
      :: real[p] -> /* a copy */
        q = 1;
        do
        :: q < END - 1 -> q++
        :: break
        od;
        kind[q] = kind[p]; owner[q] = owner[p]; real[q] = true; place[q] = place[p]; q = 0
      :: cell_of[p] = BEATS + 1; cell_real[p] = false
      :: beats[p] > 0 ->
        if
        :: cell_of[p] = 1
        :: beats[p] > 1 -> cell_of[p] = 2
        fi;
        cell_real[p] = true
      fi;
      p = 0
    }
  :: break
  od
}

init {
  atomic {
    run Host(1);
    run Host(2);
    run Peer();
    run Adversary()
  }
}
