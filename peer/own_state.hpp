// One process of a kind in a state directory.

#pragma once

#include "common/base/private_files.hpp"

#include <fmt/format.h>

namespace swarmout {

/// Makes the directory if need be, and locks `name` in it. Errors: temporary, if another process has it.
[[nodiscard]] inline Result<Fd> own_state(const Path& state, std::string_view name) {
  TRY(make_private_directory(state));
  TRY_ASSIGN(auto lock, try_lock(state / name));
  if (!lock) {
    return fail(ErrorCode::temporary, fmt::format("another process works in {} ({} is locked)", state.native(), name),
                "stop it, or give this one its own --state");
  }
  return *std::move(lock);
}

}  // namespace swarmout
