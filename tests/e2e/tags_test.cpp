// Releases that people know by a tag: every verb knows them by it.

#include "tests/e2e/fleet.hpp"
#include "tests/support/process.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

class Tags : public testing::Test {
protected:
  void SetUp() override {
    std::filesystem::create_directories(repository_);
    git({"init", "-q"});
  }
  void publish(const std::string& tag) {
    write_file(repository_ / "file", tag);
    git({"add", "file"});
    git({"commit", "-qm", tag});
    git({"tag", tag});
    Process seed = fleet_.seed(1, "git+file://" + repository_.native(),
                               {"--revision", tag, "--slot", tag, "--min-copies", "0", "--quorum", "0",
                                "--stage-timeout", "1s", "--linger", "0"});
    ASSERT_EQ(seed.wait(), 0) << seed.err();
  }
  bool comes(const std::string& tag) {
    return wait_for([&] { return read_file(fleet_.current(1) / "file", kKiB).value_or("") == tag; });
  }
  Finished here(Fleet::Options arguments) {
    arguments.insert(arguments.end(), {"--state", fleet_.state(1).native()});
    return fleet_.command(arguments);
  }

  Fleet fleet_;

private:
  void git(const Fleet::Options& arguments) {
    Fleet::Options argv{"git", "-C", repository_, "-c", "user.name=a", "-c", "user.email=a@example.org"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished done = run({argv, {}}, fleet_.scratch("git"));
    ASSERT_EQ(done.status, 0) << done.err;
  }

  const Path repository_ = fleet_.scratch("repository");
};

}  // namespace

TEST_F(Tags, AReleaseIsFetchedByTheTagThatItWasPublishedAs) {
  publish("v1.2.3");

  EXPECT_EQ(fleet_.fetch(1, "v1.2.3").status, 0);
  const Finished missing = fleet_.fetch(1, "v1.2.4");
  EXPECT_EQ(missing.status, 66);
  EXPECT_THAT(missing.err, HasSubstr("(v1.2.3)"));
}

TEST_F(Tags, AHostGoesOnAndBackByTag) {
  publish("v1");
  Process host = fleet_.peer(1, {"--activate", "hold"});
  ASSERT_TRUE(wait_for([&] { return fleet_.status()["peers"].size() == 1U; })) << host.err();
  ASSERT_EQ(here({"activate", "v1"}).status, 0);
  ASSERT_TRUE(comes("v1")) << host.err();
  publish("v2");
  ASSERT_TRUE(wait_for([&] {
    const auto peer = fleet_.status()["peers"][0];
    return peer["target"] == 4 && peer["complete"] == true;
  })) << host.err();

  EXPECT_EQ(here({"activate", "v2"}).status, 0);
  EXPECT_TRUE(comes("v2")) << host.err();

  const Finished back = here({"rollback", "--host", "--to", "v1", "--reason", "v2 is bad", "--dest", fleet_.dest(1)});
  EXPECT_EQ(back.status, 0) << back.err;
  EXPECT_THAT(back.out, HasSubstr("stays on release 2 (v1) until"));
  EXPECT_TRUE(comes("v1")) << host.err();
}

}  // namespace swarmout::test
