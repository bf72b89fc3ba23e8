// The system's journal, through syslog(3): what each run of `seed` leaves there, whoever watches or not.

#pragma once

#include "common/base/result.hpp"

#include <string>

namespace swarmout {

void journal(const std::string& line);
void journal(const Error& error);

/// Whether this was the last line that went there: where standard error is the journal's, too, once is enough.
[[nodiscard]] bool was_journaled(const std::string& line);

}  // namespace swarmout
