// What has happened to the fleet's releases, as the log tells it.

#pragma once

#include "common/fleet/log_view.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

struct HistoryEvent {
  enum class Kind {
    published,
    unchanged,
    held,
    rolled_back,
    resumed,
    abandoned,
    passed,
    nothing
  } kind = Kind::published;
  Position position;     ///< of the entry
  Position release;      ///< that was current from there on; 0: that did not change anything
  std::string revision;  ///< its
  std::string slot;
  std::string host;  ///< who
  std::string time;  ///< UTC
  std::string why;   ///< held, rolled back, abandoned, void
};
/// "rolled back". `nothing` is a void entry.
[[nodiscard]] std::string_view name_of(HistoryEvent::Kind kind);

/// Newest first, at most `limit`; as far back as the view goes without a gap. A CLAIM that is open is none yet; one
/// that another CLAIM follows was passed.
[[nodiscard]] std::vector<HistoryEvent> history_of(const LogView& log, std::size_t limit);

}  // namespace swarmout
