// The tracker with a client of others: aria2, with a v1 torrent, as it knows no others.

#include "common/swarm/tracker/tracker_server.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/process.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <libtorrent/bencode.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/torrent_info.hpp>

namespace swarmout::test {

namespace {

class TrackerClients : public testing::Test {
protected:
  void SetUp() override {
    if (run({{"aria2c", "--version"}, {}}, temp_ / "version").status == 127) {
      GTEST_SKIP() << "aria2 is not installed";
    }
    auto opened = TrackerServer::open({}, system_clock());
    ASSERT_THAT(opened, IsOk());
    tracker_ = *std::move(opened);
    make_torrent();
  }
  void make_torrent() {
    write_file(temp_ / "origin" / "payload", payload_);
    lt::file_storage files;
    files.add_file("payload", static_cast<std::int64_t>(payload_.size()));
    lt::create_torrent torrent(files, 64 << 10, lt::create_torrent::v1_only);
    lt::set_piece_hashes(torrent, (temp_ / "origin").native());
    torrent.add_tracker("http://" + to_string(tracker_->endpoint()) + "/announce");
    std::string bytes;
    lt::bencode(std::back_inserter(bytes), torrent.generate());
    write_file(temp_ / "torrent", bytes);
    const auto v1 = lt::torrent_info(bytes, lt::from_span).info_hashes().v1;
    SwarmKey key{};
    std::copy(v1.begin(), v1.end(), key.begin());
    tracker_->serve(key, {"127.0.0.1", 9});
  }
  Process aria2(const std::string& directory, const std::vector<std::string>& more) {
    std::filesystem::create_directories(temp_ / directory);
    std::vector<std::string> argv{"aria2c",
                                  "--no-conf",
                                  "--dir=" + (temp_ / directory).native(),
                                  "--interface=127.0.0.1",
                                  "--enable-dht=false",
                                  "--enable-dht6=false",
                                  "--bt-enable-lpd=false",
                                  "--enable-peer-exchange=false",
                                  "--check-integrity=true",
                                  "--summary-interval=0"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back((temp_ / "torrent").native());
    return Process({argv, {}}, temp_ / directory / "log");
  }
  std::string scrape() const {
    const RawClient client(tracker_->endpoint());
    return client.send("GET /scrape HTTP/1.1\r\n\r\n") ? client.answer().value_or("") : "";
  }

  TempDir temp_;
  const std::string payload_ = noise(kMiB, 3);
  std::unique_ptr<TrackerServer> tracker_;
};

}  // namespace

TEST_F(TrackerClients, Aria2FindsAnotherAria2ByTheTracker) {
  Process seeder = aria2("origin", {"--seed-ratio=0.0"});
  ASSERT_TRUE(wait_for([&] { return scrape().find("8:completei2e") != std::string::npos; }))
      << scrape() << seeder.out() << seeder.err();

  Process clone = aria2("clone", {"--seed-time=0"});

  EXPECT_EQ(clone.wait(), 0) << clone.out() << clone.err();
  EXPECT_EQ(read_file(temp_ / "clone" / "payload", 2 * kMiB).value_or("") == payload_, true);
  EXPECT_TRUE(wait_for([&] { return scrape().find("10:incompletei0e") != std::string::npos; }))
      << "it announced its end: " << scrape();
}

}  // namespace swarmout::test
