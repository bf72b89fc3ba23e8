// What a power cut of the share's server may leave of the newest entry, where the server did not keep what it had
// acknowledged: a name with less behind it than was written.

#include "tests/e2e/fleet.hpp"
#include "tests/nemesis/stopped.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

namespace swarmout::test {

namespace {

struct Torn {
  const char* step;  ///< after which its writer dies
  int entry;
  double left;  ///< of its bytes
};
void PrintTo(const Torn& each, std::ostream* out) {
  *out << each.step << ' ' << each.left;
}

class TornEntry : public testing::TestWithParam<Torn> {};

}  // namespace

TEST_P(TornEntry, IsVoidAndItsSlotIsDoneAnew) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const std::string source = fleet.counted_source(tree);
  Process peer = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return fleet.status()["peers"].size() == 1; }));
  ASSERT_EQ(fleet.seed(2, source, {"--slot", "first"}).wait(), 0);
  write_file(tree / "README", "second\n");
  const Path entry = fleet.share() / "log" / fmt::format("{:08}", GetParam().entry);
  const bool committed = GetParam().step == std::string("after-commit");
  if (!committed) {
    peer.signal(SIGSTOP);  // whoever has read the entry before it is torn goes by what it has read
  }
  Process doomed = fleet.seed(2, source, {"--slot", "second"},
                              {{"SWARMOUT_FAILPOINT", committed ? "before-commit:stop" : "after-elected:kill"}});
  if (committed) {
    ASSERT_TRUE(wait_for([&] { return is_stopped(doomed); }));
    peer.signal(SIGSTOP);
    ASSERT_TRUE(wait_for([&] { return doomed.signal(SIGCONT), path_exists(entry); }));
    doomed.signal(SIGKILL);
  }
  ASSERT_EQ(doomed.wait(), 128 + SIGKILL);
  const auto size = static_cast<double>(std::filesystem::file_size(entry));
  std::filesystem::resize_file(entry, static_cast<std::uintmax_t>(size * GetParam().left));
  peer.signal(SIGCONT);

  // With a heartbeat of a minute nobody would take over from a silent leader in the time of this test.
  Process next = fleet.seed(3, source, {"--slot", "second", "--heartbeat", "60s"});

  EXPECT_EQ(next.wait(), 0) << next.err();
  const auto releases = fleet.status()["releases"];
  ASSERT_EQ(releases.size(), 2U);
  EXPECT_EQ(releases[0]["release"], GetParam().entry + 2);
  EXPECT_EQ(releases[1]["release"], 2);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(1, tree); })) << peer.err();
}

INSTANTIATE_TEST_SUITE_P(Each, TornEntry,
                         testing::Values(Torn{"after-elected", 3, 0}, Torn{"after-elected", 3, 0.5},
                                         Torn{"after-elected", 3, 0.98}, Torn{"after-commit", 4, 0},
                                         Torn{"after-commit", 4, 0.5}, Torn{"after-commit", 4, 0.98}),
                         [](const testing::TestParamInfo<Torn>& torn) {
                           return fmt::format("{}_of_entry_{}", static_cast<int>(torn.param.left * 100),
                                              torn.param.entry);
                         });

}  // namespace swarmout::test
