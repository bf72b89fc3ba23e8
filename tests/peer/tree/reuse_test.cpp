// What the previous release's tree gives to the next one.

#include "tests/peer/tree/unpacking.hpp"
#include "tests/support/name_of.hpp"

#include <sys/stat.h>

namespace swarmout::test {

namespace {

using Time = std::filesystem::file_time_type;

Tree first_tree() {
  return {{directory("dir"), ""},
          file_of("dir/changing", "version one"),
          file_of("dir/large", noise(5 * kMiB)),
          file_of("dir/steady", prose(50 * kKiB)),
          file_of("stamp", "")};
}
Tree second_tree() {
  Tree tree = first_tree();
  tree[1] = file_of("dir/changing", "version two");
  tree.push_back(file_of("zz-new", "new"));
  return tree;
}

/// A previous release in `target-1`, all of it an hour and a bit old.
class ReuseTest : public UnpackingTest {
protected:
  void SetUp() override {
    first_ = packed(first_tree());
    std::filesystem::create_directories(old_);
    ASSERT_OK(unpack_all(first_, old_));
    for (const auto& each : std::filesystem::recursive_directory_iterator(old_)) {
      std::filesystem::last_write_time(each.path(), then_);
    }
  }
  Result<void> update(const Manifest& second) {
    const PreviousTree previous{old_, first_};
    return unpack_all(second, target_, &previous);
  }
  Time time_of(const std::string& path) const { return std::filesystem::last_write_time(target_ / path); }

  Manifest first_;
  Path old_ = temp_ / "target-1";
  Time then_ = Time::clock::now() - std::chrono::nanoseconds(3600'123'456'789);
};

struct Meddling {
  std::string name;
  std::function<void(const Path& file)> meddle;
};

std::vector<Meddling> meddlings() {
  static const std::string content = prose(50 * kKiB);
  const auto elsewhere = [](const Path& file) { return file.parent_path().parent_path() / "elsewhere"; };
  return {
      {"HasOtherBytesOfTheSameSize", [](const Path& file) { write_file(file, prose(50 * kKiB, 7)); }},
      {"HasOneOtherByteAtItsEnd", [](const Path& file) { write_file(file, content.substr(1) + "!"); }},
      {"IsCut", [](const Path& file) { write_file(file, content.substr(0, 1000)); }},
      {"HasGrown", [](const Path& file) { write_file(file, content + "x"); }},
      {"IsEmpty", [](const Path& file) { write_file(file, ""); }},
      {"IsMissing", [](const Path& file) { std::filesystem::remove(file); }},
      {"IsALinkToTheRightContent",
       [=](const Path& file) {
         std::filesystem::rename(file, elsewhere(file));
         write_symlink(file, elsewhere(file));
       }},
      {"IsADanglingLink",
       [](const Path& file) {
         std::filesystem::remove(file);
         write_symlink(file, "nowhere");
       }},
      {"IsADirectory",
       [](const Path& file) {
         std::filesystem::remove(file);
         write_file(file / "x", "x");
       }},
      {"IsAFifoThatNobodyWritesTo",
       [](const Path& file) {
         std::filesystem::remove(file);
         ASSERT_EQ(::mkfifo(file.c_str(), 0644), 0);
       }},
      {"IsBehindALinkToItsDirectory",
       [=](const Path& file) {
         std::filesystem::rename(file.parent_path(), elsewhere(file));
         write_symlink(file.parent_path(), "elsewhere");
       }},
  };
}

class ReuseMeddledTest : public ReuseTest, public testing::WithParamInterface<Meddling> {};

}  // namespace

TEST_F(ReuseTest, UnchangedFilesAreTakenOverAndTheRestComesFromThePacks) {
  const Manifest second = packed(second_tree(), first_);

  ASSERT_OK(update(second));

  EXPECT_EQ(listing(target_), listing_of(second_tree()));
  EXPECT_EQ(unpacker_->reused_files(), 3U) << "large, steady and stamp";
  EXPECT_EQ(unpacker_->written(), second.tree_size());
}

TEST_F(ReuseTest, AFileThatDidNotChangeKeepsItsTimeToTheNanosecond) {
  ASSERT_OK(update(packed(second_tree(), first_)));

  EXPECT_EQ(time_of("dir/steady"), then_);
  EXPECT_EQ(time_of("dir/large"), then_);
}

TEST_F(ReuseTest, AnEmptyFileKeepsItsTimeToo) {
  ASSERT_OK(update(packed(second_tree(), first_)));

  EXPECT_EQ(time_of("stamp"), then_) << "make would build everything that depends on it";
}

TEST_F(ReuseTest, AFileThatChangedIsNew) {
  ASSERT_OK(update(packed(second_tree(), first_)));

  EXPECT_GT(time_of("dir/changing"), then_);
}

TEST_F(ReuseTest, ThePreviousTreeIsNotChanged) {
  ASSERT_OK(update(packed(second_tree(), first_)));
  write_file(target_ / "dir/steady", "written by a job");

  EXPECT_EQ(listing(old_), listing_of(first_tree())) << "no hard links to something that can be written to";
}

TEST_F(ReuseTest, NoPackIsNeededIfNothingChanged) {
  const Manifest again = packed(first_tree(), first_);

  ASSERT_OK(update(again));

  for (std::size_t i = 0; i < again.packs.size(); ++i) {
    EXPECT_FALSE(unpacker_->needs(i));
  }
}

TEST_F(ReuseTest, AChangedXBitIsTakenFromTheNewReleaseAndTheContentFromTheOld) {
  Tree tree = first_tree();
  tree[3].entry.executable = true;

  ASSERT_OK(update(packed(tree, first_)));

  EXPECT_EQ(listing(target_), listing_of(tree));
  EXPECT_EQ(time_of("dir/steady"), then_);
}

TEST_F(ReuseTest, AFileThatBecomesADirectoryOrALinkIsMadeAnew) {
  const Tree tree = {
      {symlink("dir", "elsewhere"), ""}, {directory("stamp"), ""}, file_of("stamp/steady", prose(50 * kKiB))};

  ASSERT_OK(update(packed(tree)));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_F(ReuseTest, ADirectoryOrALinkThatBecomesAFileIsMadeAnew) {
  const PreviousTree previous{old_, first_};
  const Tree tree = {file_of("dir", "a file now"), file_of("stamp", "not empty now")};
  const Manifest second = packed(tree);

  ASSERT_OK(unpack_all(second, target_, &previous));

  EXPECT_EQ(listing(target_), listing_of(tree));
}

TEST_P(ReuseMeddledTest, IsTakenFromThePacks) {
  const Manifest second = packed(second_tree(), first_);
  GetParam().meddle(old_ / "dir/steady");

  ASSERT_OK(update(second));

  EXPECT_EQ(listing(target_), listing_of(second_tree()));
  EXPECT_GT(time_of("dir/steady"), then_);
}
INSTANTIATE_TEST_SUITE_P(APreviousFileThat, ReuseMeddledTest, testing::ValuesIn(meddlings()), kNameOf);

}  // namespace swarmout::test
