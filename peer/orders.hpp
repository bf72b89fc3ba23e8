// What a person told this host alone, as files in the state directory: the service obeys them whether or not it runs at
// the moment they are given. Stored forms: docs/formats/state.md.

#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/release/descriptor.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// This host stays on one release until `resume --host`.
struct HostHold {
  std::optional<SignedDescriptor> release;  ///< nothing: on whatever is active
  std::string reason;
  std::string by;    ///< this_person()
  std::string time;  ///< UTC
};
/// "held here by NAME since TIME: REASON".
[[nodiscard]] std::string sentence_of(const HostHold& hold);

/// One release may become active although --activate would keep it waiting.
struct GoOnce {
  std::string release;  ///< as how_called() has it; empty: whichever is next
  bool again = false;   ///< its hook is to be asked again
  std::string by;
  std::string time;
};
[[nodiscard]] bool is_for(const GoOnce& order, const Descriptor& release);

// Errors of these: not_found: there is no state directory, so that no service has ever run here; what the file system
// fails with. Of reading also refused: the file is damaged, or no file.
[[nodiscard]] Result<std::optional<HostHold>> load_host_hold(const Path& state);
[[nodiscard]] Result<void> save_host_hold(const Path& state, const HostHold& hold);
[[nodiscard]] Result<bool> end_host_hold(const Path& state);  ///< false: there was none
[[nodiscard]] Result<std::optional<GoOnce>> load_go_once(const Path& state);
[[nodiscard]] Result<void> save_go_once(const Path& state, const GoOnce& order);
/// What a person says. Errors: temporary: this host is held.
[[nodiscard]] Result<void> order_to_go(const Path& state, const GoOnce& order);
[[nodiscard]] Result<void> end_go_once(const Path& state);

}  // namespace swarmout
