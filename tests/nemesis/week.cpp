#include "tests/nemesis/week.hpp"

#include "common/base/host.hpp"
#include "common/base/private_files.hpp"
#include "common/share/open_share.hpp"
#include "tests/nemesis/history.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = "SWARMOUT_TEST_WEEK";
constexpr const char* kDisk = "size=100m";
constexpr int kFilesInTree = 200;
constexpr const char* kStepsOfTheWeek[] = {"after-claim", "after-elected", "after-heartbeat", "after-export",
                                           "after-stage", "before-commit", "after-commit"};
constexpr std::chrono::milliseconds kAway{400};
/// Reminders and the ends of troubles included. A sentence that comes each look would be there a hundred times.
constexpr int kSaidOften = 12;
constexpr std::size_t kLastWords = 4096;
/// Where somebody hangs or dies, the others soon go on. Where nobody does, a disk or a processor that is busy with
/// other tests for a second is no reason to take a leader for dead: in a quiet slot all have to be well.
const Fleet::Options kImpatientHosts{"--stall-timeout", "1s", "--max-runtime", "30s"};
const Fleet::Options kPatientHosts{"--stall-timeout", "30s", "--max-runtime", "120s", "--heartbeat", "1s"};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool is_temporary(const std::string& name) {
  return name.starts_with(".tmp") || name.starts_with(".incoming") || name.starts_with("tmp_") ||
         name.ends_with(".tmp");
}

void find_temporary(const Path& root, std::vector<std::string>& found) {
  std::error_code gone;
  for (const auto& each : fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied, gone)) {
    if (is_temporary(each.path().filename())) {
      found.push_back(each.path());
    }
  }
}

}  // namespace

Week::Week(std::uint64_t seed) : random_(seed), mark_(random_nonce_hex()) {
  for (int file = 0; file < kFilesInTree; ++file) {
    fs::create_directories(tree() / fmt::format("directory{}", file % 7));
    write_file(tree() / fmt::format("directory{}/file{}", file % 7, file), fmt::format("content {}\n", random_()));
  }
  change();
  source_ = "tar:[ ! -e '" + fleet_.scratch("hang").native() + "' ] || { rm -f '" + fleet_.scratch("hang").native() +
            "'; sleep 300; }; tar -C '" + tree().native() + "' -cf - .";
  own_disks_ = ::geteuid() == 0;
  for (int host = 1; host <= kWeekHosts; ++host) {
    fs::create_directories(home(host));
    own_disks_ = own_disks_ && ::mount("none", home(host).c_str(), "tmpfs", 0, kDisk) == 0;
    start_service(host);
  }
}

Week::~Week() {
  seeds_.clear();
  for (int host = 1; host <= kWeekHosts; ++host) {
    services_.at(static_cast<std::size_t>(host)).reset();
    ::umount2(home(host).c_str(), MNT_DETACH);
  }
}

Fleet::Environment Week::marked(Fleet::Environment more) const {
  more.emplace_back(kMark, mark_);
  return more;
}

void Week::start_service(int host) {
  services_.at(static_cast<std::size_t>(host)).emplace(fleet_.peer(host, {}, marked()));
}

/// What it said is judged when it ends.
void Week::listen_to(int host) {
  std::map<std::string, int> said;
  const std::string all = services_.at(static_cast<std::size_t>(host))->err();
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    std::string line = all.substr(begin, end - begin);
    std::erase_if(line, [](unsigned char c) { return std::isdigit(c) != 0; });  // of two that differ in a number, one
    if (line.find("release ") == std::string::npos && ++said[line] == kSaidOften) {
      chatter_.push_back(fmt::format("host {} says again and again: {}", host, line));
    }
    begin = end + 1;
  }
}

void Week::end_service(int host, int signal) {
  Process& service = *services_.at(static_cast<std::size_t>(host));
  service.signal(signal);
  service.wait();
  listen_to(host);
  services_.at(static_cast<std::size_t>(host)).reset();
}

/// As the unit does (Restart=always): who is started in the moment in which the share is away ends with 69 or 75.
void Week::revive() {
  for (int host = 1; host <= kWeekHosts; ++host) {
    auto& service = services_.at(static_cast<std::size_t>(host));
    if (service && !service->running()) {
      EXPECT_THAT(service->wait(), testing::AnyOf(69, 75)) << service->err();
      listen_to(host);
      service.reset();
      start_service(host);
    }
  }
}

void Week::change() {
  write_file(tree() / "README", fmt::format("change {}\n", ++changes_));
}

void Week::fire(const std::string& slot, Fault fault) {
  const int victim = any_host();
  if (fault == Fault::export_hangs) {
    write_file(fleet_.scratch("hang"), "");
  }
  for (int host = 1; host <= kWeekHosts; ++host) {
    Fleet::Environment environment;
    if (fault == Fault::leader_killed || (fault == Fault::seed_frozen && host == victim)) {
      const char* const what = fault == Fault::leader_killed ? "kill" : "stop";
      // Any host may be elected, and only the one that is gets there; successors of a killed one go on.
      if (host == victim || up_to(2) == 0) {
        environment.emplace_back("SWARMOUT_FAILPOINT",
                                 fmt::format("{}:{}", kStepsOfTheWeek[up_to(std::size(kStepsOfTheWeek))], what));
      }
    }
    Fleet::Options options{"--slot",         slot,  "--linger",     "1s", "--stage-timeout", "1s",
                           "--max-attempts", "100", "--retry-wait", "0s"};
    const Fleet::Options& patience = fault == Fault::none ? kPatientHosts : kImpatientHosts;
    options.insert(options.end(), patience.begin(), patience.end());
    seeds_.push_back(fleet_.seed(host, source_, options, marked(std::move(environment))));
  }
}

void Week::disturb(Fault fault) {
  const int host = any_host();
  const auto any_seed = std::next(seeds_.begin(), static_cast<std::ptrdiff_t>(up_to(seeds_.size())));
  std::this_thread::sleep_for(std::chrono::milliseconds(up_to(300)));
  switch (fault) {
    case Fault::asked_to_stop:
      any_seed->signal(SIGTERM);
      return any_seed->signal(SIGTERM);
    case Fault::service_killed:
      end_service(host, SIGKILL);
      return start_service(host);
    case Fault::service_restarted:
      end_service(host, SIGTERM);
      return start_service(host);
    case Fault::share_away:
      fs::rename(fleet_.share(), fleet_.scratch("elsewhere"));
      std::this_thread::sleep_for(kAway);
      return fs::rename(fleet_.scratch("elsewhere"), fleet_.share());
    case Fault::disk_full: {
      if (!own_disks_) {
        return;
      }
      const Fd filler(::open((home(host) / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
      const std::string block(256 * kKiB, 'x');
      while (::write(filler.get(), block.data(), block.size()) > 0) {
      }
      std::this_thread::sleep_for(kAway);
      fs::remove(home(host) / "filler");
      return;
    }
    case Fault::none:
    case Fault::leader_killed:
    case Fault::seed_frozen:
    case Fault::export_hangs:
      return;
  }
}

void Week::wait_for_seeds() {
  for (Process& seed : seeds_) {
    EXPECT_TRUE(wait_for([&] { return seed.signal(SIGCONT), !seed.running(); }))
        << "a run of seed does not end: " << seed.err();
    if (lines_in(seed.err()) + lines_in(seed.out()) > 1) {
      chatter_.push_back("a run of seed said: " + seed.out() + seed.err());
    }
  }
  seeds_.clear();
  fs::remove(fleet_.scratch("hang"));
  revive();
}

void Week::slot_with_fault(const std::string& slot) {
  const auto fault = static_cast<Fault>(up_to(static_cast<std::size_t>(Fault::last) + 1));
  faults_ += fault == Fault::none ? 0 : 1;
  if (up_to(2) == 0) {
    change();
  }
  fire(slot, fault);
  disturb(fault);
  wait_for_seeds();
}

void Week::quiet_slot(const std::string& slot) {
  change();
  fire(slot, Fault::none);
  for (Process& seed : seeds_) {
    EXPECT_EQ(seed.wait(), 0) << what_is_known(slot);
  }
  wait_for_seeds();
  EXPECT_EQ(publications()[slot], 1) << "nothing disturbed it";
  EXPECT_TRUE(wait_for([&] { return fleet_.all_equal(kWeekHosts, tree()); })) << "after slot " << slot << "\n"
                                                                              << what_is_known(slot);
}

/// Runs of seed say a trouble once in six hours; their log has all of it.
std::string Week::what_is_known(const std::string& slot) {
  std::string known;
  for (const LogEntry& entry : log()) {
    if (entry.slot == slot && entry.kind == EntryKind::abandon) {
      known += fmt::format("attempt {}: {}\n", entry.attempt, entry.reason);
    }
  }
  for (int host = 1; host <= kWeekHosts; ++host) {
    const std::string said = services_.at(static_cast<std::size_t>(host))->err();
    known += fmt::format("host {}: {}\n", host, said.substr(said.size() - std::min(said.size(), kLastWords)));
  }
  return known + fleet_.status().dump(1);
}

void Week::let_a_day_pass() {
  const auto then = fs::file_time_type::clock::now() - std::chrono::hours(25);
  std::error_code gone;  // the living write and remove all the time
  for (const auto& each : fs::recursive_directory_iterator(fleet_.share())) {
    fs::last_write_time(each.path(), then, gone);
  }
}

void Week::stop_services() {
  for (int host = 1; host <= kWeekHosts; ++host) {
    end_service(host, SIGTERM);
  }
}

Leftovers Week::leftovers() {
  Leftovers left;
  for (const auto& process : fs::directory_iterator("/proc")) {
    const std::string environment = read_file(process.path() / "environ", kMiB).value_or("");
    if (environment.find(std::string(kMark) + "=" + mark_) != std::string::npos) {
      std::string command = read_file(process.path() / "cmdline", 64 * kKiB).value_or("");
      std::replace(command.begin(), command.end(), '\0', ' ');
      left.processes.push_back(command);
    }
  }
  find_temporary(fleet_.share(), left.files);
  for (int host = 1; host <= kWeekHosts; ++host) {
    find_temporary(home(host), left.files);
    for (const auto& each : fs::directory_iterator(fleet_.state(host))) {
      if (each.path().extension() == ".lock" && !try_lock(each.path()).value_or(std::nullopt)) {
        left.locks.push_back(each.path());
      }
    }
  }
  const auto share = open_share(fleet_.url());
  EXPECT_TRUE(share);
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage}) {
    const auto cells = (*share)->list_cells(kind);
    EXPECT_TRUE(cells);
    for (const std::string& name : cells.value_or(std::vector<std::string>{})) {
      left.files.push_back("cell " + name);
    }
  }
  const auto last = decode_entry(entries_of(**share).back(), fleet_.trusted());
  left.open_claim = last && last->kind == EntryKind::claim;
  return left;
}

Bytes Week::disk_use() const {
  Bytes sum = 0;
  for (int host = 1; host <= kWeekHosts; ++host) {
    for (const auto& each : fs::recursive_directory_iterator(home(host))) {
      sum += each.is_regular_file() && !each.is_symlink() ? each.file_size() : 0;
    }
  }
  return sum;
}

/// What of it a key of the fleet has signed.
std::vector<LogEntry> Week::log() const {
  const auto share = open_share(fleet_.url());
  EXPECT_TRUE(share);
  std::vector<LogEntry> entries;
  for (const std::string& bytes : entries_of(**share)) {
    if (auto entry = decode_entry(bytes, fleet_.trusted())) {
      entries.push_back(*std::move(entry));
    }
  }
  return entries;
}

std::map<std::string, int> Week::publications() const {
  std::map<std::string, int> count;
  for (const LogEntry& entry : log()) {
    if (entry.kind == EntryKind::commit) {
      ++count[entry.slot];
    }
  }
  return count;
}

}  // namespace swarmout::test
