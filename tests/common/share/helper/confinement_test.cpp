// What the process that touches the share has given up.

#include "common/share/helper/confinement.hpp"

#include "common/base/remove_tree.hpp"
#include "common/share/helper/remote_share.hpp"
#include "common/share/helper/share_call.pb.h"
#include "common/share/open_share.hpp"
#include "tests/support/namespaces.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sstream>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using wire::ShareCall;
using wire::ShareReply;

bool has_landlock() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/// What `work` says in a process of its own.
std::string in_a_child(const std::function<std::string()>& work) {
  return in_namespaces(0, work).value_or("no namespaces");
}

std::string outcome_of(int result) {
  const int error = errno;
  return result >= 0 ? "yes " : error == EACCES ? "no " : fmt::format("errno {} ", error);
}

class ConfinementTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_THAT(init_share(root_.native()), IsOk()); }

  ShareReply ask(ShareHelper& helper, ShareCall::Kind kind, const Path& name) {
    ShareCall call;
    call.set_kind(kind);
    call.set_name(name.native());
    ShareReply reply;
    const auto bytes = helper.exchange(call.SerializeAsString());
    EXPECT_THAT(bytes, IsOk());
    EXPECT_TRUE(bytes && reply.ParseFromString(*bytes));
    return reply;
  }

  TempDir temp_;
  Path root_ = temp_ / "share";
};

/// Of the helper of this process: a file of /proc/PID.
std::string about_helper(const char* file) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::istringstream children(read_file(task.path() / "children", 64 * kKiB).value_or(""));
    int pid = 0;
    if (children >> pid) {
      return read_file(Path("/proc") / std::to_string(pid) / file, kMiB).value_or("");
    }
  }
  return "there is no helper";
}

}  // namespace

TEST_F(ConfinementTest, NothingOutsideOfTheShareCanBeReadWrittenOrMade) {
  if (!has_landlock()) {
    GTEST_SKIP() << "this kernel has no Landlock";
  }
  write_file(temp_ / "outside", "secret");
  const auto said = in_a_child([&] {
    const Fd root(::open(root_.c_str(), O_PATH | O_DIRECTORY));
    give_up_privileges();
    if (!confine_to(root.get())) {
      return std::string("not confined");
    }
    std::string done;
    for (const auto& [path, flags] : {std::pair(temp_ / "outside", O_RDONLY),
                                      {temp_ / "outside", O_WRONLY},
                                      {temp_ / "new", O_WRONLY | O_CREAT},
                                      {Path("/etc/passwd"), O_RDONLY},
                                      {temp_.path(), O_RDONLY | O_DIRECTORY}}) {
      done += outcome_of(::open(path.c_str(), flags, 0644));
    }
    done += outcome_of(::unlink((temp_ / "outside").c_str()));
    done += outcome_of(::symlink("x", (root_ / "link").c_str()));
    done += "| ";
    done += outcome_of(::open((root_ / "FORMAT").c_str(), O_RDONLY));
    done += outcome_of(::open((root_ / "peers/new").c_str(), O_WRONLY | O_CREAT, 0644));
    done += outcome_of(::unlink((root_ / "peers/new").c_str()));
    return done;
  });

  EXPECT_EQ(said, "no no no no no no no | yes yes yes ");
}

TEST_F(ConfinementTest, AHelperThatIsToldToMakeAnotherShareDoesNot) {
  ShareHelper helper(swarmout_program(), root_, std::chrono::seconds(30), {});
  ASSERT_OK(helper.start());
  ASSERT_EQ(ask(helper, ShareCall::OPEN, root_).error(), 0);

  EXPECT_NE(ask(helper, ShareCall::INIT, temp_ / "other").error(), 0);
  EXPECT_NE(ask(helper, ShareCall::OPEN, temp_.path()).error(), 0);

  EXPECT_FALSE(path_exists(temp_ / "other"));
  EXPECT_EQ(ask(helper, ShareCall::OPEN, root_).error(), 0) << "it works on with its own";
}

TEST_F(ConfinementTest, AHelperThatIsGivenANameThatLeadsOutRefuses) {
  ShareHelper helper(swarmout_program(), root_, std::chrono::seconds(30), {});
  ASSERT_OK(helper.start());
  ASSERT_EQ(ask(helper, ShareCall::OPEN, root_).error(), 0);
  write_file(temp_ / "outside", "secret");

  for (const auto kind : {ShareCall::READ_BLOB, ShareCall::READ_CELL, ShareCall::REMOVE_BLOB, ShareCall::WRITE_CELL}) {
    EXPECT_EQ(ask(helper, kind, "../../outside").error(), static_cast<int>(ErrorCode::refused));
  }
  EXPECT_EQ(read_file(temp_ / "outside", 100).value_or(""), "secret");
}

TEST_F(ConfinementTest, AHelperHasNoSecretsNoPrivilegesAndNoOtherDescriptors) {
  ::setenv("SWARMOUT_ETCD_PASSWORD", "geheim", 1);
  const Fd other(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ASSERT_OK_AND_ASSIGN(const auto share, RemoteShare::open(swarmout_program(), root_, std::chrono::seconds(30), {}));
  ::unsetenv("SWARMOUT_ETCD_PASSWORD");

  const std::string status = about_helper("status");
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(status,
              testing::AnyOf(HasSubstr("CapEff:\t0000000000000002\n"), HasSubstr("CapEff:\t0000000000000000\n")));
  EXPECT_THAT(about_helper("limits"), testing::ContainsRegex("Max core file size +0 +0"));
  if (::geteuid() == 0) {
    EXPECT_EQ(about_helper("environ"), "");
  }
  struct stat info {};
  ASSERT_EQ(::stat("/proc/self", &info), 0);
  EXPECT_EQ(about_helper("fd/3"), "");
}

TEST_F(ConfinementTest, AShareThatIsMountedAnewIsFoundAgain) {
  const auto said = in_namespaces(CLONE_NEWNS, [&]() -> std::string {
    const Path point = temp_ / "point";
    std::filesystem::create_directory(point);
    const auto mount = [&] { return ::mount(root_.c_str(), point.c_str(), nullptr, MS_BIND, nullptr) == 0; };
    if (!mount()) {
      return "cannot mount";
    }
    auto share = RemoteShare::open(swarmout_program(), point, std::chrono::seconds(30), {});
    if (!share || !(*share)->write_cell(CellKind::peer, "a", "x")) {
      return "cannot write";
    }
    if (::umount2(point.c_str(), 0) != 0) {
      return "it keeps the mount busy";
    }
    const auto away = (*share)->write_cell(CellKind::peer, "b", "x");
    if (!mount()) {
      return "cannot mount again";
    }
    const auto back = (*share)->write_cell(CellKind::peer, "c", "x");
    return fmt::format("{}, {}", away ? "written" : fmt::format("{}", static_cast<int>(away.error().code)),
                       back ? "written" : to_string(back.error()));
  });
  if (!said) {
    GTEST_SKIP() << "no mount namespaces on this host";
  }
  EXPECT_EQ(*said, "69, written");
  EXPECT_FALSE(path_exists(root_ / "peers/b"));
  EXPECT_TRUE(path_exists(root_ / "peers/c"));
}

TEST_F(ConfinementTest, AFileSystemThatIsMountedAnewIsFoundAgain) {
  const auto said = in_namespaces(CLONE_NEWNS, [&]() -> std::string {
    const Path point = temp_ / "point";
    std::filesystem::create_directory(point);
    const auto mount = [&] { return ::mount("none", point.c_str(), "tmpfs", 0, nullptr) == 0; };
    if (!mount() || !init_share(point.native())) {
      return "cannot mount";
    }
    auto share = RemoteShare::open(swarmout_program(), point, std::chrono::seconds(30), {});
    if (!share || ::umount2(point.c_str(), 0) != 0 || !mount() || !init_share(point.native())) {
      return "it keeps the file system busy";
    }
    const auto back = (*share)->write_cell(CellKind::peer, "c", "x");
    return back ? "written" : to_string(back.error());
  });
  if (!said) {
    GTEST_SKIP() << "no mount namespaces on this host";
  }
  EXPECT_EQ(*said, "written");
}

}  // namespace swarmout::test
