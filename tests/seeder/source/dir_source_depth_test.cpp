// A directory source in trees deeper than a process has descriptors.

#include "seeder/source/dir_source.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

class DirSourceDepthTest : public testing::Test {
protected:
  DirSourceDepthTest() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit few{static_cast<rlim_t>(next.get()) + 20, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  ~DirSourceDepthTest() override { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

  /// A chain of directories "d", each also with a file "e" that comes after the next one.
  void make_levels(int count) {
    Fd at(::open(temp_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int level = 0; level < count; ++level) {
      const Fd file(::openat(at.get(), "e", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
      ASSERT_TRUE(write_all(file.get(), as_bytes(std::to_string(level)), "e"));
      ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
      at = Fd(::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      ASSERT_TRUE(at.valid());
    }
  }

  TempDir temp_;
  rlimit before_{};
  CollectingSink sink_;
  std::unique_ptr<Source> source_ = make_dir_source(temp_.path());
};

}  // namespace

TEST_F(DirSourceDepthTest, TwoThousandLevelsAreWalkedWithFewDescriptors) {
  make_levels(2000);

  ASSERT_OK(source_->resolve("", {}));
  ASSERT_OK(stream_guarded(*source_, "", sink_));

  ASSERT_EQ(sink_.given.size(), 4000U);
  EXPECT_EQ(sink_.given[1999].entry.path.size(), 3999U);
  for (std::size_t i = 0; i < 2000; ++i) {
    EXPECT_EQ(sink_.given[2000 + i].content, std::to_string(1999 - i))
        << "on the way back it reads the right directory";
  }
}

TEST_F(DirSourceDepthTest, PathsThatAreTooLongAreRefusedByResolvingAlready) {
  make_levels(3000);

  EXPECT_THAT(source_->resolve("", {}), FailsWith(ErrorCode::refused, "longer path"));
  EXPECT_THAT(stream_guarded(*source_, "", sink_), FailsWith(ErrorCode::refused));
}

TEST_F(DirSourceDepthTest, ADirectoryThatIsMovedWhileItIsReadIsNoticed) {
  make_levels(3);
  MeddlingSink meddling(sink_, [&](const TreeEntry& entry) -> Result<void> {
    if (entry.path == "d/d/d") {
      std::filesystem::rename(temp_ / "d/d", temp_ / "elsewhere");
    }
    return {};
  });

  EXPECT_THAT(stream_guarded(*source_, "", meddling), FailsWith(ErrorCode::temporary, "moved while it was read"));
}

}  // namespace swarmout::test
