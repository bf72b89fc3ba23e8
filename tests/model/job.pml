/* A command that is to run once in the fleet for a slot (docs/election.md, "Once in the fleet"), for exhaustive search by
 * Spin: tests/model/check. The log is that of slot_log.pml, with one slot; here is what is done between CLAIM and COMMIT.
 *
 * There is no time in it: "is the leader dead?" is a free choice, and so is when a leader that was passed sees that. A
 * host may crash at any step, and its command with it; be paused for any time, its command too; and lose the reply of any
 * create, which the share may execute after its sender is dead. `wrong`: somebody who was not dead was taken for dead.
 *
 * Asserted:
 *   J1  success is recorded at most once;
 *   J2  and only by the owner of the CLAIM before it, whose command has ended well;
 *   J3  the command is begun no more often than there are attempts, whoever dies;
 *   J4  two commands run at the same time only after a wrong verdict;
 *   J5  one is begun after success was recorded only after a wrong verdict.
 *
 * Each of these makes a deliberately wrong protocol, in which the search must find an error:
 *   COMMIT_ELSEWHERE  success does not compete with takeover for a number        (J1)
 *   SAY_FIRST         success is recorded before the command has ended           (J2)
 *   COUNT_FAILURES    attempts are counted by what failed, not by who began      (J3)
 *   COMMAND_GOES_ON   a command outlives the process that leads                  (J4)
 */
#define HOSTS 3
#define ATTEMPTS 2
#define END 7 /* positions 1 to END - 1; who would need another one leaves */
#define CLAIM 1
#define COMMIT 2
#define ABANDON 3

byte kind[END];
byte owner[END];
byte tail; /* entries 1..tail exist */
byte recorded;
byte begun;
byte running;
bool wrong;
bool dead[HOSTS];
bool ended_well[HOSTS];
bool pending[HOSTS]; /* a create on its way to the share: */
byte pending_at[HOSTS];
byte pending_kind[HOSTS];

inline execute(i) { /* put-if-absent, by the share */
  d_step {
    if
    :: kind[pending_at[i]] == 0 ->
      kind[pending_at[i]] = pending_kind[i];
      owner[pending_at[i]] = i;
      if
      :: pending_at[i] > tail -> tail = pending_at[i]
      :: else
      fi;
      if
      :: pending_kind[i] == COMMIT ->
        recorded++;
        assert(recorded <= 1);                                                                          /* J1 */
        assert(kind[pending_at[i] - 1] == CLAIM && owner[pending_at[i] - 1] == i && ended_well[i])      /* J2 */
      :: else
      fi
    :: else
    fi;
    pending[i] = false
  }
}

inline send(position, what) {
  atomic {
    pending_at[me] = position;
    pending_kind[me] = what;
    pending[me] = true
  }
}

proctype Share() {
end:
  do
  :: atomic { pending[0] -> execute(0) }
  :: atomic { pending[1] -> execute(1) }
  :: atomic { pending[2] -> execute(2) }
  od
}

proctype Host(byte me) {
  byte position, i, attempts;

look:
  atomic { /* at all of it: who has seen less loses the race for the next number, and looks again */
    position = tail + 1;
    attempts = 0;
    i = 1;
    do
    :: i < position ->
      if
#ifdef COUNT_FAILURES
      :: kind[i] == ABANDON -> attempts++
#else
      :: kind[i] == CLAIM -> attempts++
#endif
      :: kind[i] == COMMIT -> attempts = ATTEMPTS /* done */
      :: else
      fi;
      i++
    :: else -> break
    od;
    i = 0
  }
  if
  :: attempts >= ATTEMPTS || position >= END - 1 -> goto leave
  :: else
  fi;
  if
  :: kind[position - 1] == CLAIM ->
    if
    :: goto leave /* judged alive */
    :: skip       /* judged dead */
    fi
  :: else
  fi;
  send(position, CLAIM);
  if
  :: !pending[me]
  :: goto crash
  fi;
  if
  :: kind[position] == CLAIM && owner[position] == me ->
    if
    :: kind[position - 1] == CLAIM && !dead[owner[position - 1]] -> wrong = true
    :: else
    fi
  :: else -> goto look
  fi;

  if /* reads the log anew */
  :: atomic { tail == position -> skip }
  :: atomic { tail > position -> goto leave }
  :: goto crash
  fi;
  /* paused here, it does not know what it has missed */
#ifdef SAY_FIRST
  send(position + 1, COMMIT);
#endif
  atomic {
    begun++;
    running++;
    assert(begun <= ATTEMPTS);           /* J3 */
    assert(running <= 1 || wrong);       /* J4 */
    assert(recorded == 0 || wrong)       /* J5 */
  };
  if
  :: atomic { running--; ended_well[me] = true }                     /* ends with 0 */
  :: atomic { running--; goto failed }                               /* ends with something else, or is ended by --timeout */
  :: atomic { tail > position -> running--; goto leave }             /* sees that it was passed, and ends it */
#ifdef COMMAND_GOES_ON
  :: goto crash
#else
  :: atomic { running--; dead[me] = true; goto leave }               /* crashes, and the command with it */
#endif
  fi;
#ifdef COMMIT_ELSEWHERE
  atomic {
    recorded++;
    assert(recorded <= 1) /* J1 */
  };
  goto leave;
#else
  send(position + 1, COMMIT);
  goto leave; /* whether it was first, and whether it learns of it, makes no difference any more */
#endif

failed:
  send(position + 1, ABANDON);
  if
  :: !pending[me] -> goto look /* another attempt */
  :: goto crash
  fi;

crash:
  dead[me] = true;
leave:
  skip
}

init {
  atomic {
    run Share();
    run Host(0);
    run Host(1);
    run Host(2)
  }
}
