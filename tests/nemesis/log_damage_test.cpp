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
#include <thread>

namespace swarmout::test {

namespace {

enum class Reader { frozen, has_read_it };  ///< the peer, before the entry is torn

struct Torn {
  const char* step;  ///< after which its writer dies
  int entry;
  double left;  ///< of its bytes
  Reader reader;
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
  Process doomed = fleet.seed(2, source, {"--slot", "second"},
                              {{"SWARMOUT_FAILPOINT", committed ? "before-commit:stop" : "after-elected:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(doomed); }));
  if (GetParam().reader == Reader::frozen) {
    peer.signal(SIGSTOP);
  }
  if (committed) {
    ASSERT_TRUE(wait_for([&] { return doomed.signal(SIGCONT), path_exists(entry); }));
  }
  doomed.signal(SIGKILL);
  ASSERT_EQ(doomed.wait(), 128 + SIGKILL);
  if (GetParam().reader == Reader::has_read_it) {
    if (committed) {
      ASSERT_TRUE(wait_for([&] { return fleet.all_equal(1, tree); })) << peer.err();
    } else {
      std::this_thread::sleep_for(std::chrono::seconds(1));  // it looks more often; what it has read shows nowhere
    }
  }
  const auto size = static_cast<double>(std::filesystem::file_size(entry));
  std::filesystem::resize_file(entry, static_cast<std::uintmax_t>(size * GetParam().left));
  peer.signal(SIGCONT);

  // Of a log that has lost what it followed, a host follows what was made later, and releases count whole seconds.
  const auto lost = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  ASSERT_TRUE(wait_for([&] { return std::chrono::system_clock::now() >= lost + std::chrono::seconds(1); }));
  // With a heartbeat of a minute nobody would take over from a silent leader in the time of this test.
  Process next = fleet.seed(3, source, {"--slot", "second", "--heartbeat", "60s"});

  EXPECT_EQ(next.wait(), 0) << next.err();
  const auto releases = fleet.status()["releases"];
  ASSERT_EQ(releases.size(), 2U);
  EXPECT_EQ(releases[0]["release"], GetParam().entry + 2);
  EXPECT_EQ(releases[1]["release"], 2);
  EXPECT_TRUE(wait_for([&] { return fleet.all_equal(1, tree); })) << peer.err();
}

TEST(TornEntry, AWinnerThatGoesByALostEntryPublishesNothing) {
  Fleet fleet;
  const Path tree = fleet.scratch("source");
  make_awkward_tree(tree);
  const std::string source = fleet.counted_source(tree);
  ASSERT_EQ(fleet.seed(1, source, {"--slot", "first", "--linger", "0s"}).wait(), 0);
  write_file(tree / "README", "second\n");
  Process misled = fleet.seed(1, source, {"--slot", "second"}, {{"SWARMOUT_FAILPOINT", "before-claim:stop"}});
  ASSERT_TRUE(wait_for([&] { return is_stopped(misled); }));
  std::filesystem::resize_file(fleet.share() / "log" / "00000002", 10);
  misled.signal(SIGCONT);

  EXPECT_EQ(misled.wait(), 75);
  EXPECT_THAT(misled.err(), testing::HasSubstr("epoch 3 does not count"));

  Process next = fleet.seed(2, source, {"--slot", "second", "--linger", "0s"});
  EXPECT_EQ(next.wait(), 0) << next.err();
  EXPECT_EQ(fleet.status()["releases"][0]["release"], 6);
  EXPECT_EQ(fleet.invocations(), 2);
}

INSTANTIATE_TEST_SUITE_P(
    Each, TornEntry,
    testing::Values(Torn{"after-elected", 3, 0, Reader::frozen}, Torn{"after-elected", 3, 0.5, Reader::frozen},
                    Torn{"after-elected", 3, 0.98, Reader::frozen}, Torn{"after-elected", 3, 0.5, Reader::has_read_it},
                    Torn{"after-commit", 4, 0, Reader::frozen}, Torn{"after-commit", 4, 0.5, Reader::frozen},
                    Torn{"after-commit", 4, 0.98, Reader::frozen}, Torn{"after-commit", 4, 0.5, Reader::has_read_it},
                    Torn{"after-commit", 4, 0, Reader::has_read_it}),
    [](const testing::TestParamInfo<Torn>& torn) {
      return fmt::format("{}_of_entry_{}{}", static_cast<int>(torn.param.left * 100), torn.param.entry,
                         torn.param.reader == Reader::has_read_it ? "_after_it_was_read" : "");
    });

}  // namespace swarmout::test
