#include "tests/nemesis/weekend_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace swarmout::test {

namespace {

int count_in(const std::map<std::string, int>& counts, const std::string& slot) {
  const auto found = counts.find(slot);
  return found == counts.end() ? 0 : found->second;
}

class Auditor {
public:
  explicit Auditor(const WeekendBook& book) : book_(book) {}

  std::vector<std::string> broken() && {
    for (const WeekendSlot& slot : book_.slots) {
      look_at_publication(slot);
      for (int host = 1; host <= book_.hosts; ++host) {
        look_at_host(slot, host);
      }
    }
    return std::move(broken_);
  }

private:
  template <typename... Args>
  void expect(bool kept, const char* rule, const WeekendSlot& slot, fmt::format_string<Args...> what, Args&&... args) {
    if (!kept) {
      broken_.push_back(fmt::format("{} {}: {}", rule, slot.name, fmt::format(what, std::forward<Args>(args)...)));
    }
  }

  void look_at_publication(const WeekendSlot& slot) {
    const int exports = count_in(book_.exports, slot.name);
    const int least = slot.held ? 0 : 1;
    const int most = slot.held ? 0 : slot.redone ? 2 : 1;
    expect(exports >= least && exports <= most, "W1", slot, "{} exports, where {} to {} were promised", exports, least,
           most);
    const int publications = count_in(book_.publications, slot.name);
    expect(publications == least, "W2", slot, "{} publications, where {} was promised", publications, least);
  }

  void look_at_host(const WeekendSlot& slot, int host) {
    int runs = 0;
    for (const JobNote& job : book_.jobs) {
      if (job.slot != slot.name || job.host != host) {
        continue;
      }
      ++runs;
      expect(job.before == slot.expected, "W4", slot, "the job of host {} saw another tree: {}", host, job.before);
      expect(job.after == job.before, "W5", slot, "the tree of host {} has changed under its job: {} to {}", host,
             job.before, job.after.empty() ? "nothing" : job.after);
    }
    const bool killed = slot.killed.contains(host);
    expect(runs == 1 || (killed && runs == 0), "W3", slot, "{} jobs on host {}{}", runs, host,
           killed ? ", whose run was killed" : "");
    const auto status = slot.status.find(host);
    expect(killed || status == slot.status.end() || status->second == 0, "W6", slot, "run of host {} says {}", host,
           status == slot.status.end() ? 0 : status->second);
  }

  const WeekendBook& book_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_promises(const WeekendBook& book) {
  return Auditor(book).broken();
}

std::vector<JobNote> read_notes(int host, const std::string& text) {
  std::vector<JobNote> notes;
  std::istringstream lines(text);
  std::string what;
  std::string slot;
  std::string digest;
  while (lines >> what >> slot >> digest) {
    const auto begun = std::find_if(notes.begin(), notes.end(),
                                    [&](const JobNote& each) { return each.slot == slot && each.after.empty(); });
    if (what == "end" && begun != notes.end()) {
      begun->after = digest;
    } else {
      notes.push_back({slot, host, what == "begin" ? digest : what});
    }
  }
  return notes;
}

}  // namespace swarmout::test
