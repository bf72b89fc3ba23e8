// What a process gets from whoever started it, put right before anything else is done.

#pragma once

#include <sys/types.h>

namespace swarmout {

/// Descriptors 0 to 2 that are closed get something on which every read and write fails; else the next file or socket
/// that is opened would be standard error, and take log lines.
void hold_standard_descriptors();

/// SIGCHLD as it is by default (a parent that ignores it would leave us without our children's status), nothing
/// blocked, SIGPIPE ignored: a reader that has gone is an error of write(2).
void reset_inherited_signals();

/// What this process knows (the secret key, the certificate's, passwords) goes into no core, and no other process of
/// the same user reads its memory. Not in builds with sanitizers, whose leak checker does just that.
void keep_secrets_in_memory();

/// What we make is for its owner to write and for all to read: umask(2) is 022 from here on.
void take_mask();
/// What it was before: for programs that people run by us.
[[nodiscard]] mode_t mask_of_caller();

/// For the share's helper, which ends when its owner does: what is sent to the whole group, by a terminal or
/// timeout(1), must neither take it away nor stop it while the owner still has something to write, an ABANDON, say.
void ignore_requests_to_end();

/// Ends as a program that we have run was ended, so that whoever waits for us sees the same. No core of ours.
[[noreturn]] void end_by_signal(int signal);

/// An exception that nobody caught, on any thread: a sentence, and exit status 75. Without it, a core.
void end_on_uncaught_exceptions();

/// The sentence of the exception at hand.
[[nodiscard]] const char* uncaught_sentence() noexcept;

}  // namespace swarmout
