// Disks that are full, or whose bytes are not what they were.

#include "tests/common/swarm/swarm_hosts.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <cstring>

namespace swarmout::test {

namespace {

using SwarmTroubleTest = SwarmTest;

/// A file system of a size of its own; gone when the test is.
class SmallDisk {
public:
  SmallDisk(Path where, const std::string& size) : where_(std::move(where)) {
    mounted_ = ::mount("tmpfs", where_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
    error_ = mounted_ ? "" : std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) {
      EXPECT_EQ(::umount2(where_.c_str(), MNT_DETACH), 0) << where_;
    }
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& error() const { return error_; }

private:
  Path where_;
  bool mounted_ = false;
  std::string error_;
};

void flip_a_bit(const Path& file, Bytes offset) {
  std::string bytes = read_file(file, 64 * kMiB).value_or("");
  ASSERT_GT(bytes.size(), offset);
  bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
  write_file(file, bytes);
}

}  // namespace

TEST_F(SwarmTroubleTest, DamageOnTheSeedersDiskIsDetectedAndNeverAnnouncedAsArrived) {
  Host seeder = make_seeder();
  flip_a_bit(seeder.directory / kTorrentRoot / large_name_, kMiB);
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.count<BadData>() > 0; }));

  EXPECT_THAT(clone.arrived(), testing::Not(testing::Contains(large_name_)));
  EXPECT_FALSE(clone.has_all());
  EXPECT_FALSE(clone.session->status(torrent_.info_hash).complete);
}

TEST_F(SwarmTroubleTest, TheHostThatSentBadDataIsNamed) {
  Host seeder = make_seeder();
  flip_a_bit(seeder.directory / kTorrentRoot / large_name_, kMiB);
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.count<BadData>() > 0; }));

  for (const SwarmEvent& each : clone.events) {
    if (const auto* bad = std::get_if<BadData>(&each)) {
      EXPECT_EQ(bad->from, seeder.session->endpoint());
      EXPECT_FALSE(bad->what.empty());
    }
  }
}

TEST_F(SwarmTroubleTest, AFullDiskIsReportedOnceAsOneThatCannotBeWritten) {
  Host clone = make_host("clone");
  const SmallDisk disk(clone.directory, "1m");
  if (!disk.mounted()) {
    GTEST_SKIP() << "cannot mount a tmpfs: " << disk.error();
  }
  std::filesystem::create_directories(clone.directory / kTorrentRoot);
  Host seeder = make_seeder();
  add(clone, {}, {seeder.session->endpoint()});

  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.count<SwarmFailed>() > 0; }));

  for (const SwarmEvent& each : clone.events) {
    if (const auto* failed = std::get_if<SwarmFailed>(&each)) {
      EXPECT_EQ(failed->info_hash, torrent_.info_hash);
      EXPECT_EQ(failed->error.code, ErrorCode::cannot_write) << to_string(failed->error);
      EXPECT_THAT(to_string(failed->error), testing::HasSubstr("No space left"));
    }
  }
  EXPECT_EQ(clone.count<SwarmFailed>(), 1U);
  EXPECT_FALSE(clone.has_all());
  clone.session.reset();  // before its disk
}

TEST_F(SwarmTroubleTest, ADirectoryInTheWayIsReported) {
  Host seeder = make_seeder();
  Host clone = make_host("clone");
  std::filesystem::create_directories(clone.directory / kTorrentRoot / large_name_);
  add(clone, {}, {seeder.session->endpoint()});

  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return clone.count<SwarmFailed>() > 0; }));

  EXPECT_THAT(clone.arrived(), testing::Not(testing::Contains(large_name_)));
  EXPECT_FALSE(clone.has_all());
}

TEST_F(SwarmTroubleTest, AFileThatIsMissingOnTheSeedersDiskNeverArrives) {
  Host seeder = make_seeder();
  ASSERT_OK(remove_tree(seeder.directory / kTorrentRoot / large_name_));
  Host clone = make_clone("clone", {seeder.session->endpoint()});

  ASSERT_TRUE(poll_until({&seeder, &clone}, [&] { return seeder.count<SwarmFailed>() > 0; }));

  EXPECT_THAT(clone.arrived(), testing::Not(testing::Contains(large_name_)));
  EXPECT_FALSE(clone.has_all());
}

}  // namespace swarmout::test
