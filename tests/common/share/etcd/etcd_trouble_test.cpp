// Members that die, hang and come back; users, certificates and quotas.

#include "common/share/etcd/base64.hpp"
#include "common/share/etcd/etcd_kv.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <thread>

namespace swarmout::test {

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kMembers = 3;

class EtcdTroubleCluster : public testing::Test {
protected:
  void SetUp() override {
    settings_.call_timeout = std::chrono::milliseconds(500);
    settings_.patience = std::chrono::milliseconds(1000);
    ASSERT_TRUE(wait_for([&] { return EtcdShare::init(settings_).has_value(); }));
  }
  EtcdShare open() const { return EtcdShare(settings_, system_clock(), std::chrono::milliseconds(1000)); }

  EtcdCluster etcd_{kMembers};
  EtcdSettings settings_ = etcd_.fresh_settings();
};

/// Many writers race for entry after entry while `trouble` happens. Whoever was told that it won must be right.
void race(const std::function<EtcdShare()>& open, const std::function<void()>& trouble) {
  constexpr std::size_t kWriters = 4;
  std::atomic<bool> over{false};
  std::vector<std::vector<std::uint64_t>> won(kWriters);
  {
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] {
        EtcdShare share = open();
        for (std::uint64_t number = 1; !over;) {
          const PutResult put = share.put(Position{number}, fmt::format("{} of writer {}", number, i));
          if (put.outcome == PutOutcome::unknown) {
            EXPECT_EQ(put.error.code, ErrorCode::temporary) << to_string(put.error);
            continue;  // the same again
          }
          if (put.outcome == PutOutcome::won) {
            won[i].push_back(number);
          }
          ++number;
        }
      });
    }
    trouble();
    over = true;
  }
  EtcdShare share = open();
  std::uint64_t wins = 0;
  for (std::size_t i = 0; i < kWriters; ++i) {
    for (const std::uint64_t number : won[i]) {
      Result<std::optional<std::string>> found = std::nullopt;
      ASSERT_TRUE(wait_for([&] { return (found = share.read(Position{number})).has_value(); }));
      EXPECT_EQ(*found, fmt::format("{} of writer {}", number, i));
      ++wins;
    }
  }
  EXPECT_GT(wins, 0U);
}

std::size_t one_of_the_others(std::size_t member) {
  return (member + 1) % kMembers;
}

}  // namespace

TEST_F(EtcdTroubleCluster, GoesOnWhenAMemberIsKilled) {
  EtcdShare share = open();
  for (std::uint64_t i = 1; i <= kMembers; ++i) {
    etcd_.kill(i - 1);
    ASSERT_TRUE(wait_for([&] { return share.put(Position{i}, "entry").outcome == PutOutcome::won; }));
    ASSERT_TRUE(wait_for([&] { return share.tail({}).value_or(Position{}).value == i; }));
    etcd_.restart(i - 1);
    ASSERT_TRUE(wait_for([&] { return etcd_.healthy(); }));
  }
}

TEST_F(EtcdTroubleCluster, NoFalseWinsWhileLeadersAreStoppedAndGoOn) {
  race([&] { return open(); },
       [&] {
         for (int i = 0; i < 2; ++i) {
           const std::size_t stopped = etcd_.leader();
           EtcdShare share = open();
           etcd_.signal(stopped, SIGSTOP);
           EXPECT_TRUE(wait_for([&] { return share.tail({}).has_value(); })) << "two of three are enough";
           etcd_.signal(stopped, SIGCONT);
           EXPECT_TRUE(wait_for([&] { return etcd_.healthy(); }));
         }
       });
}

TEST_F(EtcdTroubleCluster, NoFalseWinsWhileMembersAreKilledAndComeBack) {
  race([&] { return open(); },
       [&] {
         for (int i = 0; i < 2; ++i) {
           const std::size_t killed = i == 0 ? etcd_.leader() : one_of_the_others(etcd_.leader());
           etcd_.kill(killed);
           etcd_.restart(killed);
           EXPECT_TRUE(wait_for([&] { return etcd_.healthy(); }));
         }
       });
}

TEST_F(EtcdTroubleCluster, WithoutAMajorityEverythingIsTemporary) {
  EtcdShare share = open();
  ASSERT_EQ(share.put(Position{1}, "entry").outcome, PutOutcome::won);
  etcd_.kill(0);
  etcd_.kill(1);

  EXPECT_THAT(share.tail({}), FailsWith(ErrorCode::temporary)) << "never an old value from the member that is left";
  EXPECT_THAT(share.write_cell(CellKind::peer, "a", "value"), FailsWith(ErrorCode::temporary));
  EXPECT_EQ(share.put(Position{2}, "entry").outcome, PutOutcome::unknown);
}

TEST_F(EtcdTroubleCluster, IsTemporaryWhenAllAreDownAndGoesOnWhenTheyAreBack) {
  EtcdShare share = open();
  ASSERT_EQ(share.put(Position{1}, "entry").outcome, PutOutcome::won);
  for (std::size_t i = 0; i < kMembers; ++i) {
    etcd_.kill(i);
  }

  const PutResult put = share.put(Position{2}, "second");
  EXPECT_EQ(put.outcome, PutOutcome::unknown);
  EXPECT_EQ(put.error.code, ErrorCode::temporary);
  const auto tail = share.tail({});
  ASSERT_THAT(tail, FailsWith(ErrorCode::temporary));
  for (std::size_t i = 0; i < kMembers; ++i) {
    EXPECT_THAT(tail.error().message, HasSubstr(etcd_.endpoint(i)));
    etcd_.restart(i);
  }

  EXPECT_TRUE(wait_for([&] { return share.put(Position{2}, "second").outcome == PutOutcome::won; }));
  EXPECT_EQ(share.read(Position{1}).value_or(std::nullopt), "entry");
}

// Space.

TEST(EtcdTroubleQuota, AFullEtcdCannotBeWrittenAndSaysWhatToDo) {
  EtcdCluster etcd(1, {"--quota-backend-bytes", "4000000"});
  EtcdSettings settings = etcd.fresh_settings();
  ASSERT_OK(EtcdShare::init(settings));
  EtcdShare share(settings);
  Result<void> written;
  for (int i = 0; written && i < 20; ++i) {
    written = share.write_blob(std::to_string(i), noise(kMiB, static_cast<std::uint32_t>(i)));
  }

  EXPECT_THAT(written, FailsWith(ErrorCode::cannot_write, "defragment"));
  const PutResult put = share.put(Position{1}, "entry");
  EXPECT_EQ(put.outcome, PutOutcome::unknown);
  EXPECT_EQ(put.error.code, ErrorCode::cannot_write);
  EXPECT_EQ(share.tail({}).value_or(Position{9}).value, 0U) << "reading goes on";
}

// Users.

class EtcdTroubleAuth : public testing::Test {
protected:
  void SetUp() override {
    settings_.patience = std::chrono::milliseconds(0);
    const auto set_up = [&](const std::string& path, const nlohmann::json& request) {
      EXPECT_TRUE(etcd_.call("/v3/auth/" + path, request).is_object()) << path;
    };
    const std::string first = settings_.prefix + "/";
    set_up("user/add", {{"name", "root"}, {"password", "root"}});
    set_up("user/grant", {{"user", "root"}, {"role", "root"}});
    set_up("role/add", {{"name", "fleet"}});
    set_up("role/grant",
           {{"name", "fleet"},
            {"perm",
             {{"permType", "READWRITE"}, {"key", to_base64(first)}, {"range_end", to_base64(end_of_prefix(first))}}}});
    set_up("user/add", {{"name", "swarmout"}, {"password", "correct horse"}});
    set_up("user/grant", {{"user", "swarmout"}, {"role", "fleet"}});
    set_up("enable", nlohmann::json::object());
    settings_.user = "swarmout";
    settings_.password = "correct horse";
  }

  EtcdCluster etcd_;
  EtcdSettings settings_ = etcd_.fresh_settings();
};

TEST_F(EtcdTroubleAuth, AUserWithAPasswordHasAllThatIsNeeded) {
  ASSERT_OK(EtcdShare::init(settings_));
  EtcdShare share(settings_);

  EXPECT_EQ(share.put(Position{1}, "entry").outcome, PutOutcome::won);
  EXPECT_EQ(share.tail({}).value_or(Position{}).value, 1U);
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    EXPECT_THAT(share.write_cell(kind, "a", "value"), IsOk());
    EXPECT_THAT(share.list_cells(kind), IsOk());
    EXPECT_THAT(share.remove_cell(kind, "a"), IsOk());
  }
  EXPECT_THAT(share.write_blob("a", "content"), IsOk());
  EXPECT_EQ(share.read_blob("a", kMaxBlob).value_or(std::nullopt), "content");
  EXPECT_THAT(share.remove_blob("a"), IsOk());
}

TEST_F(EtcdTroubleAuth, ATokenThatIsNoLongerValidIsRenewed) {
  ASSERT_OK(EtcdShare::init(settings_));
  EtcdShare share(settings_);
  ASSERT_EQ(share.put(Position{1}, "entry").outcome, PutOutcome::won);
  EtcdSettings root = settings_;
  root.user = root.password = "root";
  // that ends all tokens of a user; so does time
  ASSERT_OK(EtcdClient(root, system_clock())
                .call("/v3/auth/user/changepw", {{"name", "swarmout"}, {"password", "correct horse"}}));

  EXPECT_EQ(share.put(Position{2}, "entry").outcome, PutOutcome::won);
}

TEST_F(EtcdTroubleAuth, AWrongPasswordIsSaidWithoutThePassword) {
  settings_.password = "wrong horse";

  const auto refused = EtcdShare::open(settings_);

  ASSERT_THAT(refused, FailsWith(ErrorCode::unavailable, "check --etcd-user"));
  EXPECT_THAT(to_string(refused.error()), Not(HasSubstr("horse")));
}

TEST_F(EtcdTroubleAuth, WithoutAUserItIsSaidThatOneIsNeeded) {
  settings_.user.clear();
  settings_.password.clear();

  EXPECT_THAT(EtcdShare::open(settings_), FailsWith(ErrorCode::unavailable, "--etcd-user"));
}

TEST_F(EtcdTroubleAuth, OutsideItsPrefixAUserIsDenied) {
  settings_.prefix = "/elsewhere";

  EXPECT_THAT(EtcdShare::init(settings_), FailsWith(ErrorCode::cannot_write, "readwrite"));
}

TEST(EtcdTroubleUser, AUserForAnEtcdWithoutUsersIsNoError) {
  EtcdSettings settings = common_etcd().fresh_settings();
  settings.user = "swarmout";
  settings.password = "not needed";

  EXPECT_THAT(EtcdShare::init(settings), IsOk());
}

// Certificates.

class EtcdTroubleTls : public testing::Test {
protected:
  void openssl(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv{"openssl"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished made = run({argv, {}}, temp_ / "openssl");
    ASSERT_EQ(made.status, 0) << made.err;
  }
  void make_authority(const std::string& name) {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=" + name, "-keyout", temp_ / (name + ".key"), "-out", temp_ / (name + ".pem")});
  }
  void SetUp() override {
    make_authority("authority");
    make_authority("stranger");
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=etcd", "-keyout",
             temp_ / "etcd.key", "-out", temp_ / "etcd.csr"});
    write_file(temp_ / "names", "subjectAltName=IP:127.0.0.1\n");
    openssl({"x509", "-req", "-in", temp_ / "etcd.csr", "-CA", temp_ / "authority.pem", "-CAkey",
             temp_ / "authority.key", "-CAcreateserial", "-days", "2", "-extfile", temp_ / "names", "-out",
             temp_ / "etcd.pem"});
    etcd_.emplace(1, std::vector<std::string>{},
                  EtcdTls{temp_ / "etcd.pem", temp_ / "etcd.key", temp_ / "authority.pem"});
    settings_ = etcd_->fresh_settings();
    settings_.patience = std::chrono::milliseconds(0);
  }

  TempDir temp_;
  std::optional<EtcdCluster> etcd_;
  EtcdSettings settings_;
};

TEST_F(EtcdTroubleTls, ACertificateOfTheGivenAuthorityIsTrusted) {
  settings_.ca = temp_ / "authority.pem";

  ASSERT_OK(EtcdShare::init(settings_));

  EXPECT_EQ(EtcdShare(settings_).put(Position{1}, "entry").outcome, PutOutcome::won);
}

TEST_F(EtcdTroubleTls, ACertificateOfAnotherAuthorityIsNot) {
  settings_.ca = temp_ / "stranger.pem";

  EXPECT_THAT(EtcdShare::init(settings_), FailsWith(ErrorCode::unavailable, "--etcd-ca"));
}

TEST_F(EtcdTroubleTls, NorIsOneThatTheSystemDoesNotKnow) {
  EXPECT_THAT(EtcdShare::init(settings_), FailsWith(ErrorCode::unavailable, "--etcd-ca"));
}

TEST_F(EtcdTroubleTls, NorIsAFileWithoutCertificates) {
  settings_.ca = temp_ / "names";

  EXPECT_THAT(EtcdShare::init(settings_), FailsWith(ErrorCode::unavailable, "--etcd-ca"));
}

TEST_F(EtcdTroubleTls, WithoutTlsItsEtcdCannotBeReached) {
  settings_.tls = false;

  EXPECT_THAT(EtcdShare::init(settings_), FailsWith(ErrorCode::temporary, etcd_->endpoint(0)));
}

}  // namespace swarmout::test
