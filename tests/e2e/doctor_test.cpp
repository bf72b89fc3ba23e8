// `doctor` on a host that is well, on one that is not, and where the share hangs.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <sstream>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

Finished doctor(Fleet& fleet, int host, Fleet::Options more = {}) {
  Fleet::Options words{"doctor", "--dest", fleet.dest(host)};
  const Fleet::Options options = fleet.host_options(host);
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), more.begin(), more.end());
  return fleet.command(words);
}

/// By the check's id.
std::map<std::string, nlohmann::json> findings(const std::string& lines) {
  std::map<std::string, nlohmann::json> found;
  std::istringstream all(lines);
  for (std::string line; std::getline(all, line);) {
    const auto each = nlohmann::json::parse(line);
    found[each.value("id", each["type"].get<std::string>())] = each;
  }
  return found;
}

}  // namespace

TEST(Doctor, AHostThatIsWellIs0) {
  Fleet fleet;
  write_file(fleet.scratch("source") / "file", "content");
  Process service = fleet.peer(1);
  ASSERT_TRUE(wait_for([&] { return !fleet.status()["peers"].empty(); })) << service.err();
  ASSERT_EQ(fleet.seed(9, "dir:" + fleet.scratch("source").native(), {"--linger", "0"}).wait(), 0);
  ASSERT_TRUE(wait_for([&] { return path_exists(fleet.current(1) / "file"); })) << service.err();

  const Finished done = doctor(fleet, 1, {"--json"});

  auto found = findings(done.out);
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  for (const char* const each : {"share", "primitives", "clock", "freshness", "keys", "service", "active", "state"}) {
    EXPECT_EQ(found[each]["health"].get<std::string>(), "ok") << each << ": " << found[each].dump();
  }
  EXPECT_EQ(found["summary"]["fail"].get<int>(), 0);
  EXPECT_EQ(found["summary"]["checks"].get<std::size_t>(), found.size() - 1);

  const Finished all = doctor(fleet, 1, {"--fleet"});
  EXPECT_EQ(all.status, 0) << all.err;
  EXPECT_THAT(all.out, HasSubstr("every live host is on the current release"));
}

TEST(Doctor, WithoutAShareItSaysSoAndLooksAtTheRest) {
  Fleet fleet;
  std::filesystem::remove_all(fleet.share());

  const Finished done = doctor(fleet, 1);

  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.out, HasSubstr("fail  share"));
  EXPECT_THAT(done.out, HasSubstr("ok    keys"));
}

TEST(Doctor, WhereTheShareHangsItIsDoneWithinFiveSecondsAllTheSame) {
  ::setenv("SWARMOUT_FAILPOINT", "fifo-on-share:stop", 1);
  Fleet fleet;
  std::filesystem::remove(fleet.share() / "FORMAT");
  ASSERT_EQ(::mkfifo((fleet.share() / "FORMAT").c_str(), 0644), 0);
  const auto began = std::chrono::steady_clock::now();

  const Finished done = doctor(fleet, 1, {"--share-timeout", "1h"});

  ::unsetenv("SWARMOUT_FAILPOINT");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(6)) << "five, and a busy machine";
  EXPECT_EQ(done.status, 1);
  EXPECT_THAT(done.out, HasSubstr("fail  share"));
  EXPECT_THAT(done.out, HasSubstr("ok    keys"));
}

}  // namespace swarmout::test
