// What was promised of the two cron lines, judged afterwards from what the jobs, the export and the log have written.
//
//   W1  each slot is exported once; once more if its leader was killed, or its export hung; not at all while held
//   W2  each slot is published once; not at all while held
//   W3  its job ran once on each host; at most once where `run` was killed
//   W4  in the release of its slot, or in the one that was gone back to
//   W5  in a tree that did not change until it had ended
//   W6  `run` says how the job ended: 0

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace swarmout::test {

struct WeekendSlot {
  std::string name;
  std::string expected;         ///< digest of the tree that its jobs have to see
  bool held = false;            ///< nothing is published
  bool redone = false;          ///< its leader was killed, or its export hung
  std::set<int> killed{};       ///< hosts whose `run` was
  std::map<int, int> status{};  ///< of `run`, by host; of those that were waited for
};

/// One job, as it says itself.
struct JobNote {
  std::string slot;
  int host = 0;
  std::string before;   ///< digest of the tree that it found
  std::string after{};  ///< and when it ended; empty: it has not
};

struct WeekendBook {
  int hosts = 0;
  std::vector<WeekendSlot> slots{};
  std::vector<JobNote> jobs{};
  std::map<std::string, int> exports{};       ///< by slot, as the source has counted them
  std::map<std::string, int> publications{};  ///< by slot, as the log has them
};

/// Each begins with the rule's name; empty: all was kept.
[[nodiscard]] std::vector<std::string> broken_promises(const WeekendBook& book);

/// The jobs of a host; the lines of `text` are "begin SLOT DIGEST" and "end SLOT DIGEST".
[[nodiscard]] std::vector<JobNote> read_notes(int host, const std::string& text);

}  // namespace swarmout::test
