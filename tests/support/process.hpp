// Real processes of the real program, for end-to-end tests.

#pragma once

#include "common/base/files.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace swarmout::test {

struct Launch {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to ours
};

/// Runs in a process group of its own, with output in files; killed, the group too, when this goes.
class Process {
public:
  /// `log` is the beginning of the names of the two output files.
  Process(const Launch& launch, const Path& log);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number) const;
  /// Exit status; 128 + signal if it was killed; -1 and a test failure if it does not end in time.
  int wait(std::chrono::milliseconds patience = std::chrono::seconds(120));
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

private:
  int pid_ = -1;
  int status_ = -1;
  bool ended_ = false;
  Path out_;
  Path err_;
};

/// Runs to the end.
struct Finished {
  int status = -1;
  std::string out;
  std::string err;
};
[[nodiscard]] Finished run(const Launch& launch, const Path& log);

}  // namespace swarmout::test
