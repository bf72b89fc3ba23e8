// A swarm over TLS: who has the fleet's certificate takes part, nobody else.

#include "tests/common/swarm/swarm_hosts.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SwarmTlsTest : public SwarmTest {
protected:
  SwarmTlsTest() {
    over_tls_.certificate = made_certificate("fleet");
    torrent_ = sealed_for(*over_tls_.certificate);
  }
  SwarmCertificate made_certificate(const std::string& name) {
    EXPECT_THAT(make_directories(temp_ / name), IsOk());
    EXPECT_THAT(make_swarm_certificate(temp_ / name), IsOk());
    return load_swarm_certificate(temp_ / name).value();
  }
  SealedTorrent sealed_for(const SwarmCertificate& certificate) const {
    return seal(payload_, 32 * kKiB, certificate.certificate);
  }
  static Result<InfoHash> added(const Host& host, const SealedTorrent& torrent) {
    return host.session->add({torrent.bytes, host.directory, {}, false, {}});
  }

  /// What a client of TLS gets to read that says it; with the certificate in a directory, or with none. It must name
  /// the torrent, as hosts do.
  std::string answer_to_client(const Endpoint& host, const std::string& directory) {
    std::string certificate;
    if (!directory.empty()) {
      certificate = " -cert " + (temp_ / directory / kCertificateFile).native() + " -key " +
                    (temp_ / directory / kCertificateKeyFile).native();
    }
    write_file(temp_ / "hello", hello(torrent_));
    const std::string command = "(cat " + (temp_ / "hello").native() +
                                "; sleep 1) | openssl s_client -quiet -no_ign_eof -connect " + to_string(host) +
                                " -servername " + torrent_.info_hash.hex().substr(0, 40) + certificate;
    const Finished done = run({{"sh", "-c", command}, {}}, temp_ / ("client-" + directory));
    client_said_ = done.err;
    return done.out;
  }
  static std::string answer_in_the_clear(const Endpoint& host, const SealedTorrent& torrent) {
    const RawClient client(host);
    return client.send(hello(torrent)) ? client.heard(std::chrono::seconds(1)) : "not sent";
  }

  const SealedTorrent in_the_clear_ = torrent_;
  SwarmSettings over_tls_;
  std::string client_said_;
};

}  // namespace

TEST_F(SwarmTlsTest, HostsWithTheCertificateGetEverythingFromTheSeederAndFromEachOther) {
  Host seeder = make_seeder(over_tls_);
  Host first = make_clone("first", {seeder.session->endpoint()}, over_tls_);
  ASSERT_TRUE(all_arrive({&seeder, &first}, {&first}));
  Host second = make_clone("second", {first.session->endpoint()}, over_tls_);
  ASSERT_TRUE(all_arrive({&seeder, &first, &second}, {&second}));

  expect_payload(first);
  expect_payload(second);
  EXPECT_EQ(second.count<SwarmFailed>(), 0U);
}

TEST_F(SwarmTlsTest, AClientIsAnsweredOnlyIfItHasTheCertificate) {
  Host seeder = make_seeder(over_tls_);
  Host clone = make_clone("clone", {seeder.session->endpoint()}, over_tls_);
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
  made_certificate("stranger");
  const Endpoint host = seeder.session->endpoint();

  EXPECT_THAT(answer_to_client(host, "fleet"), HasSubstr("BitTorrent protocol")) << client_said_;
  EXPECT_THAT(answer_to_client(host, "stranger"), Not(HasSubstr("BitTorrent"))) << client_said_;
  EXPECT_THAT(answer_to_client(host, ""), Not(HasSubstr("BitTorrent"))) << client_said_;
}

TEST_F(SwarmTlsTest, AClientInTheClearIsNotAnswered) {
  Host seeder = make_seeder(over_tls_);
  Host clone = make_clone("clone", {seeder.session->endpoint()}, over_tls_);
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
  EXPECT_THAT(answer_in_the_clear(seeder.session->endpoint(), torrent_), Not(HasSubstr("BitTorrent")));

  torrent_ = in_the_clear_;
  Host open_seeder = make_seeder();
  Host open_clone = make_clone("open clone", {open_seeder.session->endpoint()});
  ASSERT_TRUE(all_arrive({&open_seeder, &open_clone}, {&open_clone}));
  EXPECT_THAT(answer_in_the_clear(open_seeder.session->endpoint(), torrent_), HasSubstr("BitTorrent"))
      << "the question is a good one";
}

TEST_F(SwarmTlsTest, ATorrentForAnotherCertificateOrForNoneIsRefused) {
  const Host host = make_host("host", over_tls_);
  const Host open_host = make_host("open");

  EXPECT_THAT(added(host, sealed_for(made_certificate("other"))),
              FailsWith(ErrorCode::refused, "another swarm certificate"));
  EXPECT_THAT(added(host, in_the_clear_), FailsWith(ErrorCode::refused, "in the clear"));
  EXPECT_THAT(added(open_host, torrent_), FailsWith(ErrorCode::refused, "over TLS only"));
}

TEST_F(SwarmTlsTest, TheCertificateIsPartOfTheTorrentsIdentity) {
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(torrent_.bytes));
  EXPECT_EQ(contents.certificate, over_tls_.certificate->certificate);
  EXPECT_EQ(contents.info_hash, torrent_.info_hash);
  EXPECT_NE(torrent_.info_hash, in_the_clear_.info_hash);
  EXPECT_EQ(read_torrent(in_the_clear_.bytes).value().certificate, "");
}

}  // namespace swarmout::test
