#include "peer/tree/release_trees.hpp"

#include "common/base/private_files.hpp"
#include "peer/tree/private_copy.hpp"
#include "tests/peer/keep/keep_newest.hpp"
#include "tests/support/namespaces.hpp"
#include "tests/support/ordinary_user.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <set>
#include <thread>

namespace swarmout::test {

namespace {

constexpr int kFiles = 10;

Descriptor release(std::uint64_t position, const std::string& content = "") {
  Descriptor descriptor;
  descriptor.position = {position};
  descriptor.revision = "r" + std::to_string(position);
  descriptor.manifest = sha256(descriptor.revision + content);
  return descriptor;
}

void make_release(ReleaseTrees& trees, const Descriptor& descriptor) {
  ASSERT_OK_AND_ASSIGN(const Path incoming, trees.begin(descriptor));
  for (int i = 0; i < kFiles; ++i) {
    write_file(incoming / ("file" + std::to_string(i)), descriptor.revision);
  }
  const auto accepted = trees.accept(descriptor);
  ASSERT_TRUE(accepted) << to_string(accepted.error());
}

/// A destination and a state directory.
class ReleaseTreesTest : public testing::Test {
protected:
  /// As after a restart.
  ReleaseTrees open(std::string_view purpose = "peer") {
    auto trees = ReleaseTrees::open(dest(), state(), purpose);
    EXPECT_THAT(trees, IsOk());
    return *std::move(trees);
  }
  void make(const Descriptor& descriptor) { make_release(trees_, descriptor); }
  Path dest() const { return dir_ / "dest"; }
  Path state() const { return dir_ / "state"; }
  Path tree(const std::string& name) const { return dest() / "releases" / name; }

  TempDir dir_;
  ReleaseTrees trees_ = open();
};

/// What a job does: resolves `current` once, and reads everything in it.
std::set<std::string> read_current(const Path& dest) {
  const auto directory = open_file(dest / "current", O_RDONLY | O_DIRECTORY);
  if (!directory) {
    return {"no current"};
  }
  std::set<std::string> seen;
  for (int i = 0; i < kFiles; ++i) {
    const std::string path = "/proc/self/fd/" + std::to_string(directory->get()) + "/file" + std::to_string(i);
    seen.insert(read_file(path, 100).value_or("missing"));
  }
  return seen;
}

}  // namespace

TEST_F(ReleaseTreesTest, AReaderNeverSeesNothingOrAMixtureDuringAHundredSwitches) {
  make(release(1));
  ASSERT_OK(trees_.activate(release(1)));

  std::atomic<std::uint64_t> reads{0};
  std::atomic<int> bad{0};
  std::jthread reader([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const auto seen = read_current(dest());
      bad += seen.size() == 1 && seen.begin()->starts_with("r") ? 0 : 1;
      ++reads;
      reads.notify_all();
    }
  });
  for (std::uint64_t position = 2; position <= 101; ++position) {
    make(release(position));
    ASSERT_OK(trees_.activate(release(position)));
    ASSERT_OK(keep_newest(3, trees_, state()));
    // Two more reads, so that none of them spans more than two switches, and its release is not removed yet.
    for (const std::uint64_t wanted = reads + 2; reads < wanted;) {
      reads.wait(reads);
    }
  }
  reader.request_stop();
  reader.join();
  EXPECT_GE(reads, 200u);
  EXPECT_EQ(bad, 0);
}

TEST_F(ReleaseTreesTest, KeepsTheNewestAndWhatCurrentNames) {
  for (std::uint64_t position = 1; position <= 6; ++position) {
    make(release(position));
  }
  ASSERT_OK(trees_.activate(release(2)));  // rolled back, say
  ASSERT_OK(keep_newest(3, trees_, state()));
  EXPECT_FALSE(trees_.has(release(1)));
  EXPECT_TRUE(trees_.is_current(release(2)));
  EXPECT_FALSE(trees_.has(release(3)));
  EXPECT_TRUE(trees_.has(release(4)) && trees_.has(release(5)) && trees_.has(release(6)));
}

TEST_F(ReleaseTreesTest, ATreeWhoseMakerWasKilledBeforeItsRecordIsRemovedWhenItIsEmpty) {
  const Path empty = trees_.incoming(release(7));
  const Path full = trees_.incoming(release(8));
  std::filesystem::create_directory(empty);
  std::filesystem::create_directory(full);
  write_file(full / "file", "somebody's");

  ASSERT_OK(trees_.tidy(std::nullopt));

  EXPECT_FALSE(path_exists(empty));
  EXPECT_TRUE(path_exists(full / "file")) << "not ours, as far as we know";
}

TEST_F(ReleaseTreesTest, AnIncomingTreeIsNoReleaseUntilItIsAccepted) {
  ASSERT_OK_AND_ASSIGN(const Path incoming, trees_.begin(release(1)));
  write_file(incoming / "file", "x");
  EXPECT_FALSE(trees_.has(release(1)));
  ASSERT_OK(trees_.accept(release(1)));
  EXPECT_TRUE(trees_.has(release(1)));
  EXPECT_TRUE(open().has(release(1))) << "and after a restart";
}

TEST_F(ReleaseTreesTest, WhatWasUnpackedForOneReleaseCanBecomeAnotherOfTheSameContent) {
  ASSERT_OK_AND_ASSIGN(const Path incoming, trees_.begin(release(1)));
  Descriptor next = release(1);
  next.position = {3};

  ASSERT_OK(trees_.accept(next, incoming));

  EXPECT_TRUE(trees_.has(next));
  EXPECT_FALSE(trees_.has(release(1)));
}

TEST_F(ReleaseTreesTest, ARevisionCannotLeadOutOfTheDirectory) {
  Descriptor hostile = release(1);
  hostile.revision = "../../../etc";
  EXPECT_EQ(trees_.tree(hostile).parent_path(), std::filesystem::canonical(dest() / "releases"));
}

TEST_F(ReleaseTreesTest, TheLinkIsRelativeSoThatTheDirectoryCanBeMountedElsewhere) {
  make(release(1));
  ASSERT_OK(trees_.activate(release(1)));
  EXPECT_EQ(std::filesystem::read_symlink(dest() / "current"), "releases/00000001-r1");
}

TEST_F(ReleaseTreesTest, ADestinationThatIsALinkIsTheDirectoryItLeadsTo) {
  std::filesystem::create_directory(dir_ / "real");
  std::filesystem::create_directory_symlink(dir_ / "real", dir_ / "link");
  ASSERT_OK_AND_ASSIGN(ReleaseTrees trees, ReleaseTrees::open(dir_ / "link", state()));
  for (std::uint64_t position = 1; position <= 6; ++position) {
    make_release(trees, release(position));
    ASSERT_OK(trees.activate(release(position)));
  }

  ASSERT_OK(keep_newest(3, trees, state()));

  EXPECT_EQ(list_directory(dir_ / "real/releases").value().size(), 3U);
  EXPECT_TRUE(std::filesystem::is_symlink(dir_ / "link"));
}

TEST_F(ReleaseTreesTest, ATreeWithAMountInsideStaysAndTheOthersAreRemoved) {
  write_file(dir_ / "uploads/precious", "do not touch");
  for (std::uint64_t position = 1; position <= 6; ++position) {
    make(release(position));
    ASSERT_OK(trees_.activate(release(position)));
  }
  const Path place = dest() / "releases/00000001-r1/uploads";
  std::filesystem::create_directory(place);
  const auto said = in_namespaces(CLONE_NEWNS, [&]() -> std::string {
    if (::mount((dir_ / "uploads").c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return "cannot mount";
    }
    return keep_newest(3, trees_, state()) ? "all" : "not all";
  });
  if (!said) {
    GTEST_SKIP() << "no mount namespaces on this host";
  }

  EXPECT_EQ(*said, "not all");
  EXPECT_THAT(list_directory(dest() / "releases").value(),
              testing::UnorderedElementsAre("00000004-r4", "00000005-r5", "00000006-r6"));
  EXPECT_THAT(list_directory(dest()).value(), testing::UnorderedElementsAre(".previous", "current", "releases",
                                                                            testing::HasSubstr("removed-00000001-r1")));
  EXPECT_TRUE(path_exists(dir_ / "uploads/precious"));
}

TEST_F(ReleaseTreesTest, WhatKilledVerbsHaveLeftIsTidiedUp) {
  TreeRecord record;
  record.name = "00000001-r1";
  record.dest = dest().native();
  for (const char* const each : {".incoming-verify-00000001-r1", ".incoming-gc-removed-00000001-r1"}) {
    ASSERT_OK(trees_.records().make_tree(dest() / each, record));
    write_file(dest() / each / "made-0" / "file", "x");
  }
  {
    ASSERT_OK_AND_ASSIGN(const auto at_work, try_lock(state() / "verify.lock"));
    ASSERT_OK(trees_.tidy(std::nullopt));
    EXPECT_TRUE(path_exists(dest() / ".incoming-verify-00000001-r1")) << "somebody repairs just now";
    EXPECT_FALSE(path_exists(dest() / ".incoming-gc-removed-00000001-r1"));
  }

  ASSERT_OK(open("gc").tidy(std::nullopt));

  EXPECT_FALSE(path_exists(dest() / ".incoming-verify-00000001-r1"));
  EXPECT_THAT(trees_.records().made_for(dest()).value(), testing::IsEmpty());
}

TEST_F(ReleaseTreesTest, CopiesInWhichNobodyWorksAreTidiedUp) {
  make(release(1));
  const Path left = dest() / ".copy-abcdef";  // nobody has a lock on it
  write_file(left / "file", "of a job that was killed");
  ASSERT_OK_AND_ASSIGN(const PrivateCopy copy, PrivateCopy::make(dest(), tree("00000001-r1"), {}));

  ASSERT_OK(open("gc").tidy(std::nullopt));

  EXPECT_FALSE(path_exists(left));
  EXPECT_TRUE(path_exists(copy.path() / "file0")) << "a job works in it";
  EXPECT_TRUE(trees_.has(release(1)));
}

TEST_F(ReleaseTreesTest, ATreeThatItsOwnerMayNotChangeIsRemoved) {
  make(release(1));
  write_file(tree("00000001-r1") / "dir" / "file", "x");
  ::chmod((tree("00000001-r1") / "dir").c_str(), 0555);
  ::chmod(tree("00000001-r1").c_str(), 0555);

  const std::string said = as_ordinary_user(dir_.path(), [&] {
    const auto record = trees_.records().find("00000001-r1", *identity_of(tree("00000001-r1")));
    return record ? words_of(trees_.remove(*record)) : "no record";
  });

  EXPECT_EQ(said, "well");
  EXPECT_FALSE(path_exists(tree("00000001-r1")));
}

}  // namespace swarmout::test
