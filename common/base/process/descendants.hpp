// The processes that this one has started, with all that those have started, and how they are ended.
//
// A process that has asked for it (PR_SET_CHILD_SUBREAPER) becomes the parent of what loses its own, so that nothing
// gets away: neither by a second fork(2), nor into a group or a session of its own.

#pragma once

#include "common/base/clock.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <set>
#include <utility>
#include <vector>

namespace swarmout {

/// Of the calling thread.
inline constexpr const char* kOwnChildren = "/proc/thread-self/children";

/// Calls with the number of each process in a list of the kernel's. Async-signal-safe. False: it is not to be had here.
template <typename Visit>
bool each_child_in(const char* list, Visit visit) {
  const int file = ::open(list, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return false;
  }
  std::array<char, 4096> buffer;
  pid_t pid = 0;
  ssize_t got = 0;
  while ((got = ::read(file, buffer.data(), buffer.size())) > 0) {
    for (const char* at = buffer.data(); at != buffer.data() + got; ++at) {
      if (*at >= '0' && *at <= '9') {
        pid = pid * 10 + (*at - '0');
      } else if (pid != 0) {
        visit(pid);
        pid = 0;
      }
    }
  }
  ::close(file);
  return true;
}

/// The children that this process has now.
[[nodiscard]] std::set<pid_t> children();
/// Those of the calling thread. A subreaper's first thread has those that were adopted, too.
[[nodiscard]] std::set<pid_t> own_children();
/// All that live, parents before children, without `spared` and theirs. What this process has not started itself may be
/// gone when this returns.
[[nodiscard]] std::vector<pid_t> descendants(const std::set<pid_t>& spared = {});

/// Ends all of them, step by step, so that the caller can go on reading what they still have to say. To be used by the
/// thread that has started them.
class FamilyEnd {
public:
  /// `grace`: from being asked until being killed. `spared`: children of this process that are none of the family.
  FamilyEnd(MonotonicTime now, std::chrono::milliseconds grace, std::set<pid_t> spared = {})
      : kill_from_(now + grace), spared_(std::move(spared)) {}

  /// To be called every few milliseconds, after what has ended was waited for. True: nothing is left.
  bool step(MonotonicTime now);
  /// No more grace.
  void hurry(MonotonicTime now) { kill_from_ = now; }

private:
  MonotonicTime kill_from_;
  std::set<pid_t> spared_;
  std::set<pid_t> told_;  ///< each once: many take a second SIGTERM for impatience
};

}  // namespace swarmout
