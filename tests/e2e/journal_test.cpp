// What a run of `seed` leaves in the journal: a socket of the test stands at /dev/log.

#include "tests/e2e/fleet.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

namespace swarmout::test {

namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A /dev of its own for one process, in which /dev/log leads to $0/log.
constexpr const char* kOwnDev = R"(
mount --rbind /dev "$0/dev"
mount -t tmpfs none /dev
for name in null zero random urandom; do : >/dev/$name; mount --bind "$0/dev/$name" /dev/$name; done
ln -s "$0/log" /dev/log
exec "$@")";

class Journal : public testing::Test {
protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can put something in the place of /dev/log";
    }
    write_file(fleet_.scratch("source") / "file", "content");
    std::filesystem::create_directory(fleet_.scratch("dev"));
    socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = fleet_.scratch("log").native();
    ASSERT_LT(path.size(), sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  int seed(const Fleet::Options& more = {}) {
    Fleet::Options options{"--slot", "s", "--linger", "0s"};
    options.insert(options.end(), more.begin(), more.end());
    const Path dir = fleet_.scratch("log").parent_path();
    return fleet_
        .seed_under({"unshare", "--mount", "sh", "-ec", kOwnDev, dir}, 1, "dir:" + fleet_.scratch("source").native(),
                    options)
        .wait();
  }
  /// What has come since the last call.
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    std::array<char, 8192> buffer{};
    for (ssize_t got = 0; (got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0)) > 0;) {
      lines.emplace_back(buffer.data(), static_cast<std::size_t>(got));
    }
    return lines;
  }

  Fleet fleet_;
  Fd socket_;
};

}  // namespace

TEST_F(Journal, GetsOneLineOfEachRunWhateverCameOfIt) {
  EXPECT_EQ(seed(), 0);
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("swarmout["), HasSubstr("published "), HasSubstr("as release 2"))));
  EXPECT_EQ(seed(), 0);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("slot s was published by")));
}

TEST_F(Journal, GetsATroubleOfTheShareEachTimeAlsoWhenCronIsToldNoMore) {
  std::filesystem::rename(fleet_.share(), fleet_.scratch("away"));
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(seed(), 69);
    EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("<27>"), HasSubstr("not mounted")))) << "an error of a daemon";
  }
}

}  // namespace swarmout::test
