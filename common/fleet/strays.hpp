// What to say about things on a share that no leader of this fleet has written.

#pragma once

#include "common/fleet/log_view.hpp"

#include <optional>
#include <string>

namespace swarmout {

/// Of the end of the log. Nothing: it ends with a signed entry, or is empty. Code: refused.
[[nodiscard]] std::optional<Error> about_strays(const LogView& log, const std::string& share);

/// Of a leader's cell that is there, but is not signed for its claim: `what`: "heartbeat", "stage".
[[nodiscard]] Error about_cell(const std::string& what, const LogEntry& claim, const std::string& share,
                               const Error& why);

/// In words: "damaged".
[[nodiscard]] std::string_view name_of(Validity validity);

}  // namespace swarmout
