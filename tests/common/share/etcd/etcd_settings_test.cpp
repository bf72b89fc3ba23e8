#include "common/share/etcd/etcd_settings.hpp"

#include "common/base/endpoint.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Without the password that the environment of the tests may have.
class SettingsOfEtcd : public testing::Test {
protected:
  SettingsOfEtcd() { ::unsetenv("SWARMOUT_ETCD_PASSWORD"); }
  ~SettingsOfEtcd() override { ::unsetenv("SWARMOUT_ETCD_PASSWORD"); }

  Path password_file(const std::string& content, unsigned mode) const {
    write_file(temp_ / "password", content);
    EXPECT_EQ(::chmod((temp_ / "password").c_str(), mode), 0);
    return temp_ / "password";
  }

  TempDir temp_;
  ShareAddress address_{"etcd://a:1/fleet"};
};

}  // namespace

TEST(UrlOfEtcd, HasEndpointsAndAPrefix) {
  ASSERT_OK_AND_ASSIGN(const auto settings,
                       parse_etcd_url("etcd://a.example:2379,10.0.0.7:4001,[2001:db8::1]:2379/fleet"));

  EXPECT_THAT(settings.endpoints, ElementsAre("a.example:2379", "10.0.0.7:4001", "[2001:db8::1]:2379"));
  EXPECT_EQ(settings.prefix, "/fleet");
  EXPECT_FALSE(settings.tls);
}

TEST(UrlOfEtcd, WithAnSIsForTls) {
  ASSERT_OK_AND_ASSIGN(const auto settings, parse_etcd_url("etcds://a:1/fleet"));

  EXPECT_TRUE(settings.tls);
  EXPECT_EQ(settings.url(), "etcds://a:1/fleet");
}

TEST(UrlOfEtcd, MayLeaveThePortsOut) {
  ASSERT_OK_AND_ASSIGN(const auto settings, parse_etcd_url("etcd://a,[::1]/fleet"));

  EXPECT_THAT(settings.endpoints, ElementsAre("a:2379", "[::1]:2379"));
}

TEST(UrlOfEtcd, MayHaveADeepPrefixAndASlashAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto settings, parse_etcd_url("etcd://a:1/team/fleet_1.x/"));

  EXPECT_EQ(settings.prefix, "/team/fleet_1.x");
}

TEST(UrlOfEtcd, IsRefusedIfItMakesNoSense) {
  for (const char* const url :
       {"etcd://",         "etcd:///fleet",     "etcd://a:1",       "etcd://a:1/",       "etcd://a:1//",
        "etcd://a:1/x//y", "etcd://a:0/x",      "etcd://a:65536/x", "etcd://a:/x",       "etcd://a:1,/x",
        "etcd://,a:1/x",   "etcd://a:1:2/x",    "etcd://a b:1/x",   "etcd://::1:2379/x", "etcd://[::1/x",
        "etcd://[]/x",     "etcd://[::1]x:1/x", "etcd://a:1/x?y=z", "etcd://-a:1/x",     "etcd://a:1/x#y",
        "etcd://a:1/ü"}) {
    EXPECT_THAT(parse_etcd_url(url), FailsWith(ErrorCode::usage)) << url;
  }
}

TEST(UrlOfEtcd, WithAPasswordIsRefusedWithoutRepeatingIt) {
  const auto refused = parse_etcd_url("etcd://root:secret@a:1/fleet");

  ASSERT_THAT(refused, FailsWith(ErrorCode::usage, "--etcd-password-file"));
  EXPECT_THAT(to_string(refused.error()), Not(HasSubstr("secret")));
}

TEST(UrlOfEtcd, NamesItsHosts) {
  EXPECT_EQ(host_of("a.example:2379"), "a.example");
  EXPECT_EQ(host_of("[2001:db8::1]:2379"), "2001:db8::1");
}

TEST(HostOfAUrl, IsResolvedToANumericAddress) {
  EXPECT_EQ(resolve("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(resolve("2001:db8::7"), "2001:db8::7");
  EXPECT_THAT(resolve("localhost"), testing::AnyOf("127.0.0.1", "::1"));
  EXPECT_EQ(resolve("host.invalid"), "");
}

TEST_F(SettingsOfEtcd, NeedNoUser) {
  ASSERT_OK_AND_ASSIGN(const auto settings, etcd_settings(address_));

  EXPECT_EQ(settings.user, "");
}

TEST_F(SettingsOfEtcd, TakeThePasswordFromTheEnvironment) {
  address_.etcd_user = "swarmout";
  ::setenv("SWARMOUT_ETCD_PASSWORD", "secret", 1);

  ASSERT_OK_AND_ASSIGN(const auto settings, etcd_settings(address_));

  EXPECT_EQ(settings.password, "secret");
  EXPECT_THAT(settings.url(), Not(HasSubstr("secret")));
}

TEST_F(SettingsOfEtcd, TakeThePasswordFromAFile) {
  address_.etcd_user = "swarmout";
  address_.etcd_password_file = password_file("secret of a file\n", 0600);

  ASSERT_OK_AND_ASSIGN(const auto settings, etcd_settings(address_));

  EXPECT_EQ(settings.password, "secret of a file");
}

TEST_F(SettingsOfEtcd, TakeThePasswordThatSystemdHandsWhereNobodyGivesAnother) {
  write_file(temp_ / "swarmout.etcd-password", "handed\n");
  ASSERT_EQ(::chmod((temp_ / "swarmout.etcd-password").c_str(), 0400), 0);
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", (temp_ / ".").c_str(), 1), 0);
  address_.etcd_user = "swarmout";
  const auto handed = etcd_settings(address_);
  address_.etcd_password_file = password_file("secret of a file\n", 0600);
  const auto given = etcd_settings(address_);
  ::unsetenv("CREDENTIALS_DIRECTORY");

  ASSERT_OK(handed);
  EXPECT_EQ(handed->password, "handed");
  ASSERT_OK(given);
  EXPECT_EQ(given->password, "secret of a file");
}

TEST_F(SettingsOfEtcd, RefuseAPasswordFileThatEverybodyCanRead) {
  address_.etcd_user = "swarmout";
  address_.etcd_password_file = password_file("secret\n", 0644);

  const auto refused = etcd_settings(address_);

  ASSERT_THAT(refused, FailsWith(ErrorCode::refused, "chmod 600"));
  EXPECT_THAT(to_string(refused.error()), Not(HasSubstr("secret")));
}

TEST_F(SettingsOfEtcd, RefuseAnEmptyPasswordFile) {
  address_.etcd_user = "swarmout";
  address_.etcd_password_file = password_file("\n", 0600);

  EXPECT_THAT(etcd_settings(address_), FailsWith(ErrorCode::refused, "empty"));
}

TEST_F(SettingsOfEtcd, MissThePasswordFile) {
  address_.etcd_user = "swarmout";
  address_.etcd_password_file = temp_ / "none";

  EXPECT_THAT(etcd_settings(address_), FailsWith(ErrorCode::not_found, "none"));
}

TEST_F(SettingsOfEtcd, AreIncompleteWithoutAPassword) {
  address_.etcd_user = "swarmout";

  EXPECT_THAT(etcd_settings(address_), FailsWith(ErrorCode::usage, "SWARMOUT_ETCD_PASSWORD"));
}

TEST_F(SettingsOfEtcd, AreIncompleteWithoutAUser) {
  ::setenv("SWARMOUT_ETCD_PASSWORD", "secret", 1);

  EXPECT_THAT(etcd_settings(address_), FailsWith(ErrorCode::usage, "--etcd-user"));
}

TEST_F(SettingsOfEtcd, MissTheCertificates) {
  address_.etcd_ca = temp_ / "none";

  EXPECT_THAT(etcd_settings(address_), FailsWith(ErrorCode::usage, "--etcd-ca"));
}

}  // namespace swarmout::test
