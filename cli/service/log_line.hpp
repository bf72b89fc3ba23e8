// How a line that is said looks to what reads standard error: a person, systemd's journal, or a program.
//
// Levels go by who must act: error, somebody; warning, nobody yet: it passes, or the next run tries again; info,
// nobody.

#pragma once

#include "common/base/clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swarmout {

enum class Level { error, warning, info, debug };
/// "error", "warning", "info", "debug".
[[nodiscard]] std::string_view name_of(Level level);

/// What a sentence of ours is about, by how it begins: release ("release 42: …"), slot ("slot x was …").
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fields_of(std::string_view line);

/// One object and a newline, ASCII: {"time":"2026-01-31T08:00:00.125Z","level":"warning","message":"…","release":42}.
[[nodiscard]] std::string json_log_line(Level level, std::string_view line, WallTime now);

/// What the journal's socket takes (systemd's "Native Journal Protocol"): MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, and
/// SWARMOUT_RELEASE or SWARMOUT_SLOT.
[[nodiscard]] std::string journal_datagram(Level level, std::string_view line);

/// Whether standard error is the journal's, as JOURNAL_STREAM says (systemd.exec(5)): then there are no progress lines.
[[nodiscard]] bool standard_error_is_journal();
/// To the journal's socket; never waits. False: it does not take it.
[[nodiscard]] bool send_to_journal(Level level, std::string_view line);

}  // namespace swarmout
