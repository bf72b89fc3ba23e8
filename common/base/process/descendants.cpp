#include "common/base/process/descendants.hpp"

#include <signal.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace swarmout {

namespace {

void add_children_of(pid_t parent, std::vector<pid_t>& to) {
  const std::string tasks = "/proc/" + std::to_string(parent) + "/task";
  std::error_code gone;
  std::filesystem::directory_iterator each(tasks, gone);
  for (; !gone && each != std::filesystem::directory_iterator(); each.increment(gone)) {
    each_child_in((each->path() / "children").c_str(), [&](pid_t pid) { to.push_back(pid); });
  }
}

}  // namespace

std::set<pid_t> children() {
  std::vector<pid_t> found;
  add_children_of(::getpid(), found);
  return {found.begin(), found.end()};
}

std::set<pid_t> own_children() {
  std::set<pid_t> found;
  each_child_in(kOwnChildren, [&](pid_t pid) { found.insert(pid); });
  return found;
}

std::vector<pid_t> descendants(const std::set<pid_t>& spared) {
  std::vector<pid_t> found;
  add_children_of(::getpid(), found);
  std::erase_if(found, [&](pid_t pid) { return spared.contains(pid); });
  for (std::size_t i = 0; i < found.size(); ++i) {
    const pid_t parent = found[i];
    add_children_of(parent, found);
  }
  return found;
}

bool FamilyEnd::step(MonotonicTime now) {
  const std::vector<pid_t> left = descendants(spared_);
  for (const pid_t pid : left) {
    if (now >= kill_from_) {
      ::kill(pid, SIGKILL);
    } else if (told_.insert(pid).second) {
      ::kill(pid, SIGTERM);
      ::kill(pid, SIGCONT);  // a stopped one could not obey
    }
  }
  return left.empty();
}

}  // namespace swarmout
