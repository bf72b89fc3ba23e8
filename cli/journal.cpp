#include "cli/journal.hpp"

#include "common/base/key_values.hpp"

#include <syslog.h>

namespace swarmout {

namespace {

void write_line(int level, const std::string& line) {
  ::openlog("swarmout", LOG_PID, LOG_DAEMON);
  ::syslog(level, "%s", printable(line).c_str());
  ::closelog();
}

}  // namespace

void journal(const std::string& line) {
  write_line(LOG_INFO, line);
}

void journal(const Error& error) {
  write_line(LOG_ERR, to_string(error));
}

}  // namespace swarmout
