// A share in a real etcd: what the contract of all shares does not say. Each test has a prefix of its own.

#include "common/share/etcd/etcd_share.hpp"

#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"
#include "common/share/open_share.hpp"
#include "tests/common/share/etcd/etcd_share_fixture.hpp"
#include "tests/support/bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace swarmout::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EtcdShareTest : public EtcdShareFixture {};

PeerRecord some_peer(const std::string& id) {
  PeerRecord record;
  record.id = id;
  record.endpoint = {"192.0.2.1", 6881};
  return record;
}

}  // namespace

// Making and opening.

TEST(EtcdShareInit, MakesAShareThatCanBeOpened) {
  const std::string url = common_etcd().fresh_url();

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share(url));

  EXPECT_EQ(made, InitOutcome::made);
  ASSERT_OK_AND_ASSIGN(const auto share, open_share(url));
  EXPECT_EQ(share->name(), url);
}

TEST(EtcdShareInit, LeavesAShareThatExistsAsItIs) {
  const std::string url = common_etcd().fresh_url();
  ASSERT_OK(init_share(url));
  ASSERT_OK_AND_ASSIGN(const auto share, open_share(url));
  ASSERT_EQ(share->put(Position{1}, "entry").outcome, PutOutcome::won);

  ASSERT_OK_AND_ASSIGN(const InitOutcome made, init_share(url));

  EXPECT_EQ(made, InitOutcome::there);
  EXPECT_EQ(share->read(Position{1}).value_or(std::nullopt), "entry");
}

TEST(EtcdShareInit, OfManyAtOnceOneMakesTheShareAndAllSucceed) {
  const std::string url = common_etcd().fresh_url();
  std::atomic<int> made{0};
  {
    std::latch start(16);
    std::vector<std::jthread> hosts;
    for (int i = 0; i < 16; ++i) {
      hosts.emplace_back([&] {
        start.arrive_and_wait();
        const auto result = init_share(url);
        EXPECT_THAT(result, IsOk());
        made += result == InitOutcome::made ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(made, 1);
}

TEST(EtcdShareInit, WithoutItAShareIsUnavailableAndNothingIsMade) {
  const std::string url = common_etcd().fresh_url();

  for (int i = 0; i < 2; ++i) {
    const auto opened = open_share(url);
    ASSERT_THAT(opened, FailsWith(ErrorCode::unavailable, url));
    EXPECT_THAT(opened.error().hint, HasSubstr("swarmout init --share " + url));
  }
}

TEST(EtcdShareInit, RefusesAPrefixWithOtherKeysUnderIt) {
  const EtcdSettings settings = common_etcd().fresh_settings();
  EtcdKv kv(EtcdClient(settings, system_clock()));
  ASSERT_OK(kv.commit({{}, {{EtcdWrite::Kind::put, settings.prefix + "/registry/pods", "x", 0, {}}}, {}}));

  EXPECT_THAT(EtcdShare::init(settings), FailsWith(ErrorCode::refused, "registry/pods"));
}

TEST(EtcdShareInit, DoesNotMindKeysBesideThePrefix) {
  const EtcdSettings settings = common_etcd().fresh_settings();
  EtcdKv kv(EtcdClient(settings, system_clock()));
  ASSERT_OK(kv.commit({{}, {{EtcdWrite::Kind::put, settings.prefix + "-other/registry", "x", 0, {}}}, {}}));

  EXPECT_THAT(EtcdShare::init(settings), IsOk());
}

TEST_F(EtcdShareTest, OfAnotherVersionIsRefused) {
  put_key("FORMAT", "swarmout-share 2\ncluster x\nprimitive txn\n");

  EXPECT_THAT(EtcdShare::open(settings_), FailsWith(ErrorCode::refused, "another version"));
  EXPECT_THAT(EtcdShare::init(settings_), FailsWith(ErrorCode::refused, "another version"));
}

TEST_F(EtcdShareTest, OfAnotherPrimitiveIsRefused) {
  put_key("FORMAT", "swarmout-share 1\ncluster x\nprimitive link\n");

  EXPECT_THAT(EtcdShare::open(settings_), FailsWith(ErrorCode::refused, "primitive"));
}

TEST_F(EtcdShareTest, ThatLostItsFormatIsUnavailableForEverything) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "value"));
  ASSERT_OK(kv_.commit({{}, {{EtcdWrite::Kind::remove, key(""), {}, 0, end_of_prefix(key(""))}}, {}}));

  EXPECT_THAT(share_.tail({}), FailsWith(ErrorCode::unavailable, "swarmout init"));
  EXPECT_THAT(share_.tail(Position{1}), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(share_.list_cells(CellKind::peer), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(share_.write_cell(CellKind::peer, "a", "value"), FailsWith(ErrorCode::unavailable));
  EXPECT_THAT(share_.write_blob("a", "a"), FailsWith(ErrorCode::unavailable));
  for (EtcdShare* const each : {&share_, &other_}) {  // that one has seen the log before, this one has not
    const PutResult put = each->put(Position{2}, "entry");
    EXPECT_EQ(put.outcome, PutOutcome::unknown);
    EXPECT_EQ(put.error.code, ErrorCode::unavailable);
  }
  EXPECT_THAT(keys_under(""), IsEmpty());
}

// The log.

TEST_F(EtcdShareTest, KeysOfEntriesSortAsTheirNumbersDo) {
  ASSERT_EQ(share_.put(Position{9}, "nine").outcome, PutOutcome::won);
  ASSERT_EQ(share_.put(Position{10}, "ten").outcome, PutOutcome::won);
  ASSERT_EQ(share_.put(kLastPosition, "last").outcome, PutOutcome::won);

  EXPECT_EQ(other_.tail({}).value_or(Position{}), kLastPosition);
  EXPECT_THAT(keys_under("log/"),
              ElementsAre("log/00000000000000000009", "log/00000000000000000010", "log/00009007199254740992"));
}

TEST_F(EtcdShareTest, ANumberAfterWhichThereIsNoneIsNoEntry) {
  ASSERT_EQ(share_.put(Position{9}, "nine").outcome, PutOutcome::won);
  put_key("log/18446744073709551615", "last");
  put_key("log/09223372036854775807", "far");

  EXPECT_EQ(other_.tail({}).value_or(Position{}), Position{9});
}

TEST_F(EtcdShareTest, ManyStrayKeysInTheLogAreAnErrorAndNoEndlessSearch) {
  for (int i = 0; i < 150; ++i) {
    put_key(fmt::format("log/000000000000000000{:03}x", i), "stray");
  }

  EXPECT_THAT(other_.tail({}), FailsWith(ErrorCode::refused, "none"));
}

TEST_F(EtcdShareTest, StrayKeysInTheLogAreNoEntries) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  for (const char* const stray :
       {"log/2", "log/00000009", "log/99999999999999999999", "log/00000000000000000000", "log/00000000000000000002.bak",
        "log/a", "log/", "log/:", "log/0000000000000000000a"}) {
    put_key(stray, "stray");
  }

  EXPECT_EQ(other_.tail({}).value_or(Position{}).value, 1U);
  EXPECT_EQ(share_.tail(Position{1}).value_or(Position{}).value, 1U);
}

TEST_F(EtcdShareTest, AnEntryOfAbsurdSizeIsRefused) {
  put_key("log/00000000000000000001", std::string(kMaxEntry + 1, 'x'));

  EXPECT_THAT(share_.read(Position{1}), FailsWith(ErrorCode::refused));
}

TEST_F(EtcdShareTest, APutBehindAnEntryThatIsGoneIsUnknown) {
  ASSERT_EQ(share_.put(Position{1}, "claim").outcome, PutOutcome::won);
  remove_key("log/00000000000000000001");

  const PutResult put = share_.put(Position{2}, "commit");

  EXPECT_EQ(put.outcome, PutOutcome::unknown);
  EXPECT_THAT(put.error.message, HasSubstr("entry 1"));
  EXPECT_THAT(keys_under("log/"), IsEmpty());
}

TEST_F(EtcdShareTest, APutBehindAnEntryThatWasReplacedIsUnknown) {
  ASSERT_EQ(share_.put(Position{1}, "claim").outcome, PutOutcome::won);
  ASSERT_OK(other_.read(Position{1}));
  put_key("log/00000000000000000001", "from a backup");

  EXPECT_EQ(share_.put(Position{2}, "commit").outcome, PutOutcome::unknown);
  EXPECT_EQ(other_.put(Position{2}, "takeover").outcome, PutOutcome::unknown);
  ASSERT_OK(other_.read(Position{1}));
  EXPECT_EQ(other_.put(Position{2}, "takeover").outcome, PutOutcome::won) << "it knows what is there now";
}

TEST_F(EtcdShareTest, ATailThatIsLowerThanWhatWasSeenIsFound) {
  ASSERT_EQ(share_.put(Position{1}, "entry").outcome, PutOutcome::won);
  ASSERT_EQ(share_.put(Position{2}, "entry").outcome, PutOutcome::won);
  remove_key("log/00000000000000000002");  // a restored backup

  EXPECT_EQ(share_.tail({}).value_or(Position{}).value, 1U);
}

TEST_F(EtcdShareTest, WorksOnWhileItsHistoryIsCompacted) {
  std::atomic<bool> done{false};
  std::jthread compactor([&] {
    while (!done) {
      const auto now = etcd_.call("/v3/kv/range", {{"key", "AA=="}});
      etcd_.call("/v3/kv/compaction", {{"revision", now["header"]["revision"]}, {"physical", true}});
    }
  });
  std::string noisy = noise(2 * kMiB);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    const std::string entry = "entry " + std::to_string(i);
    EXPECT_EQ(share_.put(Position{i}, entry).outcome, PutOutcome::won);
    EXPECT_EQ(other_.tail({}).value_or(Position{}).value, i);
    EXPECT_EQ(other_.read(Position{i}).value_or(std::nullopt), entry);
    EXPECT_THAT(share_.write_cell(CellKind::heartbeat, "a", entry), IsOk());
    const auto cell = other_.read_cell(CellKind::heartbeat, "a");
    EXPECT_TRUE(cell && *cell && (*cell)->bytes == entry);
  }
  EXPECT_THAT(share_.write_blob("a", noisy), IsOk());
  EXPECT_TRUE(other_.read_blob("a", kMaxBlob).value_or(std::nullopt) == noisy);
  done = true;
}

// Cells, and their leases.

TEST_F(EtcdShareTest, RecordsOfPeersAndHeartbeatsGoByThemselves) {
  for (const auto& [kind, at] : {std::pair(CellKind::peer, "peers/a"), std::pair(CellKind::heartbeat, "hb/a")}) {
    ASSERT_OK(share_.write_cell(kind, "a", "value"));

    EXPECT_GT(ttl_of(at), std::chrono::seconds(kPeerSilence).count()) << "not before they count as gone anyway";
    EXPECT_LE(ttl_of(at), 120);
  }
}

TEST_F(EtcdShareTest, AStageOutlivesAnyRun) {
  ASSERT_OK(share_.write_cell(CellKind::stage, "a", "value"));

  EXPECT_GT(ttl_of("stage/a"), 24 * 3600);
}

TEST_F(EtcdShareTest, OneLeaseIsEnoughForAllWritesOfAPeer) {
  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "1"));
  const std::string lease = lease_of("peers/a");

  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "2"));

  EXPECT_NE(lease, "");
  EXPECT_EQ(lease_of("peers/a"), lease);
}

TEST_F(EtcdShareTest, ARecordWhoseLeaseWasLostIsGoneAndComesBackWithTheNextWrite) {
  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "1"));
  const std::string lease = lease_of("peers/a");
  ASSERT_TRUE(etcd_.call("/v3/lease/revoke", {{"ID", lease}}).is_object());
  ASSERT_OK_AND_ASSIGN(const auto gone, other_.list_cells(CellKind::peer));
  EXPECT_THAT(gone, IsEmpty());

  ASSERT_OK(share_.write_cell(CellKind::peer, "a", "2"));

  ASSERT_OK_AND_ASSIGN(const auto back, other_.list_cells(CellKind::peer));
  EXPECT_THAT(back, ElementsAre("a"));
  EXPECT_NE(lease_of("peers/a"), lease);
}

TEST_F(EtcdShareTest, AThingThatIsNoCellIsRefused) {
  for (const char* const bytes : {"", "value", "written 5", "written \nvalue", "written -5\nvalue", "written 5x\nvalue",
                                  "written 99999999999999999999\nvalue", "written 9223372036854775807\nvalue"}) {
    put_key("peers/a", bytes);
    EXPECT_THAT(share_.read_cell(CellKind::peer, "a"), FailsWith(ErrorCode::refused, "peers/a")) << bytes;
  }
  put_key("peers/a", "written 5\n" + std::string(kMaxCell + 1, 'x'));
  EXPECT_THAT(share_.read_cell(CellKind::peer, "a"), FailsWith(ErrorCode::refused));
}

TEST_F(EtcdShareTest, AHostWhoseClockIsAheadDoesNotMakeTheOthersLookSilent) {
  ASSERT_OK(share_.write_cell(CellKind::peer, "right", encode(some_peer("right"))));
  const auto future = (system_clock().wall() + std::chrono::hours(1)).time_since_epoch();
  put_key("peers/ahead", fmt::format("written {}\n{}", future.count(), encode(some_peer("ahead"))));

  ASSERT_OK_AND_ASSIGN(const auto peers, live_peers(other_, 0, other_.now().value()));

  EXPECT_EQ(peers.size(), 2U);
}

TEST_F(EtcdShareTest, StrayKeysAmongThePeersAreNotListed) {
  ASSERT_OK(share_.write_cell(CellKind::peer, "real", "value"));
  for (const char* const stray : {"peers/", "peers/.real.swp", "peers/a/b", "peers/with space"}) {
    put_key(stray, "stray");
  }

  ASSERT_OK_AND_ASSIGN(const auto names, share_.list_cells(CellKind::peer));

  EXPECT_THAT(names, ElementsAre("real"));
}

}  // namespace swarmout::test
