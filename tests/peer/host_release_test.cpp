// What a person who holds one host is told of it, without anything being made.

#include "peer/host_release.hpp"

#include "common/release/store.hpp"
#include "peer/tree/release_trees.hpp"
#include "tests/peer/fetch/following.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace swarmout::test {

namespace {

class HostReleaseTest : public testing::Test {
protected:
  /// As a service leaves it: both releases, the second one active.
  void serve() {
    Store store = Store::open(state_).value();
    ReleaseTrees trees = ReleaseTrees::open(dest_, state_).value();
    for (const SignedDescriptor& each : {one_, two_}) {
      ASSERT_OK(store.record(each));
      ASSERT_OK(trees.begin(each.descriptor));
      ASSERT_OK(trees.accept(each.descriptor));
      ASSERT_OK(trees.activate(each.descriptor));
    }
  }
  std::vector<std::string> everything() const {
    std::vector<std::string> all;
    for (const auto& each : std::filesystem::recursive_directory_iterator(dir_.path())) {
      all.push_back(each.path().native());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  SignedDescriptor release(std::uint64_t position, const std::string& revision, const std::string& created,
                           const std::string& name = "") const {
    SignedDescriptor made = OtherHost::made_up(Position{position}, revision);
    made.descriptor.created = created;
    made.descriptor.name = name;
    made.descriptor.manifest = sha256(revision);
    return signer_.sign(std::move(made));
  }

  TempDir dir_;
  const Path state_ = dir_ / "state";
  const Path dest_ = dir_ / "dest";
  const Signer signer_;
  const SignedDescriptor one_ = release(2, "revision-1", "2026-01-01T00:00:00Z");
  const SignedDescriptor two_ = release(4, "revision-2", "2026-01-02T00:00:00Z");
};

}  // namespace

TEST_F(HostReleaseTest, ItSaysWhatIsHereAndWhatIsActive) {
  serve();
  const auto before = everything();

  ASSERT_OK_AND_ASSIGN(const HostReleases releases, releases_of_host(state_, dest_, fleet_trust()));

  EXPECT_EQ(releases.here.size(), 2U);
  ASSERT_TRUE(releases.active);
  EXPECT_EQ(digest_of(*releases.active), digest_of(two_));
  EXPECT_EQ(digest_of(*release_of_host(releases, "").value()), digest_of(one_));
  EXPECT_EQ(everything(), before) << "the service's user may not be who asks";
}

TEST_F(HostReleaseTest, ATagOrBranchNamesARelease) {
  const SignedDescriptor tagged = release(6, "revision-3", "2026-01-03T00:00:00Z", "v2");
  const HostReleases releases{{tagged, two_, one_}, two_};

  for (const char* const wanted : {"v2", "refs/tags/v2", "6", "revision-3"}) {
    const auto found = release_of_host(releases, wanted);
    ASSERT_TRUE(found && *found) << wanted;
    EXPECT_EQ(digest_of(**found), digest_of(tagged)) << wanted;
  }
  EXPECT_EQ(release_of_host(releases, "v").value(), std::nullopt);
}

TEST_F(HostReleaseTest, TheBeginningOfTwoRevisionsNamesNeither) {
  const HostReleases releases{{two_, one_}, two_};

  EXPECT_THAT(release_of_host(releases, "revision"),
              FailsWith(ErrorCode::not_found, "the beginning of more than one revision"));
  EXPECT_EQ(digest_of(*release_of_host(releases, "revision-1").value()), digest_of(one_));
}

TEST_F(HostReleaseTest, WhoMistypesADirectoryIsToldAndGetsNone) {
  EXPECT_THAT(releases_of_host(state_, dest_, fleet_trust()), FailsWith(ErrorCode::not_found));
  EXPECT_TRUE(everything().empty());
  serve();
  const auto before = everything();

  EXPECT_THAT(releases_of_host(dir_ / "stat", dest_, fleet_trust()), FailsWith(ErrorCode::not_found));
  EXPECT_THAT(releases_of_host(state_, dir_ / "dst", fleet_trust()), FailsWith(ErrorCode::not_found));

  EXPECT_EQ(everything(), before);
}

}  // namespace swarmout::test
