// What is in the destination and was not made by this host, or is no longer what it made.

#include "peer/tree/release_trees.hpp"
#include "tests/peer/keep/keep_newest.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

namespace fs = std::filesystem;

Descriptor numbered(std::uint64_t position, const std::string& content = "") {
  Descriptor descriptor;
  descriptor.position = {position};
  descriptor.revision = "r" + std::to_string(position);
  descriptor.manifest = sha256(descriptor.revision + content);
  return descriptor;
}

class ForeignTreesTest : public testing::Test {
protected:
  ReleaseTrees open() { return ReleaseTrees::open(dest(), dir_ / "state").value(); }
  void make(const Descriptor& descriptor) {
    ASSERT_OK_AND_ASSIGN(const Path incoming, trees_.begin(descriptor));
    write_file(incoming / "file", descriptor.revision);
    ASSERT_OK(trees_.accept(descriptor));
  }
  Path dest() const { return dir_ / "dest"; }
  Path tree(const std::string& name) const { return dest() / "releases" / name; }

  TempDir dir_;
  ReleaseTrees trees_ = open();
};

}  // namespace

// Is it believed?

TEST_F(ForeignTreesTest, AFileWithTheNameOfAReleaseIsNotIt) {
  write_file(tree("00000001-r1"), "");

  EXPECT_FALSE(trees_.has(numbered(1)));
  EXPECT_THAT(trees_.begin(numbered(1)), FailsWith(ErrorCode::cannot_write, "releases/00000001-r1 is not what this"));
}

TEST_F(ForeignTreesTest, ADirectoryWithTheNameOfAReleaseIsNotIt) {
  fs::create_directories(tree("00000001-r1"));

  EXPECT_FALSE(trees_.has(numbered(1)));
  EXPECT_THAT(trees_.begin(numbered(1)), FailsWith(ErrorCode::cannot_write, "mv "));
}

TEST_F(ForeignTreesTest, WhatComesInTheWayWhileItIsUnpackedIsNotReplaced) {
  ASSERT_OK(trees_.begin(numbered(1)));
  fs::create_directories(tree("00000001-r1"));

  EXPECT_THAT(trees_.accept(numbered(1)), FailsWith(ErrorCode::cannot_write));

  EXPECT_FALSE(trees_.has(numbered(1)));
}

TEST_F(ForeignTreesTest, ATreeThatWasRemovedIsNotThere) {
  make(numbered(1));

  fs::remove_all(tree("00000001-r1"));

  EXPECT_FALSE(trees_.has(numbered(1)));
  EXPECT_THAT(trees_.begin(numbered(1)), IsOk()) << "and can be made anew";
}

TEST_F(ForeignTreesTest, ATreeThatWasReplacedByACopyIsNotOurs) {
  make(numbered(1));
  fs::rename(tree("00000001-r1"), dir_ / "away");
  fs::copy(dir_ / "away", tree("00000001-r1"), fs::copy_options::recursive);

  EXPECT_FALSE(trees_.has(numbered(1)));
}

TEST_F(ForeignTreesTest, ATreeWhoseRecordIsDamagedIsNotOurs) {
  make(numbered(1));
  ASSERT_OK_AND_ASSIGN(const auto records, list_directory(dir_ / "state/trees"));
  for (const std::string& name : records) {
    write_file(dir_ / "state/trees" / name, "garbage");
  }

  EXPECT_FALSE(trees_.has(numbered(1)));
}

TEST_F(ForeignTreesTest, TheNumberAndRevisionOfAnotherLogsReleaseAreNotItsContent) {
  make(numbered(1));
  ASSERT_OK(trees_.activate(numbered(1)));
  const Descriptor other = numbered(1, "another log");
  EXPECT_FALSE(trees_.has(other));

  make(other);

  EXPECT_TRUE(trees_.has(other));
  EXPECT_TRUE(trees_.is_current(numbered(1))) << "what is in use stays as it is";
  ASSERT_OK(trees_.activate(other));
  EXPECT_TRUE(open().is_current(other));
}

TEST_F(ForeignTreesTest, TreesOfTheFirstVersionAreTakenOver) {
  SignedDescriptor release;
  release.descriptor = numbered(1);
  SignedDescriptor only_a_file;
  only_a_file.descriptor = numbered(2);
  write_file(tree("00000001-r1") / "file", "r1");
  write_file(tree("00000002-r2"), "");

  ASSERT_OK(trees_.take_over({release, only_a_file}));

  EXPECT_TRUE(trees_.has(numbered(1)));
  EXPECT_FALSE(trees_.has(numbered(2)));
}

// Is it removed, or counted?

TEST_F(ForeignTreesTest, WhatWeDidNotMakeIsNeitherCountedNorRemoved) {
  for (const char* const name : {"00000000-mine", "00000007-mine", "notes", "zzz"}) {
    write_file(tree(name) / "precious", "x");
  }
  for (std::uint64_t position = 1; position <= 5; ++position) {
    make(numbered(position));
  }

  ASSERT_OK(keep_newest(3, trees_, dir_ / "state"));

  EXPECT_FALSE(trees_.has(numbered(1)) || trees_.has(numbered(2)));
  EXPECT_TRUE(trees_.has(numbered(3)) && trees_.has(numbered(4)) && trees_.has(numbered(5)));
  for (const char* const name : {"00000000-mine", "00000007-mine", "notes", "zzz"}) {
    EXPECT_TRUE(path_exists(tree(name) / "precious")) << name;
  }
}

TEST_F(ForeignTreesTest, ATreeThatSomebodyPutInThePlaceOfOursIsNotRemoved) {
  for (std::uint64_t position = 1; position <= 4; ++position) {
    make(numbered(position));
  }
  fs::remove_all(tree("00000001-r1"));
  write_file(tree("00000001-r1") / "precious", "x");

  ASSERT_OK(keep_newest(1, trees_, dir_ / "state"));

  EXPECT_TRUE(path_exists(tree("00000001-r1") / "precious"));
}

TEST_F(ForeignTreesTest, ATreeThatSomebodyRenamedIsTheirs) {
  make(numbered(1));
  fs::rename(tree("00000001-r1"), tree("00000001-kept"));
  make(numbered(2));

  ASSERT_OK(keep_newest(1, trees_, dir_ / "state"));

  EXPECT_TRUE(path_exists(tree("00000001-kept")));
}

TEST_F(ForeignTreesTest, WhatAnInterruptedRunLeftIsRemovedIfWeMadeIt) {
  ASSERT_OK(trees_.begin(numbered(1)));
  ASSERT_OK(trees_.begin(numbered(2)));
  write_file(trees_.incoming(numbered(1)) / "half", "x");
  write_file(dest() / ".incoming-peer-00000003-r3/theirs", "x");
  write_file(dest() / ".tmp-theirs", "x");
  fs::create_symlink("releases/00000001-r1", dest() / ".tmp-ours");
  write_file(dest() / "mine", "x");

  ASSERT_OK(open().tidy(trees_.incoming(numbered(2))));

  EXPECT_FALSE(path_exists(trees_.incoming(numbered(1))));
  EXPECT_TRUE(path_exists(trees_.incoming(numbered(2)))) << "it is being unpacked";
  EXPECT_TRUE(path_exists(dest() / ".incoming-peer-00000003-r3/theirs"));
  EXPECT_TRUE(path_exists(dest() / ".tmp-theirs"));
  EXPECT_FALSE(fs::is_symlink(dest() / ".tmp-ours"));
  EXPECT_TRUE(path_exists(dest() / "mine"));
}

TEST_F(ForeignTreesTest, WhatStandsWhereATreeIsToBeUnpackedStays) {
  write_file(trees_.incoming(numbered(1)) / "theirs", "x");

  EXPECT_THAT(trees_.begin(numbered(1)), FailsWith(ErrorCode::cannot_write, ".incoming-peer-00000001-r1 is not"));
  EXPECT_TRUE(path_exists(trees_.incoming(numbered(1)) / "theirs"));
}

TEST_F(ForeignTreesTest, RecordsOfTreesThatAreGoneGoToo) {
  make(numbered(1));
  make(numbered(2));
  fs::remove_all(tree("00000001-r1"));

  ASSERT_OK(trees_.tidy(std::nullopt));

  EXPECT_EQ(list_directory(dir_ / "state/trees").value().size(), 1U);
}

TEST_F(ForeignTreesTest, RecordsOfAnotherDestinationStay) {
  make(numbered(1));
  ASSERT_OK_AND_ASSIGN(ReleaseTrees other, ReleaseTrees::open(dir_ / "other", dir_ / "state"));

  ASSERT_OK(other.tidy(std::nullopt));

  EXPECT_TRUE(trees_.has(numbered(1)));
}

// `current`.

TEST_F(ForeignTreesTest, ADirectoryInThePlaceOfCurrentIsForAPerson) {
  make(numbered(1));
  fs::create_directories(dest() / "current");

  EXPECT_THAT(trees_.check_current(), FailsWith(ErrorCode::cannot_write, "current is a directory"));
  EXPECT_THAT(trees_.activate(numbered(1)), FailsWith(ErrorCode::cannot_write, "mv "));
  EXPECT_FALSE(trees_.is_current(numbered(1)));
}

TEST_F(ForeignTreesTest, AFileInThePlaceOfCurrentIsForAPerson) {
  make(numbered(1));
  write_file(dest() / "current", "precious");

  EXPECT_THAT(trees_.activate(numbered(1)), FailsWith(ErrorCode::cannot_write, "current is a file"));
  EXPECT_TRUE(path_exists(dest() / "current"));
}

TEST_F(ForeignTreesTest, ALinkThatLeadsElsewhereIsReplaced) {
  make(numbered(1));
  for (const char* const target : {"nowhere", "releases/00000009-r9", "/tmp", "releases/00000001-r1/file"}) {
    fs::remove(dest() / "current");
    fs::create_symlink(target, dest() / "current");
    EXPECT_FALSE(trees_.is_current(numbered(1))) << target;

    ASSERT_OK(trees_.activate(numbered(1)));

    EXPECT_TRUE(trees_.is_current(numbered(1))) << target;
  }
}

TEST_F(ForeignTreesTest, CurrentThatNamesATreeThatIsGoneIsNotCurrent) {
  make(numbered(1));
  ASSERT_OK(trees_.activate(numbered(1)));

  fs::remove_all(tree("00000001-r1"));

  EXPECT_FALSE(trees_.is_current(numbered(1)));
  EXPECT_THAT(trees_.activate(numbered(1)), FailsWith(ErrorCode::temporary, "is gone"));
}

}  // namespace swarmout::test
