#include "tests/nemesis/weekend.hpp"

#include "common/fleet/log_entry.hpp"
#include "common/share/open_share.hpp"
#include "tests/nemesis/history.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <sstream>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kFilesOfTheWeekend = 60;
constexpr const char* kBadFile = "BAD";
/// So many slots have a job on some host that is at work until the end, while releases come and go.
constexpr std::size_t kSlotsWithALongJob = 4;

constexpr std::chrono::minutes kEndOfASlot{5};

/// What the tree is, as a job sees it: names and contents.
constexpr const char* kTreeDigest =
    "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64";

}  // namespace

std::string name_of(Mishap mishap) {
  switch (mishap) {
    case Mishap::none:
      return "nothing";
    case Mishap::leader_killed:
      return "leader killed";
    case Mishap::export_hangs:
      return "export hangs";
    case Mishap::share_away:
      return "share away";
    case Mishap::service_killed:
      return "service killed";
    case Mishap::service_frozen:
      return "service frozen";
    case Mishap::run_killed:
      return "run killed";
    case Mishap::bad_release:
      return "bad release, gone back";
  }
  return "";
}

Weekend::Weekend(std::uint64_t seed) : random_(seed) {
  for (int file = 0; file < kFilesOfTheWeekend; ++file) {
    write_file(tree() / fmt::format("directory{}/file{}", file % 7, file), fmt::format("content {}\n", random_()));
  }
  source_ = fmt::format("tar:cat '{0}/slot' >>'{1}'; if rm '{2}' 2>/dev/null; then sleep 300; fi; tar -C '{0}' -cf - .",
                        tree().native(), fleet_.scratch("exports").native(), fleet_.scratch("hang").native());
  write_job();
  for (int host = 1; host <= kWeekendHosts; ++host) {
    start_service(host);
  }
}

/// It reads its tree, works, and reads it again. Where it says so it works until the end of the weekend.
void Weekend::write_job() {
  fs::create_directories(fleet_.scratch("jobs"));
  fs::create_directories(fleet_.scratch("long"));
  write_file(fleet_.scratch("job"),
             fmt::format("#!/bin/sh\n"
                         "note() {{ echo \"$1 $SWARMOUT_SLOT $({0})\" >>\"{1}/$2\"; }}\n"
                         "note begin \"$1\"\n"
                         "sleep \"0.$(($$ % 5))\"\n"
                         "while [ -e \"{2}/$SWARMOUT_SLOT-$1\" ]; do sleep 0.2; done\n"
                         "note end \"$1\"\n",
                         kTreeDigest, fleet_.scratch("jobs").native(), fleet_.scratch("long").native()),
             true);
}

void Weekend::start_service(int host) {
  const std::string hook = fmt::format("if test -e {}; then echo {} >>'{}'; exit 1; fi", kBadFile, host,
                                       fleet_.scratch("refusals").native());
  services_.at(static_cast<std::size_t>(host))
      .emplace(fleet_.peer(host, {"--poll", "1s", "--exec-before-activate", hook}));
}

std::string Weekend::digest(const Path& tree) {
  const Finished said =
      run({{"sh", "-c", fmt::format("cd '{}' && {}", tree.native(), kTreeDigest)}, {}}, fleet_.scratch("digest"));
  EXPECT_EQ(said.status, 0) << said.err;
  fs::remove(fleet_.scratch("digest.out"));
  return said.out.substr(0, said.out.find('\n'));
}

void Weekend::pause(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  const auto more = static_cast<std::int64_t>(up_to(static_cast<std::size_t>((most - least).count()) + 1));
  std::this_thread::sleep_for(least + std::chrono::milliseconds(more));
}

Weekend::Fired Weekend::fire(WeekendSlot& slot) {
  Fired fired{slot};
  for (int host = 1; host <= kWeekendHosts; ++host) {
    // Twenty hosts on few processors must not take each other for dead, nor a slow export for one that hangs.
    fired.seeds.push_back(fleet_.seed(
        host, source_, {"--slot", slot.name, "--heartbeat", "2s", "--stall-timeout", "15s", "--linger", "2s"}));
    fired.runs.emplace(host, fleet_.job(host, {"--slot", slot.name, "--wait", "4m", "--", fleet_.scratch("job"),
                                               std::to_string(host)}));
  }
  return fired;
}

int Weekend::leader_of(const std::string& slot) const {
  const auto share = open_share(fleet_.url());
  EXPECT_TRUE(share);
  int leader = 0;
  EXPECT_TRUE(wait_for([&] {
    for (const std::string& bytes : entries_of(**share)) {
      const auto entry = decode_entry(bytes, fleet_.trusted());
      leader = entry && entry->slot == slot && entry->kind == EntryKind::claim ? static_cast<int>(entry->pid) : leader;
    }
    return leader != 0;
  })) << "nobody leads "
      << slot;
  return leader;
}

void Weekend::take_the_share_away() {
  fs::rename(fleet_.share(), fleet_.scratch("elsewhere"));
  pause(500ms, 3s);
  fs::rename(fleet_.scratch("elsewhere"), fleet_.share());
}

void Weekend::disturb_a_service(Mishap mishap) {
  const int host = any_host();
  pause(0ms, 1500ms);
  if (mishap == Mishap::service_frozen) {
    service(host).signal(SIGSTOP);
    pause(1s, 4s);
    service(host).signal(SIGCONT);
    return;
  }
  service(host).signal(SIGKILL);
  service(host).wait();
  pause(500ms, 2s);
  start_service(host);
}

void Weekend::roll_back() {
  // All hosts have said no; nobody has it active, and their runs wait.
  EXPECT_TRUE(wait_for([&] { return refusals() >= kWeekendHosts; })) << refusals() << " have refused";
  const Finished back = fleet_.command({"rollback", "--reason", "its hook refuses it", "--share", fleet_.url()});
  EXPECT_EQ(back.status, 0) << back.out << back.err;
  held_ = true;
}

void Weekend::happen(Mishap mishap, Fired& fired) {
  switch (mishap) {
    case Mishap::leader_killed: {
      const int leader = leader_of(fired.slot.name);
      pause(0ms, 1500ms);
      for (const Process& seed : fired.seeds) {
        if (seed.pid() == leader) {
          seed.signal(SIGKILL);
        }
      }
      return;
    }
    case Mishap::share_away:
      leader_of(fired.slot.name);  // a share that is away before has no slot
      pause(0ms, 1s);
      return take_the_share_away();
    case Mishap::service_killed:
    case Mishap::service_frozen:
      return disturb_a_service(mishap);
    case Mishap::run_killed: {
      const int host = any_host();
      pause(0ms, 3s);
      fired.slot.killed.insert(host);
      return fired.runs.at(host).signal(SIGKILL);
    }
    case Mishap::bad_release:
      return roll_back();
    case Mishap::none:
    case Mishap::export_hangs:
      return;
  }
}

void Weekend::let_end(Fired& fired) {
  for (Process& seed : fired.seeds) {
    seed.wait(kEndOfASlot);
  }
  for (auto& [host, run] : fired.runs) {
    if (path_exists(fleet_.scratch("long") / fmt::format("{}-{}", fired.slot.name, host))) {
      at_work_[fired.slot.name].emplace(host, std::move(run));
    } else {
      fired.slot.status[host] = run.wait(kEndOfASlot);
      EXPECT_TRUE(fired.slot.status[host] == 0 || fired.slot.killed.contains(host)) << run.err();
    }
  }
}

void Weekend::slot(Mishap mishap) {
  const auto begun = std::chrono::steady_clock::now();
  WeekendSlot& slot = slots_.emplace_back();
  slot.name = fmt::format("slot-{}", slots_.size());
  slot.held = held_;
  slot.redone = mishap == Mishap::leader_killed || mishap == Mishap::export_hangs;
  write_file(tree() / "slot", slot.name + "\n");
  mishap == Mishap::bad_release ? write_file(tree() / kBadFile, "") : void(fs::remove(tree() / kBadFile));
  if (mishap == Mishap::export_hangs) {
    write_file(fleet_.scratch("hang"), "");
  }
  if (slots_.size() <= kSlotsWithALongJob) {
    write_file(fleet_.scratch("long") / fmt::format("{}-{}", slot.name, any_host()), "");
  }
  good_ = held_ || mishap == Mishap::bad_release ? good_ : digest(tree());
  slot.expected = good_;
  Fired fired = fire(slot);
  happen(mishap, fired);
  let_end(fired);
  const auto took = std::chrono::steady_clock::now() - begun;
  fmt::print("weekend: {}: {}; {} exports, {:.1f} s\n", slot.name, name_of(mishap), exports()[slot.name],
             std::chrono::duration<double>(took).count());
  std::fflush(stdout);  // who waits in front of it wants to know
}

void Weekend::resume() {
  const Finished resumed = fleet_.command({"resume", "--share", fleet_.url()});
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  held_ = false;
}

WeekendBook Weekend::end() {
  fs::remove_all(fleet_.scratch("long"));
  WeekendBook book{.hosts = kWeekendHosts, .exports = exports(), .publications = publications()};
  for (WeekendSlot& slot : slots_) {
    for (auto& [host, run] : at_work_[slot.name]) {
      slot.status[host] = run.wait();
    }
    book.slots.push_back(slot);
  }
  const auto read_all = [&] {  // the job of a run that was killed ends by itself
    book.jobs.clear();
    bool ended = true;
    for (int host = 1; host <= kWeekendHosts; ++host) {
      for (JobNote& note : read_notes(host, read_file(notes(host), kMiB).value_or(""))) {
        ended = ended && !note.after.empty();
        book.jobs.push_back(std::move(note));
      }
    }
    return ended;
  };
  EXPECT_TRUE(wait_for(read_all)) << "a job does not end";
  return book;
}

std::map<std::string, int> Weekend::publications() const {
  std::map<std::string, int> count;
  const auto share = open_share(fleet_.url());
  EXPECT_TRUE(share);
  for (const std::string& bytes : entries_of(**share)) {
    const auto entry = decode_entry(bytes, fleet_.trusted());
    if (entry && entry->kind == EntryKind::commit && !entry->slot.empty()) {
      ++count[entry->slot];
    }
  }
  return count;
}

std::map<std::string, int> Weekend::exports() const {
  std::map<std::string, int> count;
  std::istringstream lines(read_file(fleet_.scratch("exports"), kMiB).value_or(""));
  for (std::string slot; lines >> slot;) {
    ++count[slot];
  }
  return count;
}

std::set<std::string> Weekend::active_trees() {
  std::set<std::string> found;
  for (int host = 1; host <= kWeekendHosts; ++host) {
    found.insert(digest(fleet_.current(host)));
  }
  return found;
}

int Weekend::refusals() const {
  const std::string lines = read_file(fleet_.scratch("refusals"), kMiB).value_or("");
  return static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace swarmout::test
