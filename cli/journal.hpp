// The system's journal, through syslog(3): what each run of `seed` leaves there, whoever watches or not.

#pragma once

#include "common/base/result.hpp"

#include <string>

namespace swarmout {

void journal(const std::string& line);
void journal(const Error& error);

}  // namespace swarmout
