#include "common/swarm/swarm_certificate.hpp"

#include "tests/support/process.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SwarmCertificateTest : public testing::Test {
protected:
  SwarmCertificateTest() { EXPECT_THAT(make_swarm_certificate(keys_), IsOk()); }

  static unsigned mode_of(const Path& file) {
    struct stat info {};
    EXPECT_EQ(::stat(file.c_str(), &info), 0);
    return info.st_mode & 0777U;
  }
  void write_key(const std::string& text) {
    write_file(key_, text);
    ASSERT_EQ(::chmod(key_.c_str(), 0600), 0);
  }

  TempDir temp_;
  Path keys_ = temp_.path();
  Path certificate_ = keys_ / kCertificateFile;
  Path key_ = keys_ / kCertificateKeyFile;
};

}  // namespace

TEST_F(SwarmCertificateTest, OnlyItsOwnerCanReadTheKey) {
  EXPECT_EQ(mode_of(key_), 0600U);
  EXPECT_EQ(mode_of(certificate_), 0644U);
}

TEST_F(SwarmCertificateTest, IsValidForItselfInOpensslsEyes) {
  const Finished done =
      run({{"openssl", "verify", "-x509_strict", "-partial_chain", "-CAfile", certificate_, certificate_}, {}},
          temp_ / "openssl");
  EXPECT_EQ(done.status, 0) << done.err;
  for (const std::string when : {"1000000000", "200000000000"}) {  // seconds: the year 2001, and 8307
    EXPECT_EQ(
        run({{"openssl", "verify", "-attime", when, "-CAfile", certificate_, certificate_}, {}}, temp_ / "at").status,
        0);
  }
}

TEST_F(SwarmCertificateTest, IsReadAsItWasMadeWhateverStandsAroundIt) {
  ASSERT_OK_AND_ASSIGN(const SwarmCertificate plain, load_swarm_certificate(keys_));
  EXPECT_THAT(plain.certificate, StartsWith("-----BEGIN CERTIFICATE-----\n"));
  EXPECT_THAT(plain.key, StartsWith("-----BEGIN PRIVATE KEY-----\n"));

  write_file(certificate_, "# of the fleet\n" + plain.certificate + "\n");

  ASSERT_OK_AND_ASSIGN(const SwarmCertificate commented, load_swarm_certificate(keys_));
  EXPECT_EQ(commented, plain);
}

TEST_F(SwarmCertificateTest, EveryOneIsAnother) {
  const Path others = temp_ / "others";
  ASSERT_THAT(make_directories(others), IsOk());
  ASSERT_THAT(make_swarm_certificate(others), IsOk());
  EXPECT_NE(load_swarm_certificate(others).value(), load_swarm_certificate(keys_).value());
}

TEST_F(SwarmCertificateTest, IsNotOverwritten) {
  const auto before = load_swarm_certificate(keys_).value();
  EXPECT_THAT(make_swarm_certificate(keys_), FailsWith(ErrorCode::usage, "exists already"));
  ASSERT_THAT(remove_tree(certificate_), IsOk());
  EXPECT_THAT(make_swarm_certificate(keys_), FailsWith(ErrorCode::usage, "swarm.key exists already"));
  write_file(certificate_, before.certificate);
  EXPECT_EQ(load_swarm_certificate(keys_).value(), before);
}

TEST_F(SwarmCertificateTest, AKeyThatOthersCanReadIsRefused) {
  ASSERT_EQ(::chmod(key_.c_str(), 0640), 0);
  EXPECT_THAT(load_swarm_certificate(keys_), FailsWith(ErrorCode::cannot_write, "can be read by others"));
}

TEST_F(SwarmCertificateTest, DamagedFilesAndTheKeyOfAnotherAreRefused) {
  const auto good = load_swarm_certificate(keys_).value();
  write_key("nonsense");
  EXPECT_THAT(load_swarm_certificate(keys_), FailsWith(ErrorCode::refused, "swarm.key is no private key"));
  write_key(
      run({{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}, {}}, temp_ / "gen").out);
  EXPECT_THAT(load_swarm_certificate(keys_), FailsWith(ErrorCode::refused, "do not belong together"));
  write_key(good.key);
  write_file(certificate_, good.certificate.substr(0, 200));
  EXPECT_THAT(load_swarm_certificate(keys_), FailsWith(ErrorCode::refused, "swarm.crt is no certificate"));
}

TEST_F(SwarmCertificateTest, AKeyWithAPasswordIsRefusedAndNobodyIsAsked) {
  const Finished locked = run({{"openssl", "pkey", "-in", key_, "-aes128", "-passout", "pass:x"}, {}}, temp_ / "lock");
  ASSERT_THAT(locked.out, HasSubstr("ENCRYPTED")) << locked.err;
  write_key(locked.out);
  EXPECT_THAT(load_swarm_certificate(keys_), FailsWith(ErrorCode::refused, "is no private key"));
}

TEST_F(SwarmCertificateTest, AMissingOneIsSaidToBeMissing) {
  ASSERT_THAT(remove_tree(certificate_), IsOk());
  EXPECT_THAT(load_swarm_certificate(keys_), FailsWith(ErrorCode::not_found));
}

}  // namespace swarmout::test
