// A swarm over TLS: who has the fleet's certificate takes part, nobody else.

#include "tests/common/swarm_hosts.hpp"
#include "tests/support/process.hpp"

namespace swarmout::test {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SwarmTlsTest : public SwarmTest {
protected:
  SwarmCertificate made_certificate(const std::string& name) {
    EXPECT_THAT(make_directories(temp_ / name), IsOk());
    EXPECT_THAT(make_swarm_certificate(temp_ / name), IsOk());
    return load_swarm_certificate(temp_ / name).value();
  }
  /// Nothing of it is there.
  static SwarmContent wanted(const SealedTorrent& torrent, const Host& by, const std::vector<Endpoint>& peers = {}) {
    return {torrent.bytes, by.directory, {}, false, peers};
  }
  Host make_tls_host(const std::string& name, SwarmRole role = SwarmRole::clone) {
    SwarmSettings settings;
    settings.role = role;
    settings.certificate = fleets_;
    return make_host(name, settings);
  }
  Host make_tls_seeder() {
    Host host = make_tls_host("seeder", SwarmRole::seeder);
    lay_out(host.directory, payload_);
    EXPECT_THAT(host.session->add({tls_.bytes, host.directory, {"manifest", large_name_, small_name_}, false, {}}),
                IsOk());
    return host;
  }
  /// What a client of TLS gets to read that says BitTorrent's handshake for the release; with the certificate in a
  /// directory, or with none. It must name the torrent, as hosts do.
  std::string answer_to_client(const Endpoint& host, const std::string& directory) {
    const std::string id = tls_.info_hash.hex().substr(0, 40);
    std::string certificate;
    if (!directory.empty()) {
      certificate = " -cert " + (temp_ / directory / kCertificateFile).native() + " -key " +
                    (temp_ / directory / kCertificateKeyFile).native();
    }
    std::string hello =
        "\x13"
        "BitTorrent protocol" +
        std::string(8, '\0');
    hello.append(reinterpret_cast<const char*>(tls_.info_hash.digest.bytes.data()), 20);
    write_file(temp_ / "hello", hello + "-XX0000-abcdefghijkl");
    const std::string command = "(cat " + (temp_ / "hello").native() +
                                "; sleep 1) | openssl s_client -quiet -no_ign_eof -connect " + to_string(host) +
                                " -servername " + id + certificate;
    const Finished done = run({{"sh", "-c", command}, {}}, temp_ / ("client-" + directory));
    client_said_ = done.err;
    return done.out;
  }

  const SwarmCertificate fleets_ = made_certificate("fleet");
  const SealedTorrent tls_ = seal(payload_, 32 * kKiB, fleets_.certificate);
  std::string client_said_;
};

}  // namespace

TEST_F(SwarmTlsTest, HostsWithTheCertificateGetEverythingFromTheSeederAndFromEachOther) {
  Host seeder = make_tls_seeder();
  Host first = make_tls_host("first");
  ASSERT_THAT(first.session->add(wanted(tls_, first, {seeder.session->endpoint()})), IsOk());
  ASSERT_TRUE(all_arrive({&seeder, &first}, {&first}));
  Host second = make_tls_host("second");
  ASSERT_THAT(second.session->add(wanted(tls_, second, {first.session->endpoint()})), IsOk());
  ASSERT_TRUE(all_arrive({&seeder, &first, &second}, {&second}));

  expect_payload(first);
  expect_payload(second);
  EXPECT_EQ(second.count<SwarmFailed>(), 0U);
}

TEST_F(SwarmTlsTest, AClientIsAnsweredOnlyIfItHasTheCertificate) {
  Host seeder = make_tls_seeder();
  Host clone = make_tls_host("clone");
  ASSERT_THAT(clone.session->add(wanted(tls_, clone, {seeder.session->endpoint()})), IsOk());
  ASSERT_TRUE(all_arrive({&seeder, &clone}, {&clone}));
  made_certificate("stranger");
  const Endpoint host = seeder.session->endpoint();

  EXPECT_THAT(answer_to_client(host, "fleet"), HasSubstr("BitTorrent protocol")) << client_said_;
  EXPECT_THAT(answer_to_client(host, "stranger"), Not(HasSubstr("BitTorrent"))) << client_said_;
  EXPECT_THAT(answer_to_client(host, ""), Not(HasSubstr("BitTorrent"))) << client_said_;
}

TEST_F(SwarmTlsTest, AHostInTheClearGetsNothing) {
  Host seeder = make_tls_seeder();
  Host stranger = make_host("stranger");
  ASSERT_THAT(stranger.session->add(wanted(torrent_, stranger, {seeder.session->endpoint()})), IsOk());
  Host friendly = make_tls_host("friend");
  ASSERT_THAT(friendly.session->add(wanted(tls_, friendly, {seeder.session->endpoint()})), IsOk());

  ASSERT_TRUE(all_arrive({&seeder, &stranger, &friendly}, {&friendly}));

  EXPECT_EQ(stranger.session->status(torrent_.info_hash).downloaded, 0U);
}

TEST_F(SwarmTlsTest, ATorrentForAnotherCertificateOrForNoneIsRefused) {
  const SealedTorrent others = seal(payload_, 32 * kKiB, made_certificate("other").certificate);
  Host host = make_tls_host("host");
  Host open_host = make_host("open");

  EXPECT_THAT(host.session->add(wanted(others, host)), FailsWith(ErrorCode::refused, "another swarm certificate"));
  EXPECT_THAT(host.session->add(wanted(torrent_, host)), FailsWith(ErrorCode::refused, "in the clear"));
  EXPECT_THAT(open_host.session->add(wanted(tls_, open_host)), FailsWith(ErrorCode::refused, "over TLS only"));
}

TEST_F(SwarmTlsTest, TheCertificateIsPartOfTheTorrentsIdentity) {
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(tls_.bytes));
  EXPECT_EQ(contents.certificate, fleets_.certificate);
  EXPECT_EQ(contents.info_hash, tls_.info_hash);
  EXPECT_NE(tls_.info_hash, torrent_.info_hash);
  EXPECT_EQ(read_torrent(torrent_.bytes).value().certificate, "");
}

}  // namespace swarmout::test
