// How functions of this project fail.
//
// A leaf that can fail returns Result<T>. No exception crosses a module: third-party code that throws
// is caught where it is called. Hostile or damaged input is an Error; a broken promise of our own code
// aborts (INVARIANT).

#pragma once

#include <tl/expected.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace swarmout {

/// What the caller, and in the end the user, should do about a failure. The value is the exit status
/// of the command (sysexits(3) where it has a name for it).
enum class ErrorCode : int {
  failed = 1,         ///< the work itself failed: an export, a command
  usage = 64,         ///< the request makes no sense; fix the command line
  refused = 65,       ///< data is hostile or damaged: signature, digest, manifest, pack
  not_found = 66,     ///< no such revision, release or file
  unavailable = 69,   ///< the share is not initialised or not mounted
  cannot_write = 73,  ///< disk full, no permission, read-only
  temporary = 75,     ///< try again: unreachable, fenced, outcome unknown, timed out, stopped
};

struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string message;  ///< what failed, on which path, in one sentence without a full stop
  std::string hint;     ///< what to do about it; may be empty
  bool said = false;    ///< whoever it concerns knows already: it is the exit status, and no more
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

/// The failure of a system call: "<what> <path>: <strerror>". ENOSPC, EDQUOT, EROFS, EACCES, EPERM become
/// cannot_write; ENOENT becomes not_found; everything else is temporary.
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string_view what, std::string_view path, int error);

/// "message (hint)" for logs and for people.
[[nodiscard]] std::string to_string(const Error& error);

}  // namespace swarmout

#define SWARMOUT_CONCAT_INNER(a, b) a##b
#define SWARMOUT_CONCAT(a, b) SWARMOUT_CONCAT_INNER(a, b)

/// Returns the error of `expr` to the caller; the value, if any, is dropped.
#define TRY(expr)                                              \
  do {                                                         \
    if (auto try_result_ = (expr); !try_result_.has_value()) { \
      return tl::unexpected(std::move(try_result_).error());   \
    }                                                          \
  } while (false)

/// `TRY_ASSIGN(auto x, f())`: x gets the value, or the error goes to the caller.
#define TRY_ASSIGN(declaration, expr) TRY_ASSIGN_INNER(SWARMOUT_CONCAT(try_result_, __COUNTER__), declaration, expr)
#define TRY_ASSIGN_INNER(name, declaration, expr)   \
  auto name = (expr);                               \
  if (!name.has_value()) {                          \
    return tl::unexpected(std::move(name).error()); \
  }                                                 \
  declaration = std::move(*name)

/// For input that is not ours: refuses it with exit 65.
#define REFUSE_UNLESS(condition, message)                               \
  do {                                                                  \
    if (!(condition)) {                                                 \
      return ::swarmout::fail(::swarmout::ErrorCode::refused, message); \
    }                                                                   \
  } while (false)

/// For promises of our own: a false one is a bug, and going on would do harm.
#define INVARIANT(condition)                                                                           \
  do {                                                                                                 \
    if (!(condition)) {                                                                                \
      std::fprintf(stderr, "swarmout: %s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                                    \
    }                                                                                                  \
  } while (false)
