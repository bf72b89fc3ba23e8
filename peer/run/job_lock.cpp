#include "peer/run/job_lock.hpp"

#include "common/base/key_values.hpp"
#include "common/base/units.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace swarmout {

namespace {

constexpr Bytes kMostOfNote = 4 * kKiB;

/// /proc/PID/stat has no size; that much is more than its line.
std::string line_of_process(pid_t pid, const char* file) {
  const Fd from(::open(fmt::format("/proc/{}/{}", pid, file).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(1024, '\0');
  const ssize_t got = from.valid() ? ::read(from.get(), text.data(), text.size()) : -1;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

/// In clock ticks since the boot: with the number it names a process. 0: there is none.
std::uint64_t started_at(pid_t pid) {
  constexpr int kFieldsBefore = 19;  // proc(5): `starttime` is the 22nd, the name in brackets the second
  const std::string line = line_of_process(pid, "stat");
  const auto name_end = line.rfind(')');
  std::istringstream fields(name_end == std::string::npos ? "" : line.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) {
    fields >> skipped;
  }
  std::uint64_t started = 0;
  const bool dead = line.size() > name_end + 2 && (line[name_end + 2] == 'Z' || line[name_end + 2] == 'X');
  return fields >> started && !dead ? started : 0;
}

/// Whoever cannot be noted is only taken for something that was left.
void write_note(int lock, pid_t pid, off_t at) {
  const std::string line = fmt::format("{} {}\n", pid, started_at(pid));
  [[maybe_unused]] const ssize_t written = ::pwrite(lock, line.data(), line.size(), at);
}

bool has_open(const Path& process, const struct stat& wanted) {
  std::error_code gone;
  std::filesystem::directory_iterator each(process / "fd", gone);
  for (; !gone && each != std::filesystem::directory_iterator(); each.increment(gone)) {
    struct stat there {};
    if (::stat(each->path().c_str(), &there) == 0 && there.st_dev == wanted.st_dev && there.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

}  // namespace

void note_at_work(int lock) {
  [[maybe_unused]] const int cut = ::ftruncate(lock, 0);
  write_note(lock, ::getpid(), 0);
}

void note_command(int lock, pid_t command) {
  struct stat info {};
  if (::fstat(lock, &info) == 0 && static_cast<Bytes>(info.st_size) < kMostOfNote) {
    write_note(lock, command, info.st_size);
  }
}

bool is_at_work(const Path& file) {
  std::istringstream notes(read_file(file, 2 * kMostOfNote).value_or(""));
  pid_t pid = 0;
  std::uint64_t started = 0;
  while (notes >> pid >> started) {
    if (pid > 0 && started != 0 && started_at(pid) == started) {
      return true;
    }
  }
  return false;
}

std::string who_has(const Path& file) {
  struct stat wanted {};
  std::error_code gone;
  std::filesystem::directory_iterator each("/proc", gone);
  if (::stat(file.c_str(), &wanted) != 0) {
    return "";
  }
  for (; !gone && each != std::filesystem::directory_iterator(); each.increment(gone)) {
    const std::string name = each->path().filename().native();
    const bool process = std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (process && std::stoi(name) != ::getpid() && has_open(each->path(), wanted)) {
      std::string command = line_of_process(std::stoi(name), "comm");
      command.erase(std::min(command.find('\n'), command.size()));
      return fmt::format("process {} ({})", name, printable(command));
    }
  }
  return "";
}

JobLock::~JobLock() {
  if (file_.valid()) {
    ::flock(file_.get(), LOCK_UN);  // of all that have inherited it
  }
}

}  // namespace swarmout
