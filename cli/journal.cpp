#include "cli/journal.hpp"

#include "cli/service/log_line.hpp"
#include "common/base/key_values.hpp"

#include <syslog.h>

#include <mutex>

namespace swarmout {

namespace {

std::mutex mutex;
std::string last;

void write_line(int level, const std::string& line) {
  {
    const std::lock_guard lock(mutex);
    last = line;
  }
  if (standard_error_is_journal() && send_to_journal(level == LOG_ERR ? Level::error : Level::info, printable(line))) {
    return;
  }
  ::openlog("swarmout", LOG_PID, LOG_DAEMON);
  ::syslog(level, "%s", printable(line).c_str());
  ::closelog();
}

}  // namespace

void journal(const std::string& line) {
  write_line(LOG_INFO, line);
}

bool was_journaled(const std::string& line) {
  const std::lock_guard lock(mutex);
  return last == line;
}

void journal(const Error& error) {
  write_line(LOG_ERR, to_string(error));
}

}  // namespace swarmout
