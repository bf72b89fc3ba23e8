#include "peer/doctor/doctor.hpp"

#include "common/base/private_files.hpp"
#include "common/fleet/peer_record.hpp"
#include "common/share/open_share.hpp"
#include "peer/doctor/checks.hpp"
#include "peer/tree/pins.hpp"
#include "peer/tree/tree_records.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <thread>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;

class DoctorTest : public testing::Test {
protected:
  DoctorTest() {
    EXPECT_THAT(init_share(share_), IsOk());
    std::filesystem::create_directories(options_.dest);
    EXPECT_THAT(make_private_directory(options_.state), IsOk());
  }

  TempDir dir_;
  ShareAddress share_{(dir_ / "share").native()};
  DoctorOptions options_{.share = share_,
                         .dest = dir_ / "dest",
                         .state = dir_ / "state",
                         .keys = dir_ / "keys",
                         .advertised = [] { return std::string("127.0.0.1"); },
                         .root = dir_.path()};
};

Finding quick(const DoctorOptions&) {
  return well("seen");
}
Finding hanging(const DoctorOptions&) {
  std::this_thread::sleep_for(std::chrono::seconds(3));
  return well("too late");
}

}  // namespace

TEST(Doctor, WhatDoesNotAnswerIsToldAndHoldsUpNothing) {
  const DoctorCheck checks[] = {{"hangs", "", hanging}, {"answers", "", quick}};
  const auto began = std::chrono::steady_clock::now();

  const auto found = examine(DoctorOptions{}, checks, std::chrono::milliseconds(100));

  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].health, Health::fail);
  EXPECT_TRUE(found[0].silent);
  EXPECT_THAT(found[0].seen, HasSubstr("no answer within 0.1 s"));
  EXPECT_EQ(found[1].seen, "seen");
  EXPECT_FALSE(found[1].silent);
}

TEST(Doctor, EveryCheckHasAnIdOfItsOwn) {
  std::set<std::string> ids;
  for (const DoctorCheck& each : doctor_checks()) {
    EXPECT_TRUE(ids.insert(each.id).second) << each.id;
    EXPECT_LE(std::string(each.id).size(), 14U) << "the table is as wide as this";
  }
}

TEST(Doctor, TheDocumentsListWhatThereIs) {
  Path root = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (!path_exists(root / "docs/operations.md") && root.has_relative_path()) {
    root = root.parent_path();
  }
  const std::string document = read_file(root / "docs/operations.md", kMiB).value();
  std::string table = "| check | what it is about |\n|---|---|\n";
  for (const DoctorCheck& each : doctor_checks()) {
    table += "| `" + std::string(each.id) + "` | " + each.about + " |\n";
  }

  EXPECT_THAT(document, HasSubstr(table));
}

TEST_F(DoctorTest, AShareThatIsThereIsWell) {
  EXPECT_EQ(check_share(options_).health, Health::ok) << check_share(options_).seen;
  EXPECT_EQ(check_clock(options_).health, Health::ok) << check_clock(options_).seen;
  const Finding primitives = check_primitives(options_);
  EXPECT_EQ(primitives.health, Health::ok) << primitives.seen;

  for (const char* const each : {"log", "hb", "peers", "stage"}) {
    EXPECT_TRUE(list_directory(dir_ / "share" / each)->empty()) << "the checks leave nothing in " << each;
  }
}

TEST_F(DoctorTest, AShareThatIsNotThereIsBrokenWithACure) {
  options_.share.url = (dir_ / "nowhere").native();

  const Finding found = check_share(options_);

  EXPECT_EQ(found.health, Health::fail);
  EXPECT_NE(found.cure, "");
}

TEST_F(DoctorTest, AShareThatThisUserCannotWriteIsBroken) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root writes everywhere";
  }
  ASSERT_EQ(::chmod((dir_ / "share/log").c_str(), 0555), 0);

  EXPECT_EQ(check_primitives(options_).health, Health::fail);

  ASSERT_EQ(::chmod((dir_ / "share/log").c_str(), 0755), 0);
}

TEST_F(DoctorTest, AnAddressThatIsNotOursIsBroken) {
  EXPECT_EQ(check_address(options_).health, Health::warn) << "loopback, for one host alone";
  options_.advertised = [] { return std::string("192.0.2.1"); };

  EXPECT_EQ(check_address(options_).health, Health::fail);
}

TEST_F(DoctorTest, ACronLineIsFoundWhereverItIs) {
  EXPECT_EQ(check_cron(options_).health, Health::warn);
  write_file(dir_ / "etc/cron.d/other",
             "# 0 * * * * swarmout swarmout seed\n0 * * * * root /usr/bin/swarmout status\n");
  EXPECT_EQ(check_cron(options_).health, Health::warn) << "neither a comment nor another verb";
  write_file(dir_ / "etc/cron.d/swarmout", "PATH=/usr/bin\n0 * * * *  swarmout  /usr/local/bin/swarmout seed\n");

  EXPECT_EQ(check_cron(options_).health, Health::ok);
}

TEST_F(DoctorTest, AnEnabledTimerIsASeedLine) {
  std::filesystem::create_directories(dir_ / "etc/systemd/system/timers.target.wants");
  EXPECT_EQ(check_cron(options_).health, Health::warn);
  std::filesystem::create_symlink("/lib/systemd/system/swarmout-seed.timer",
                                  dir_ / "etc/systemd/system/timers.target.wants/swarmout-seed.timer");

  EXPECT_EQ(check_cron(options_).health, Health::ok);
}

TEST_F(DoctorTest, WhoHoldsTheServicesLockIsTold) {
  EXPECT_EQ(check_service(options_).health, Health::warn);
  const auto lock = try_lock(options_.state / "peer.lock");
  ASSERT_TRUE(lock && *lock);

  const Finding found = check_service(options_);

  EXPECT_EQ(found.health, Health::ok) << found.seen;
  EXPECT_THAT(found.seen, HasSubstr(std::to_string(::getpid())));
}

TEST_F(DoctorTest, ActiveIsWhatThisHostMade) {
  EXPECT_EQ(check_active(options_).health, Health::warn) << "nothing is active";
  std::filesystem::create_directories(options_.dest / "releases/00000001-a");
  std::filesystem::create_symlink("releases/00000001-a", options_.dest / "current");
  const auto records = TreeRecords::open(options_.state).value();
  EXPECT_EQ(check_active(options_).health, Health::fail) << "somebody else's";
  TreeRecord record;
  record.name = "00000001-a";
  record.identity = *identity_of(options_.dest / "releases/00000001-a");
  record.whole = true;
  record.dest = options_.dest.native();
  ASSERT_OK(records.write(record));

  EXPECT_EQ(check_active(options_).health, Health::ok) << check_active(options_).seen;

  std::filesystem::remove(options_.dest / "releases/00000001-a");
  EXPECT_EQ(check_active(options_).health, Health::fail) << "gone";
}

TEST_F(DoctorTest, AStateDirectoryThatOthersMayEnterIsBroken) {
  EXPECT_EQ(check_state(options_).health, Health::ok) << check_state(options_).seen;
  ASSERT_EQ(::chmod(options_.state.c_str(), 0755), 0);

  EXPECT_EQ(check_state(options_).health, Health::fail);
  EXPECT_THAT(check_state(options_).cure, HasSubstr("chmod 0700"));
}

TEST_F(DoctorTest, DisksAreLookedAtAlsoBeforeThereIsAnything) {
  std::filesystem::remove_all(options_.dest);
  for (const auto look : {check_space_left, check_inodes_left, check_reflinks, check_leftovers}) {
    EXPECT_NE(look(options_).seen, "");
    EXPECT_THAT(look(options_).seen, Not(HasSubstr("cannot")));
  }
}

TEST_F(DoctorTest, WhatWasLeftLongAgoIsCounted) {
  EXPECT_EQ(check_leftovers(options_).health, Health::ok);
  std::filesystem::create_directories(options_.dest / ".incoming-peer-00000001-a");
  EXPECT_EQ(check_leftovers(options_).health, Health::ok) << "it may be in use";
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (options_.dest / ".incoming-peer-00000001-a").c_str(), times, 0), 0);

  EXPECT_EQ(check_leftovers(options_).health, Health::warn);
}

TEST_F(DoctorTest, ThatAHostReachesItselfSaysNothing) {
  ASSERT_OK_AND_ASSIGN(const auto share, open_share(share_));
  PeerRecord record;
  record.id = "own";
  record.host = "web01";
  record.endpoint = {"127.0.0.1", 1};
  ASSERT_OK(share->write_cell(CellKind::peer, record.id, encode(record)));
  EXPECT_THAT(check_neighbours(options_).seen, HasSubstr("no other host"));

  record.id = "second";
  ASSERT_OK(share->write_cell(CellKind::peer, record.id, encode(record)));
  const Finding on_one_host = check_neighbours(options_);
  EXPECT_EQ(on_one_host.health, Health::fail) << "nobody listens there";
  EXPECT_THAT(on_one_host.seen, HasSubstr("0 of 2"));
}

TEST_F(DoctorTest, ACopyOfAJobIsCountedWhenItIsOldAndNobodyWorksInIt) {
  const Path copy = options_.dest / ".copy-abcdef";
  std::filesystem::create_directories(copy);
  EXPECT_EQ(check_leftovers(options_).health, Health::ok);
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, copy.c_str(), times, 0), 0);
  {
    ASSERT_OK_AND_ASSIGN(const auto job, try_unpinned(copy));
    EXPECT_EQ(check_leftovers(options_).health, Health::ok) << "the job takes that long";
  }
  EXPECT_THAT(check_leftovers(options_).seen, HasSubstr("1 left copies of jobs"));
  EXPECT_EQ(check_leftovers(options_).health, Health::warn);
}

}  // namespace swarmout::test
