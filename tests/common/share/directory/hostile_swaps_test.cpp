// A share that is changed while it is looked at, mounts on it, and names, numbers and sizes that nobody of the fleet
// writes.

#include "common/share/directory/share_folder.hpp"
#include "tests/common/share/directory/hostile_share.hpp"
#include "tests/support/namespaces.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

}  // namespace

TEST_F(HostileShareTest, ADirectoryThatIsSwappedForALinkAgainAndAgainLeadsNowhere) {
  write_symlink(root_ / "swap", outside_.native());
  std::jthread swapper([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ::renameat2(AT_FDCWD, (root_ / "swap").c_str(), AT_FDCWD, (root_ / "peers").c_str(), RENAME_EXCHANGE);
    }
  });
  int written = 0;
  int refused = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while ((written < 100 || refused < 100) && std::chrono::steady_clock::now() < end) {
    (share_.write_cell(CellKind::peer, "victim", "mine") ? written : refused) += 1;
    [[maybe_unused]] const auto tidied = share_.remove_stale(kFuture);
    [[maybe_unused]] const auto removed = share_.remove_cell(CellKind::peer, "victim");
    ASSERT_EQ(harm(), "");
  }
  EXPECT_GE(written, 100) << "it was there as often";
  EXPECT_GE(refused, 100);
}

TEST_F(HostileShareTest, ACellThatIsSwappedForALinkAgainAndAgainLeadsNowhere) {
  write_symlink(root_ / "peers/swap", victim_.native());
  std::jthread swapper([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ::renameat2(AT_FDCWD, (root_ / "peers/swap").c_str(), AT_FDCWD, (root_ / "peers/a").c_str(), RENAME_EXCHANGE);
      if (!path_exists(root_ / "peers/swap")) {
        [[maybe_unused]] const int made = ::symlink(victim_.c_str(), (root_ / "peers/swap").c_str());
      }
    }
  });
  for (int i = 0; i < 2000; ++i) {
    [[maybe_unused]] const auto written = share_.write_cell(CellKind::peer, "a", "mine");
    if (const auto read = share_.read_cell(CellKind::peer, "a"); !read) {
      EXPECT_THAT(read.error().message, Not(HasSubstr("hash-of-a-password")));
    }
  }
}

TEST_F(HostileShareTest, AMountOnTheShareIsNeitherWrittenNorEmptied) {
  const auto said = in_namespaces(CLONE_NEWNS, [&]() -> std::string {
    if (::mount(outside_.c_str(), (root_ / "peers").c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return "cannot mount";
    }
    const auto tidied = share_.remove_stale(kFuture);
    const auto written = share_.write_cell(CellKind::peer, "victim", "mine");
    return harm() + (tidied ? "tidied " : tidied.error().message) + "; " + (written ? "written" : "not written");
  });
  if (!said) {
    GTEST_SKIP() << "no mount namespaces on this host";
  }
  EXPECT_EQ(*said, (root_ / "peers").native() + " is no directory of the share, but another mount; not written");
}

TEST_F(HostileShareTest, OnAKernelWithoutOpenat2ItIsTheSame) {
  write_symlink(root_ / "peers/a", victim_.native());
  std::filesystem::create_hard_link(victim_, root_ / "peers/b");
  ASSERT_EQ(::mkfifo((root_ / "peers/c").c_str(), 0666), 0);
  const auto said = in_namespaces(CLONE_NEWNS, [&]() -> std::string {
    const sock_filter no_openat2[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{4, const_cast<sock_filter*>(no_openat2)};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
      return "cannot filter";
    }
    std::string done;
    for (const char* const name : {"a", "b", "c"}) {
      const auto read = share_.read_cell(CellKind::peer, name);
      const auto written = share_.write_cell(CellKind::peer, name, "mine");
      done += fmt::format("{}{} ", read ? "read" : "", written ? "written" : written.error().message);
    }
    std::filesystem::rename(root_ / "hb", root_ / "away");
    std::filesystem::create_directory_symlink(outside_, root_ / "hb");
    done += share_.write_cell(CellKind::heartbeat, "victim", "mine") ? "through a link " : "";
    std::filesystem::rename(root_ / "stage", root_ / "gone");
    std::filesystem::create_directory(root_ / "stage");
    if (::mount(outside_.c_str(), (root_ / "stage").c_str(), nullptr, MS_BIND, nullptr) != 0) {
      return "cannot mount";
    }
    done += share_.remove_cell(CellKind::stage, "victim") ? "into a mount " : "";
    return done + (share_.put(Position{1}, "mine").outcome == PutOutcome::won ? "won" : "not won") + harm();
  });
  if (!said) {
    GTEST_SKIP() << "no mount namespaces on this host";
  }
  EXPECT_EQ(*said, "written written written won");
}

// Names and numbers.

TEST_F(HostileShareTest, ANameThatLeadsOutIsRefused) {
  for (const char* const name : {"../../outside/victim", "..", ".", "", "a/b", ".t-0"}) {
    EXPECT_THAT(share_.read_cell(CellKind::heartbeat, name), FailsWith(ErrorCode::refused)) << name;
    EXPECT_THAT(share_.write_cell(CellKind::stage, name, "x"), FailsWith(ErrorCode::refused)) << name;
    EXPECT_THAT(share_.create_cell(CellKind::stage, name, "x"), FailsWith(ErrorCode::refused)) << name;
    EXPECT_THAT(share_.remove_cell(CellKind::peer, name), FailsWith(ErrorCode::refused)) << name;
    EXPECT_THAT(share_.read_blob(name, 10), FailsWith(ErrorCode::refused)) << name;
    EXPECT_THAT(share_.write_blob(name, "x"), FailsWith(ErrorCode::refused)) << name;
    EXPECT_THAT(share_.remove_blob(name), FailsWith(ErrorCode::refused)) << name;
  }
}

TEST_F(HostileShareTest, ANumberAfterWhichThereIsNoneIsNoEntry) {
  write_file(root_ / "log/18446744073709551615", "entry");
  write_file(root_ / "log/9223372036854775807", "entry");
  write_file(root_ / "log/18446744073709551616", "entry");

  EXPECT_EQ(share_.tail({}).value_or(Position{999}), Position{});
  EXPECT_EQ(share_.put(Position{1}, "mine").outcome, PutOutcome::won);
}

TEST_F(HostileShareTest, ASparseFileOfTerabytesIsRefusedUnread) {
  for (const char* const name : {"log/00000001", "torrents/a", "FORMAT"}) {
    write_file(root_ / name, "x");
    std::filesystem::resize_file(root_ / name, std::uintmax_t{1} << 42);
  }

  EXPECT_THAT(share_.read(Position{1}), FailsWith(ErrorCode::refused));
  EXPECT_THAT(share_.read_blob("a", kMaxBlob), FailsWith(ErrorCode::refused));
  EXPECT_THAT(share_.cluster(), FailsWith(ErrorCode::refused));
}

TEST_F(HostileShareTest, AFolderWithMoreNamesThanItMayHaveIsNotListed) {
  for (int i = 0; i < 4; ++i) {
    write_file(root_ / "peers" / std::to_string(i), "x");
  }
  const ShareFolder peers = ShareFolder::open(root_, "peers").value();
  int seen = 0;

  EXPECT_THAT(peers.each(4, [&](const char*) { ++seen; }), IsOk());
  EXPECT_EQ(seen, 4);
  EXPECT_THAT(peers.each(3, [&](const char*) {}), FailsWith(ErrorCode::refused, "peers has more than 3"));
}

// Nothing is quoted.

TEST_F(HostileShareTest, NoWordOfWhatIsReadIsInAnError) {
  for (const std::string& text : {kSecret + "\n", "swarmout-share 1\n" + kSecret + "\n",
                                  "swarmout-share 1\ncluster ../x\nprimitive " + kSecret + "\n",
                                  "swarmout-share 1\n" + kSecret + " a\n" + kSecret + " b\n",
                                  "swarmout-share 1\ncluster " + std::string(100, 'x') + kSecret + "\n"}) {
    write_file(root_ / "FORMAT", text);
    expect_no_word_of_it(open_share(root_.native()));
    expect_no_word_of_it(share_.cluster());
  }
}

}  // namespace swarmout::test
