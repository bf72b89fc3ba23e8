#include "seeder/source/tar_stream.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

/// A tree of two files, and commands that make a tar of it.
class TarSourceTest : public testing::Test {
protected:
  void SetUp() override {
    write_file(tree_ / "a", "content of a");
    write_file(tree_ / "large", noise(kMiB));
  }
  Result<void> stream(const std::string& command, const std::string& revision = "", std::stop_token stop = {}) {
    return stream_guarded(*make_tar_source(command), revision, sink_, std::move(stop));
  }
  std::string tar(const std::string& options = "") const {
    return "cd " + tree_.native() + " && tar " + options + " -cf - *";
  }
  const Given* given(const std::string& path) const {
    for (const Given& each : sink_.given) {
      if (each.entry.path == path) {
        return &each;
      }
    }
    return nullptr;
  }

  TempDir temp_;
  Path tree_ = temp_ / "tree";
  CollectingSink sink_;
};

}  // namespace

// Commands.

TEST_F(TarSourceTest, AWantedRevisionIsTakenAsItIs) {
  const auto name = make_tar_source("true")->resolve("r42", {});

  ASSERT_THAT(name, IsOk());
  EXPECT_EQ(*name, "r42");
}

TEST_F(TarSourceTest, TheCommandIsToldTheRevision) {
  ASSERT_OK(stream("echo -n \"$SWARMOUT_REVISION\" > " + (temp_ / "told").native() + "; " + tar(), "r42"));

  EXPECT_EQ(read_file(temp_ / "told", kKiB).value_or(""), "r42");
}

TEST_F(TarSourceTest, TheCommandRunsInAShell) {
  EXPECT_THAT(stream("true && (" + tar() + " | cat)"), IsOk());

  EXPECT_NE(given("a"), nullptr);
}

TEST_F(TarSourceTest, ACommandThatFailsIsShownWithItsLastWords) {
  EXPECT_THAT(stream("echo 'no such export' >&2; exit 3"), FailsWith(ErrorCode::failed, "no such export"));
}

TEST_F(TarSourceTest, ACommandThatFailsIsShownWithItsStatus) {
  EXPECT_THAT(stream("exit 3"), FailsWith(ErrorCode::failed, "status 3"));
}

TEST_F(TarSourceTest, ACommandThatFailsAfterAWholeStreamIsNotAccepted) {
  EXPECT_THAT(stream(tar() + "; echo 'lost the connection' >&2; exit 1"),
              FailsWith(ErrorCode::failed, "lost the connection"));
}

TEST_F(TarSourceTest, ACommandThatFailsInTheMiddleIsShownWithItsLastWords) {
  EXPECT_THAT(stream(tar() + " | head -c 100000; echo 'lost the connection' >&2; exit 1"),
              FailsWith(ErrorCode::failed, "lost the connection"));
}

TEST_F(TarSourceTest, ACommandThatIsNotThereFailsAndIsNamed) {
  EXPECT_THAT(stream("swarmout-no-such-program"), FailsWith(ErrorCode::failed, "swarmout-no-such-program"));
}

TEST_F(TarSourceTest, ACommandKilledAfterAWholeStreamIsNotAccepted) {
  EXPECT_THAT(stream(tar() + "; kill -9 $$"), FailsWith(ErrorCode::failed, "137"));
}

TEST_F(TarSourceTest, ACommandKilledInTheMiddleIsNotAccepted) {
  EXPECT_FALSE(stream(tar() + " | head -c 100000; kill -9 $$").has_value());
}

TEST_F(TarSourceTest, ACommandKilledInTheMiddleIsAFailureOfTheCommand) {
  EXPECT_THAT(stream(tar() + " | head -c 100000; kill -9 $$"), FailsWith(ErrorCode::failed));
}

TEST_F(TarSourceTest, AStreamCutOffByACommandThatSucceedsIsRefused) {
  EXPECT_THAT(stream(tar() + " | head -c 100000"), FailsWith(ErrorCode::refused));
}

TEST_F(TarSourceTest, ACommandThatPrintsNothingIsRefused) {
  EXPECT_THAT(stream("true"), FailsWith(ErrorCode::refused));
}

TEST_F(TarSourceTest, ACommandThatTalksALotIsNoHindrance) {
  EXPECT_THAT(stream("i=0; while [ $i -lt 20000 ]; do echo 'a line of chatter' >&2; i=$((i+1)); done; " + tar()),
              IsOk());
}

TEST_F(TarSourceTest, AStopEndsACommandThatHangs) {
  std::stop_source stop;
  std::jthread stopper([&] {
    EXPECT_TRUE(wait_for([&] { return path_exists(temp_ / "started"); }));
    stop.request_stop();
  });

  EXPECT_THAT(stream("touch " + (temp_ / "started").native() + "; exec sleep 600", "", stop.get_token()),
              FailsWith(ErrorCode::temporary));
}

TEST_F(TarSourceTest, WhatTheGuardRefusesIsRefusedAlthoughTheCommandThenDies) {
  write_file(tree_ / "z", noise(4 * kMiB));

  EXPECT_THAT(stream(tar("--transform='s,^a$,../a,' --sort=name")), FailsWith(ErrorCode::refused, "../a"));
}

TEST_F(TarSourceTest, WhatTheGuardRefusesIsSaidAlthoughTheCommandThenFails) {
  write_file(tree_ / "z", noise(4 * kMiB));

  EXPECT_THAT(stream("(" + tar("--transform='s,^a$,../a,' --sort=name") + ") || exit 2"),
              FailsWith(ErrorCode::refused, "../a"));
}

// What real tar programs write.

TEST_F(TarSourceTest, HardLinksAreGivenAsLinksToTheEarlierFile) {
  ASSERT_EQ(::link((tree_ / "a").c_str(), (tree_ / "b").c_str()), 0);

  ASSERT_OK(stream(tar("--sort=name")));

  ASSERT_NE(given("b"), nullptr);
  EXPECT_EQ(given("b")->entry.kind, TreeEntry::Kind::hardlink);
  EXPECT_EQ(given("b")->entry.target, "a");
}

TEST_F(TarSourceTest, PathsWithADotInFrontAreTheSame) {
  ASSERT_OK(stream("tar -C " + tree_.native() + " -cf - ./a ./large"));

  EXPECT_NE(given("a"), nullptr);
  EXPECT_NE(given("large"), nullptr);
}

TEST_F(TarSourceTest, PathsDeepInsideComeWithTheirParents) {
  write_file(tree_ / "x/y/z", "deep");

  ASSERT_OK(stream("tar -C " + tree_.native() + " -cf - x/y/z"));

  ASSERT_EQ(sink_.given.size(), 3U);
  EXPECT_EQ(sink_.given[0].entry.path, "x");
  EXPECT_EQ(sink_.given[1].entry.path, "x/y");
}

TEST_F(TarSourceTest, EveryFormatOfGnuTarGivesTheSameTree) {
  const Path awkward = temp_ / "awkward";
  make_awkward_tree(awkward);
  for (const char* const format : {"gnu", "pax", "posix"}) {
    CollectingSink sink;
    const auto source = make_tar_source(fmt::format("cd {} && tar --format={} -cf - *", awkward.native(), format));
    ASSERT_OK(stream_guarded(*source, "", sink));
    EXPECT_EQ(listing_of(sink), listing(awkward)) << format;
  }
}

class SparseFile : public TarSourceTest, public testing::WithParamInterface<const char*> {};

TEST_P(SparseFile, ComesWithItsHolesAsZeros) {
  write_file(tree_ / "sparse", "begin");
  ASSERT_EQ(::truncate((tree_ / "sparse").c_str(), 3 * kMiB), 0);
  {
    const Fd file = open_file(tree_ / "sparse", O_WRONLY).value();
    ASSERT_OK(pwrite_all(file.get(), as_bytes(noise(5000)), kMiB, "sparse"));
  }
  ASSERT_OK_AND_ASSIGN(const std::string content, read_file(tree_ / "sparse", 4 * kMiB));

  ASSERT_OK(stream(tar(GetParam())));

  ASSERT_NE(given("sparse"), nullptr);
  EXPECT_EQ(given("sparse")->entry.size, 3 * kMiB);
  EXPECT_TRUE(given("sparse")->content == content);
}

INSTANTIATE_TEST_SUITE_P(Formats, SparseFile,
                         testing::Values("-S --hole-detection=raw --format=gnu",
                                         "-S --hole-detection=raw --format=pax --sparse-version=1.0",
                                         "-S --hole-detection=raw --format=pax --sparse-version=0.1",
                                         "-S --hole-detection=raw --format=pax --sparse-version=0.0"));

TEST_F(TarSourceTest, AFileThatIsOneHoleIsZeros) {
  write_file(tree_ / "hole", "");
  ASSERT_EQ(::truncate((tree_ / "hole").c_str(), 100'000), 0);

  ASSERT_OK(stream(tar("-S --hole-detection=raw")));

  ASSERT_NE(given("hole"), nullptr);
  EXPECT_TRUE(given("hole")->content == std::string(100'000, '\0'));
}

TEST_F(TarSourceTest, AFifoIsRefused) {
  ASSERT_EQ(::mkfifo((tree_ / "fifo").c_str(), 0644), 0);

  EXPECT_THAT(stream(tar()), FailsWith(ErrorCode::refused, "fifo"));
}

TEST_F(TarSourceTest, ACompressedStreamIsRefused) {
  EXPECT_THAT(stream("tar -C " + tree_.native() + " -czf - a"), FailsWith(ErrorCode::refused));
}

}  // namespace swarmout::test
