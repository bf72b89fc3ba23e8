// What others on the host can do with the state directory: nothing.

#include "common/base/private_files.hpp"
#include "common/release/store.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

class StorePrivacyTest : public testing::Test {
protected:
  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace

TEST_F(StorePrivacyTest, WhoWaitsForOneThatPrunesEndsWhenItIsStopped) {
  ASSERT_OK_AND_ASSIGN(const auto pruning, try_lock(store_.state() / "store.lock"));
  ASSERT_TRUE(pruning);
  std::stop_source stop;
  stop.request_stop();

  EXPECT_THAT(store_.lock_for_writing(stop.get_token()), FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(StorePrivacyTest, NobodyElseOnTheHostEntersIt) {
  const Path state = store_.state();
  for (const char* const each : {"", "packs", "releases", "tmp"}) {
    std::filesystem::permissions(state / each, std::filesystem::perms(0755));
  }
  write_file(state / "packs/old", "made by an older version");

  ASSERT_THAT(Store::open(state), IsOk());

  for (const char* const each : {"", "packs", "manifests", "releases", "swarm", "tmp"}) {
    EXPECT_EQ(std::filesystem::status(state / each).permissions(), std::filesystem::perms(0700)) << each;
  }
}

}  // namespace swarmout::test
