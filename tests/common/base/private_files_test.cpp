#include "common/base/private_files.hpp"

#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace swarmout::test {

namespace {

unsigned mode_of(const Path& path) {
  struct stat info {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0);
  return info.st_mode & 07777;
}

/// As long as this lives.
class Umask {
public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

private:
  mode_t before_;
};

/// Held by somebody who could open the file.
Fd held(const Path& file) {
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(fd.get(), LOCK_EX), 0);
  return fd;
}

}  // namespace

TEST(PrivateFiles, ALockIsItsOwnersWhateverTheUmask) {
  const TempDir temp;
  const Umask none(0);

  ASSERT_OK_AND_ASSIGN(const auto lock, try_lock(temp / "lock"));

  EXPECT_TRUE(lock);
  EXPECT_EQ(mode_of(temp / "lock"), 0600U);
}

TEST(PrivateFiles, ALockThatOthersCouldOpenIsMadeAnewAndTheirsIsNone) {
  for (const unsigned mode : {0644U, 0666U, 0660U, 0604U}) {
    const TempDir temp;
    write_file(temp / "lock", "");
    ASSERT_EQ(::chmod((temp / "lock").c_str(), mode), 0);
    const Fd theirs = held(temp / "lock");

    ASSERT_OK_AND_ASSIGN(const auto lock, try_lock(temp / "lock"));
    ASSERT_OK_AND_ASSIGN(const auto second, try_lock(temp / "lock"));

    EXPECT_TRUE(lock) << mode;
    EXPECT_FALSE(second) << "ours is one";
    EXPECT_EQ(mode_of(temp / "lock"), 0600U);
  }
}

TEST(PrivateFiles, ALockOfOursThatIsHeldStaysHeld) {
  const TempDir temp;
  ASSERT_OK_AND_ASSIGN(const auto first, try_lock(temp / "lock"));

  EXPECT_EQ(try_lock(temp / "lock").value(), std::nullopt);
  EXPECT_EQ(try_lock(temp / "lock", LockKind::shared).value(), std::nullopt);
}

TEST(PrivateFiles, ALinkInPlaceOfALockIsNotFollowed) {
  const TempDir temp;
  write_symlink(temp / "lock", "elsewhere");

  EXPECT_FALSE(try_lock(temp / "lock").has_value());

  EXPECT_FALSE(path_exists(temp / "elsewhere"));
}

TEST(PrivateFiles, ADirectoryIsMadeForItsOwnerWhateverTheUmask) {
  const TempDir temp;
  const Umask none(0);

  ASSERT_OK(make_private_directory(temp / "a/state"));

  EXPECT_EQ(mode_of(temp / "a/state"), 0700U);
}

TEST(PrivateFiles, ADirectoryThatWasOpenIsClosed) {
  const TempDir temp;
  write_file(temp / "state/pack", "of an older version");
  ASSERT_EQ(::chmod((temp / "state").c_str(), 0775), 0);

  ASSERT_OK(make_private_directory(temp / "state"));

  EXPECT_EQ(mode_of(temp / "state"), 0700U);
  EXPECT_TRUE(path_exists(temp / "state/pack"));
}

}  // namespace swarmout::test
