#include "peer/run/active_tree.hpp"
#include "peer/run/changed_paths.hpp"
#include "peer/run/outcome.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Nodes of one chunk each.
Manifest manifest_of(const std::vector<std::pair<std::string, std::string>>& files) {
  Manifest manifest;
  for (const auto& [path, content] : files) {
    Node node;
    node.path = path;
    node.kind = content == "/" ? Node::Kind::directory : Node::Kind::file;
    if (node.is_file()) {
      node.size = content.size();
      node.first_ref = static_cast<std::uint32_t>(manifest.refs.size());
      node.ref_count = 1;
      manifest.refs.push_back(static_cast<std::uint32_t>(manifest.chunks.size()));
      manifest.chunks.push_back({sha256(content), static_cast<std::uint32_t>(content.size())});
    }
    manifest.nodes.push_back(std::move(node));
  }
  return manifest;
}

JobOutcome an_outcome(const std::string& name, const std::string& ended = "2026-11-28T12:00:00Z", int status = 3) {
  JobOutcome outcome;
  outcome.name = name;
  outcome.release = {42};
  outcome.revision = "rev";
  outcome.tree = "00000042-rev";
  outcome.status = status;
  outcome.took = std::chrono::milliseconds(1500);
  outcome.ended = ended;
  outcome.output = "last\nwords\xff";
  outcome.done = "other";
  return outcome;
}

}  // namespace

TEST(JobChanges, AreAddedChangedAndRemovedPathsInOrder) {
  const Manifest before = manifest_of({{"a", "1"}, {"b", "/"}, {"b/x", "1"}, {"c", "1"}, {"z", "1"}});
  const Manifest now = manifest_of({{"a", "2"}, {"b", "1"}, {"c", "1"}, {"d\n", "1"}});
  const std::string_view wanted("M a\0M b\0D b/x\0A d\n\0D z\0", 23);
  EXPECT_EQ(change_records(before, now), wanted);
  EXPECT_EQ(change_records(now, now), "");
}

TEST(JobChanges, OfKindModeAndTargetAreChanges) {
  const Manifest before = manifest_of({{"run", "1"}});
  Manifest now = before;
  now.nodes[0].kind = Node::Kind::executable;
  EXPECT_EQ(change_records(before, now), std::string_view("M run\0", 6));
}

TEST(JobChanges, AreInAPrivateFileThatGoes) {
  Path path;
  {
    ASSERT_OK_AND_ASSIGN(const ChangesFile file, ChangesFile::write("A a b"));
    path = file.path();
    EXPECT_EQ(read_file(path, kMiB).value_or(""), "A a b");
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077U, 0U);
  }
  EXPECT_FALSE(path_exists(path));
}

TEST(JobChanges, OfAKilledRunGoWithTheNext) {
  const auto left_file = [] {
    std::string name = (std::filesystem::temp_directory_path() / "swarmout-changed-XXXXXX").native();
    const Fd file(::mkstemp(name.data()));
    const timespec old[2] = {{::time(nullptr) - 3600, 0}, {::time(nullptr) - 3600, 0}};
    EXPECT_EQ(::futimens(file.get(), old), 0);
    return Path(name);
  };
  const Path left = left_file();
  const Path used = left_file();
  const Fd job(::open(used.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::flock(job.get(), LOCK_SH), 0);
  ASSERT_OK_AND_ASSIGN(const ChangesFile file, ChangesFile::write(""));
  EXPECT_FALSE(path_exists(left));
  EXPECT_TRUE(path_exists(used)) << "a job that outlives its run has it";
  EXPECT_EQ(::unlink(used.c_str()), 0);
}

TEST(JobOutcomes, AreKeptByName) {
  const TempDir state;
  const JobOutcomes outcomes(state.path());
  ASSERT_OK_AND_ASSIGN(const auto nothing, outcomes.find("migrate"));
  EXPECT_FALSE(nothing);
  ASSERT_OK(outcomes.write(an_outcome("migrate")));
  ASSERT_OK_AND_ASSIGN(const auto found, outcomes.find("migrate"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->status, 3);
  EXPECT_EQ(found->took, std::chrono::milliseconds(1500));
  EXPECT_EQ(found->output, "last\nwords\xff");
  EXPECT_EQ(found->done, "other");
  for (const char* const damage : {"garbage", ""}) {
    write_file(outcomes.directory() / "migrate", damage);
    const auto damaged = outcomes.find("migrate");
    ASSERT_THAT(damaged, FailsWith(ErrorCode::refused));
    EXPECT_THAT(damaged.error().message, HasSubstr((outcomes.directory() / "migrate").native()));
  }
}

TEST(JobOutcomes, MakeNoStateDirectory) {
  const TempDir dir;
  EXPECT_THAT(JobOutcomes(dir / "state").write(an_outcome("x")), FailsWith(ErrorCode::not_found));
  EXPECT_FALSE(path_exists(dir / "state"));
}

TEST(JobOutcomes, TwoOfOneNameAreNotAtIt) {
  const TempDir state;
  const JobOutcomes outcomes(state.path());
  ASSERT_OK_AND_ASSIGN(const auto first, outcomes.lock("a"));
  EXPECT_TRUE(first);
  ASSERT_OK_AND_ASSIGN(const auto second, outcomes.lock("a"));
  EXPECT_FALSE(second);
  ASSERT_OK_AND_ASSIGN(const auto other, outcomes.lock("b"));
  EXPECT_TRUE(other);
}

TEST(JobOutcomes, TheServiceTellsTheNewest) {
  const TempDir state;
  const JobOutcomes outcomes(state.path());
  JobNews news(state.path());
  EXPECT_FALSE(news.newest());
  ASSERT_OK(outcomes.write(an_outcome("old", "2026-11-28T11:00:00Z", 0)));
  ASSERT_OK(outcomes.write(an_outcome("new", "2026-11-28T12:00:00Z", 0)));
  write_file(outcomes.directory() / "broken", "garbage");
  ASSERT_TRUE(news.newest());
  EXPECT_EQ(news.newest()->name, "new");
  EXPECT_EQ(news.newest()->release, Position{42});
}

TEST(JobOutcomes, AFailureIsToldUntilTheSameJobEndsWell) {
  const TempDir state;
  const JobOutcomes outcomes(state.path());
  ASSERT_OK(outcomes.write(an_outcome("first", "2026-11-28T10:00:00Z", 3)));
  ASSERT_OK(outcomes.write(an_outcome("second", "2026-11-28T11:00:00Z", 4)));
  ASSERT_OK(outcomes.write(an_outcome("well", "2026-11-28T12:00:00Z", 0)));
  EXPECT_EQ(outcomes.newest()->name, "second");
  ASSERT_OK(outcomes.write(an_outcome("second", "2026-11-28T13:00:00Z", 0)));
  EXPECT_EQ(outcomes.newest()->name, "first");
  ASSERT_OK(outcomes.write(an_outcome("first", "2026-11-28T12:30:00Z", 0)));
  EXPECT_EQ(outcomes.newest()->name, "second") << "all are well: the newest";
}

TEST(JobNames, ComeFromTheCommand) {
  EXPECT_EQ(job_name_of("/usr/local/bin/warm-cache.sh"), "warm-cache.sh");
  EXPECT_EQ(job_name_of("a b\n"), "a_b_");
  EXPECT_EQ(job_name_of(".hidden"), "_hidden");
  EXPECT_EQ(job_name_of("x/"), "job");
}

TEST(ActiveTrees, AreWhatCurrentLeadsTo) {
  const TempDir dest;
  EXPECT_FALSE(active_tree(dest.path()));
  write_file(dest / "releases/00000042-rev42/file", "x");
  write_symlink(dest / "current", "releases/00000042-rev42");
  const auto active = active_tree(dest.path());
  ASSERT_TRUE(active);
  EXPECT_EQ(active->name, "00000042-rev42");
  EXPECT_EQ(active->position, Position{42});
  for (const char* const elsewhere : {"releases/..", "releases/00000042-rev42/file", "/etc", "releases/nothing"}) {
    std::filesystem::remove(dest / "current");
    write_symlink(dest / "current", elsewhere);
    EXPECT_FALSE(active_tree(dest.path())) << elsewhere;
  }
}

TEST(ActiveTrees, AreCalledByNumberRevisionItsBeginningOrName) {
  const ActiveTree tree{"00000042-0123456789abcdef0123", "", {42}};
  EXPECT_TRUE(is_called(tree, "42", {}));
  EXPECT_TRUE(is_called(tree, "0123456789abcdef0123456789abcdef", {}));
  EXPECT_TRUE(is_called(tree, "01234567", {}));
  EXPECT_FALSE(is_called(tree, "012", {}));
  EXPECT_FALSE(is_called(tree, "43", {}));
  SignedDescriptor release;
  release.descriptor.revision = "0123456789abcdef0123456789abcdef";
  release.descriptor.name = "v1.2.3";
  EXPECT_TRUE(is_called(tree, "v1.2.3", release));
  EXPECT_TRUE(is_called(tree, "0123", release));
  EXPECT_FALSE(is_called(tree, "v1.2", release));
}

}  // namespace swarmout::test
