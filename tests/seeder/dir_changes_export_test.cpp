// A directory, exported by what stat(2) says of it.

#include "seeder/source/dir_index.hpp"
#include "seeder/source/dir_source.hpp"
#include "seeder/source/open_source.hpp"
#include "tests/seeder/exported_twice.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

namespace swarmout::test {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

class DirChangesExport : public ExportedTwice {
protected:
  void SetUp() override {
    ASSERT_OK(make_directories(tree_));
    options_.source = "dir:" + tree_.native();
    clock_.set_wall(std::chrono::system_clock::now() + hours(1));  // whatever is there is an hour old
  }
  std::unique_ptr<Source> open() { return make_dir_source(tree_, clock_); }
  void export_and_compare() { ExportedTwice::export_and_compare(*open(), *open(), "revision"); }
  /// So that what is written next has another time of change, whatever the clock's tick.
  static void let_it_tick() { std::this_thread::sleep_for(std::chrono::milliseconds(25)); }
  void write_anew(const std::string& name, const std::string& content) {
    let_it_tick();
    write_file(tree_ / name, content);
  }
  /// As tools do that keep times.
  void set_modified(const std::string& name, time_t time) {
    const std::array<timespec, 2> times{{{time, 0}, {time, 0}}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (tree_ / name).c_str(), times.data(), 0), 0);
  }
};

class RandomDirHistory : public DirChangesExport, public testing::WithParamInterface<unsigned> {};

}  // namespace

TEST_P(RandomDirHistory, GivesTheSameAsAnExportOfEverything) {
  AwkwardHistory history(GetParam());
  for (int step = 0; step < 20; ++step) {
    SCOPED_TRACE(step);
    let_it_tick();
    write(history.step());
    export_and_compare();
    ASSERT_FALSE(HasFailure());
    EXPECT_EQ(took_changes(), step > 0) << said_.back();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomDirHistory, testing::Values(3U, 4U));

TEST_F(DirChangesExport, OnlyWhatHasChangedIsRead) {
  write_file(tree_ / "large", noise(6 * kMiB));
  write_file(tree_ / "file", "one");
  export_and_compare();
  write_anew("file", "second");

  export_and_compare();

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 6U);
  EXPECT_EQ(files_, 2U) << "what is unchanged counts as well";
}

TEST_F(DirChangesExport, TheSameSizeAndTimeOfModificationDoNotHideAChange) {
  write_file(tree_ / "file", "one");
  set_modified("file", 1'000'000'000);
  export_and_compare();
  write_anew("file", "two");
  set_modified("file", 1'000'000'000);

  export_and_compare();

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 3U);
}

TEST_F(DirChangesExport, AFileThatWasPutInThePlaceOfAnotherIsRead) {
  write_file(tree_ / "file", "one");
  write_file(temp_ / "other", "two");
  for (const Path& each : {tree_ / "file", temp_ / "other"}) {
    std::filesystem::last_write_time(each, std::filesystem::file_time_type());
  }
  export_and_compare();
  std::filesystem::rename(temp_ / "other", tree_ / "file");

  export_and_compare();

  EXPECT_EQ(read_, 3U);
}

TEST_F(DirChangesExport, WhatIsMovedWithItsDirectoryIsNotRead) {
  write_file(tree_ / "a/deep/file", noise(100 * kKiB));
  write_file(tree_ / "b", "other");
  export_and_compare();
  std::filesystem::rename(tree_ / "a", tree_ / "c");

  export_and_compare();

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 0U);
}

TEST_F(DirChangesExport, NamesOfOneFileAreTheSameFile) {
  write_file(tree_ / "a", "content");
  std::filesystem::create_hard_link(tree_ / "a", tree_ / "b");
  export_and_compare();
  std::filesystem::remove(tree_ / "a");
  write_anew("a", "another");

  export_and_compare();

  EXPECT_TRUE(took_changes());
}

// A time of change that is as young as the scan says nothing: more may be written within the same tick.

TEST_F(DirChangesExport, AFileThatChangedRightBeforeItWasReadIsReadAgain) {
  write_file(tree_ / "file", "content");
  clock_.set_wall(std::chrono::system_clock::now() + seconds(1));
  export_and_compare();
  clock_.set_wall(std::chrono::system_clock::now() + hours(1));

  export_and_compare();
  EXPECT_EQ(read_, 7U) << "it was young when it was read";
  export_and_compare();

  EXPECT_EQ(read_, 0U) << "it was old when it was read again";
}

TEST_F(DirChangesExport, AFileFromTheFutureIsReadEachTime) {
  write_file(tree_ / "file", "content");
  clock_.set_wall(std::chrono::system_clock::now() - hours(1));  // it went back since
  export_and_compare();

  export_and_compare();

  EXPECT_TRUE(took_changes());
  EXPECT_EQ(read_, 7U);
}

TEST_F(DirChangesExport, AFileThatChangesWhileItIsReadIsReadAgain) {
  write_file(tree_ / "file", "one");
  ASSERT_THAT(export_once(*open(), "r"), IsOk());
  clock_.set_wall(std::chrono::system_clock::now());
  const auto source = open();
  CollectingSink sink;
  MeddlingSink meddling(sink, [&](const TreeEntry&) -> Result<void> {
    write_file(tree_ / "file", "two");  // after the look at it, before it is read
    return {};
  });
  ASSERT_OK(source->stream("", meddling, {}));
  ASSERT_EQ(sink.given.at(0).content, "two");
  write_file(tree_ / "file", "six");  // within the same tick, perhaps
  clock_.set_wall(std::chrono::system_clock::now() + hours(1));
  Node node;
  node.path = "file";
  node.size = 3;
  const std::vector<Node> nodes = {node};
  const std::string memo = source->memo();

  CollectingSink again;
  ASSERT_EQ(source->stream_changes({nodes, memo}, "", again, {}), true);

  EXPECT_EQ(again.given.at(0).entry.kind, TreeEntry::Kind::file);
  EXPECT_EQ(again.given.at(0).content, "six");
}

// What it must not be taken for.

TEST_F(DirChangesExport, ARecordOfAnotherTreeMeansEverything) {
  write_file(tree_ / "file", "one");
  export_and_compare();
  PackProgress progress;
  Packer packer(store_, std::nullopt, progress);
  ASSERT_OK(feed(packer, {file_of("file", "two")}));
  publish(packer.finish().value(), "another");

  export_and_compare();

  EXPECT_FALSE(took_changes());
}

TEST_F(DirChangesExport, ATruncatedRecordMeansEverything) {
  write_file(tree_ / "file", "one");
  export_and_compare();
  std::filesystem::resize_file(options_.state / "export", std::filesystem::file_size(options_.state / "export") - 1);

  export_and_compare();

  EXPECT_FALSE(took_changes());
}

TEST_F(DirChangesExport, AMemoOfFewerFilesIsNotUsed) {
  write_file(tree_ / "file", "one");
  const auto source = open();
  CollectingSink sink;
  ASSERT_OK(source->stream("", sink, {}));
  const std::string memo = source->memo();

  EXPECT_EQ(source->stream_changes({{}, memo}, "", sink, {}), false);
}

TEST_F(DirChangesExport, OnlyFileSystemsOfThisHostAreBelieved) {
  EXPECT_FALSE(device_with_honest_times("/proc").has_value());
  EXPECT_FALSE(device_with_honest_times(temp_ / "not there").has_value());
  EXPECT_TRUE(device_with_honest_times("/dev/shm").has_value());
}

}  // namespace swarmout::test
