#include "peer/fetch/presence.hpp"

#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class PresenceTest : public testing::Test {
protected:
  PresenceTest() { state_->clock = &clock_; }

  std::size_t cells() { return share_.list_cells(CellKind::peer).value().size(); }
  /// The one record on the share.
  PeerRecord record() {
    const auto names = share_.list_cells(CellKind::peer).value();
    EXPECT_EQ(names.size(), 1U);
    const auto cell = share_.read_cell(CellKind::peer, names.empty() ? "" : names.front()).value();
    const auto decoded = decode_peer(cell ? cell->bytes : "");
    EXPECT_THAT(decoded, IsOk());
    return decoded.value_or(PeerRecord{});
  }
  /// True if telling this wrote something.
  bool writes(Presence& presence, const PeerRecord& now, bool busy) {
    const std::uint64_t before = cells() == 0 ? 0 : record().counter;
    EXPECT_THAT(presence.tell(now, busy), IsOk());
    return (cells() == 0 ? 0 : record().counter) != before;
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  Endpoint here_{"192.0.2.1", 1000};
};

PeerRecord fetching(Bytes have) {
  PeerRecord record;
  record.target = {4};
  record.wanted = 1000;
  record.have = have;
  return record;
}

struct News {
  std::string name;
  std::function<void(PeerRecord&)> change;
};

class PresenceNewsTest : public PresenceTest, public testing::WithParamInterface<News> {};

}  // namespace

TEST_F(PresenceTest, TheFirstRecordIsWrittenAtOnce) {
  Presence presence(share_, clock_, here_);
  EXPECT_EQ(cells(), 0U) << "nothing is known yet";

  ASSERT_OK(presence.tell({}, false));

  EXPECT_EQ(record().endpoint, here_);
  EXPECT_EQ(record().counter, 1U);
  EXPECT_FALSE(record().id.empty());
  EXPECT_FALSE(record().host.empty());
}

TEST_F(PresenceTest, WhatIdentifiesTheHostCannotBeOverwritten) {
  Presence presence(share_, clock_, here_);
  PeerRecord forged;
  forged.id = "forged";
  forged.host = "forged";
  forged.endpoint = {"192.0.2.99", 99};

  ASSERT_OK(presence.tell(forged, false));

  EXPECT_NE(record().id, "forged");
  EXPECT_NE(record().host, "forged");
  EXPECT_EQ(record().endpoint, here_);
}

TEST_F(PresenceTest, WhileBusyItWritesEveryTwoSeconds) {
  Presence presence(share_, clock_, here_);
  ASSERT_OK(presence.tell(fetching(0), true));

  clock_.advance(1999ms);
  EXPECT_FALSE(writes(presence, fetching(500), true));
  clock_.advance(1ms);
  EXPECT_TRUE(writes(presence, fetching(600), true));

  EXPECT_EQ(record().have, 600U);
}

TEST_F(PresenceTest, WhileIdleItWritesAsOftenAsTheFleetAllows) {
  Presence presence(share_, clock_, here_);
  ASSERT_OK(presence.tell(fetching(0), false));

  clock_.advance(4999ms);
  EXPECT_FALSE(writes(presence, fetching(0), false));
  clock_.advance(1ms);
  EXPECT_TRUE(writes(presence, fetching(0), false)) << "or others would take it for dead";
}

TEST_F(PresenceTest, ItSaysWhenTheNextRecordIsDue) {
  Presence presence(share_, clock_, here_);
  ASSERT_OK(presence.tell(fetching(0), true));
  EXPECT_EQ(record().interval, 2s);

  clock_.advance(1999ms);
  EXPECT_FALSE(writes(presence, fetching(0), false));
  clock_.advance(1ms);
  EXPECT_TRUE(writes(presence, fetching(0), false)) << "it was announced, though there is less to say now";
  EXPECT_EQ(record().interval, 5s);
}

TEST_P(PresenceNewsTest, IsWrittenAtOnce) {
  Presence presence(share_, clock_, here_);
  PeerRecord now = fetching(0);
  ASSERT_OK(presence.tell(now, false));

  GetParam().change(now);
  EXPECT_TRUE(writes(presence, now, false));
  EXPECT_FALSE(writes(presence, now, false)) << "but once";
}
INSTANTIATE_TEST_SUITE_P(ThatIt, PresenceNewsTest,
                         testing::Values(News{"SwitchedToARelease", [](PeerRecord& now) { now.active = {4}; }},
                                         News{"SwitchedToAnotherReleaseWithTheSameNumber",
                                              [](PeerRecord& now) { now.active_hash = InfoHash{sha256("x")}; }},
                                         News{"HasTheWholeTarget", [](PeerRecord& now) { now.complete = true; }},
                                         News{"FetchesSomethingElse", [](PeerRecord& now) { now.target = {6}; }},
                                         News{"IsInTrouble",
                                              [](PeerRecord& now) { now.trouble = "the disk is full"; }}),
                         [](const auto& each) { return each.param.name; });

TEST_F(PresenceTest, SmallProgressIsNoNews) {
  Presence presence(share_, clock_, here_);
  ASSERT_OK(presence.tell(fetching(0), true));

  EXPECT_FALSE(writes(presence, fetching(999), true)) << "a thousand hosts would write to the share all the time";
}

TEST_F(PresenceTest, NewsThatDidNotReachTheShareAreToldAgain) {
  Presence presence(share_, clock_, here_);
  ASSERT_OK(presence.tell(fetching(0), false));
  PeerRecord now = fetching(1000);
  now.complete = true;
  share_.before = [](std::string_view operation) {
    return operation == "write_cell" ? std::optional(Error{ErrorCode::temporary, "away", {}}) : std::nullopt;
  };
  EXPECT_THAT(presence.tell(now, false), FailsWith(ErrorCode::temporary));
  share_.before = nullptr;

  EXPECT_TRUE(writes(presence, now, false));
}

TEST_F(PresenceTest, TheRecordIsGoneAtTheEnd) {
  {
    Presence presence(share_, clock_, here_);
    ASSERT_OK(presence.tell({}, false));
    ASSERT_EQ(cells(), 1U);
  }
  EXPECT_EQ(cells(), 0U);
}

TEST_F(PresenceTest, AnEndWithTheShareAwayIsAnEnd) {
  {
    Presence presence(share_, clock_, here_);
    ASSERT_OK(presence.tell({}, false));
    share_.before = [](std::string_view) { return std::optional(Error{ErrorCode::temporary, "away", {}}); };
  }
  share_.before = nullptr;
  EXPECT_EQ(cells(), 1U) << "it ages away";
}

TEST_F(PresenceTest, OthersAreThoseThatWroteButNotItself) {
  Presence first(share_, clock_, here_);
  Presence second(share_, clock_, {"192.0.2.2", 2000});
  Presence third(share_, clock_, {"192.0.2.3", 3000});
  for (Presence* const each : {&first, &second, &third}) {
    ASSERT_OK(each->tell({}, false));
  }

  EXPECT_THAT(first.others().value(), UnorderedElementsAre(Endpoint{"192.0.2.2", 2000}, Endpoint{"192.0.2.3", 3000}));
}

TEST_F(PresenceTest, AloneThereAreNoOthers) {
  Presence presence(share_, clock_, here_);
  EXPECT_THAT(presence.others().value(), IsEmpty());
  ASSERT_OK(presence.tell({}, false));

  EXPECT_THAT(presence.others().value(), IsEmpty());
}

TEST_F(PresenceTest, AHostThatFellSilentIsNotAmongTheOthers) {
  Presence silent(share_, clock_, {"192.0.2.2", 2000});
  Presence talking(share_, clock_, {"192.0.2.3", 3000});
  Presence presence(share_, clock_, here_);
  ASSERT_OK(silent.tell({}, false));
  clock_.advance(kPeerSilence + 1s);
  ASSERT_OK(talking.tell({}, false));

  EXPECT_THAT(presence.others().value(), ElementsAre(Endpoint{"192.0.2.3", 3000}));
}

TEST_F(PresenceTest, OfAThousandHostsOnlySomeAreAsked) {
  std::vector<std::unique_ptr<Presence>> fleet;
  for (std::uint16_t i = 1; i <= 1000; ++i) {
    fleet.push_back(std::make_unique<Presence>(share_, clock_, Endpoint{"192.0.2.2", i}));
    ASSERT_OK(fleet.back()->tell({}, false));
  }
  std::size_t reads = 0;
  share_.before = [&](std::string_view operation) {
    reads += operation == "read_cell" ? 1 : 0;
    return std::nullopt;
  };

  ASSERT_OK_AND_ASSIGN(const auto others, fleet.front()->others());

  EXPECT_GE(others.size(), kPeersAtOnce - 1);
  EXPECT_LE(others.size(), kPeersAtOnce);
  EXPECT_EQ(reads, kPeersAtOnce + 1) << "and its own, for the time";
}

TEST_F(PresenceTest, ClonesTellThemselvesApart) {
  Presence first(share_, clock_, here_);
  Presence second(share_, clock_, here_);
  ASSERT_OK(first.tell({}, false));
  ASSERT_OK(second.tell({}, false));

  EXPECT_EQ(cells(), 2U);
}

TEST_F(PresenceTest, ARecordThatNamesOneEndpointAfterTheOtherIsNotFollowed) {
  Presence presence(share_, clock_, here_);
  ASSERT_OK(presence.tell({}, false));
  const auto names = [&](const Endpoint& endpoint) {
    PeerRecord record;
    record.id = "restless";
    record.host = "host";
    record.endpoint = endpoint;
    ASSERT_OK(share_.write_cell(CellKind::peer, record.id, encode(record)));
  };
  const Endpoint first{"192.0.2.7", 6881};
  names(first);
  EXPECT_THAT(presence.others().value(), ElementsAre(first));

  names({"198.51.100.1", 6881});
  EXPECT_THAT(presence.others().value(), IsEmpty());

  names(first);
  EXPECT_THAT(presence.others().value(), ElementsAre(first));
}

}  // namespace swarmout::test
