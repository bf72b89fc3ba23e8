#include "seeder/serving.hpp"

#include "tests/seeder/epoch_fixture.hpp"

#include <functional>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

/// A session without a network: time passes while it is polled.
class QuietSession final : public SwarmSession {
public:
  explicit QuietSession(FakeClock& clock) : clock_(clock) {}
  Endpoint endpoint() const override { return {"127.0.0.1", 6881}; }
  Result<InfoHash> add(const SwarmContent&) override { return InfoHash{}; }
  void expect(std::size_t) override {}
  void know(const std::vector<Endpoint>& hosts) override { known = hosts; }
  void connect(const InfoHash&, const std::vector<Endpoint>&) override {}
  void set_trackers(const InfoHash&, const std::vector<Endpoint>&) override {}
  void set_limits(const InfoHash&, const RateLimits&) override {}
  std::shared_ptr<const PassedPieces> passed(const InfoHash&) const override { return nullptr; }
  void hurry(const InfoHash&, PieceRange) override {}
  void remove(const InfoHash&) override {}
  std::vector<SwarmEvent> poll(std::chrono::milliseconds patience) override {
    clock_.advance(patience);
    if (polled) {
      polled();
    }
    return std::exchange(events, {});
  }
  SwarmStatus status(const InfoHash&) const override { return {}; }
  TransferReport transfer(const InfoHash&) const override {
    TransferReport report;
    report.whole = whole;
    return report;
  }

  std::function<void()> polled;
  std::vector<SwarmEvent> events;
  std::vector<Endpoint> whole;
  std::vector<Endpoint> known;

private:
  FakeClock& clock_;
};

class AudienceTest : public EpochTest {
protected:
  AudienceTest() {
    release_.position = Position{42};
    release_.info_hash = {sha256("this")};
    options_.linger = 30s;
    auto session = std::make_unique<QuietSession>(clock_);
    session_ = session.get();
    serving_.session = std::move(session);
  }
  void peer_is_on_it(const std::string& id) {
    PeerRecord record;
    record.id = id;
    record.counter = 1;
    record.host = "host";
    record.endpoint = {"192.0.2.1", 6881};
    record.active = release_.position;
    record.active_hash = release_.info_hash;
    record.info_hash = release_.info_hash;
    record.complete = true;
    EXPECT_THAT(share_->write_cell(CellKind::peer, id, encode(record)), IsOk());
  }
  std::chrono::milliseconds lingered() {
    const MonotonicTime start = clock_.now();
    EXPECT_THAT(audience_.linger(), IsOk());
    return epoch_.since(start);
  }

  Descriptor release_;
  Serving serving_;
  QuietSession* session_ = nullptr;
  Audience audience_{epoch_, serving_, release_};
};

}  // namespace

TEST_F(AudienceTest, ItServesUntilEnoughHaveIt) {
  session_->polled = [this] { peer_is_on_it("peer-1"); };

  const auto enough = audience_.serve_until([](const Spread& spread) { return spread.complete == 1; }, 1h);

  ASSERT_THAT(enough, IsOk());
  EXPECT_TRUE(*enough);
  EXPECT_EQ(audience_.spread().live, 1U);
  EXPECT_EQ(status_.collect().copies, 1U);
}

TEST_F(AudienceTest, OrUntilTheTimeIsOver) {
  const auto enough = audience_.serve_until([](const Spread&) { return false; }, 10s);

  ASSERT_THAT(enough, IsOk());
  EXPECT_FALSE(*enough);
}

TEST_F(AudienceTest, OrUntilItIsToldToStop) {
  session_->polled = [this] { stop_.request_stop(); };

  EXPECT_THAT(audience_.serve_until([](const Spread&) { return false; }, 1h),
              FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(AudienceTest, WhatTheSessionFailsWithEndsIt) {
  session_->events = {SwarmFailed{release_.info_hash, {ErrorCode::cannot_write, "disk full", ""}}};

  EXPECT_THAT(audience_.serve_until([](const Spread&) { return false; }, 1h),
              FailsWith(ErrorCode::cannot_write, "disk full"));
}

TEST_F(AudienceTest, RecordsThatCannotBeReadAreNotNobody) {
  ASSERT_THAT(remove_tree(temp_ / "share"), IsOk());
  int asked = 0;

  ASSERT_THAT(audience_.serve_until(
                  [&](const Spread&) {
                    ++asked;
                    return true;
                  },
                  5s),
              IsOk());

  EXPECT_EQ(asked, 0);
}

TEST_F(AudienceTest, ItLeavesWhenAllAreOnItAndItHasMetThem) {
  peer_is_on_it("peer-1");
  session_->whole = {{"192.0.2.1", 6881}};

  EXPECT_LT(lingered(), 1s);
  EXPECT_EQ(status_.collect().phase, Phase::seeding);
}

TEST_F(AudienceTest, ItStaysWhenOnlyRecordsSaySo) {
  peer_is_on_it("peer-1");

  EXPECT_GE(lingered(), 30s);
}

TEST_F(AudienceTest, ItLeavesOnceItHasMetThem) {
  peer_is_on_it("peer-1");
  const MonotonicTime start = clock_.now();
  session_->polled = [&] {
    if (epoch_.since(start) > 10s) {
      session_->whole = {{"192.0.2.1", 6881}};
    }
  };

  EXPECT_LT(lingered(), 15s);
}

TEST_F(AudienceTest, ItStaysWhileNobodyIsThere) {
  EXPECT_GE(lingered(), 30s);
}

TEST_F(AudienceTest, ToldToStopItLeavesWithoutAnError) {
  stop_.request_stop();

  EXPECT_LT(lingered(), 1s);
}

TEST_F(AudienceTest, WhoAnnouncedToTheTrackerWasMet) {
  serving_.tracker = TrackerServer::open({}, clock_).value();
  serving_.tracker->serve(swarm_key(release_.info_hash), session_->endpoint());
  session_->whole = {{"192.0.2.1", 6881}};

  EXPECT_EQ(serving_.witnessed(release_.info_hash, {{"192.0.2.1", 6881}}), 1U);
}

TEST_F(AudienceTest, StrangersThatSayTheyHaveEverythingLetItGoNowhere) {
  peer_is_on_it("peer-1");
  session_->whole = {{"192.0.2.66", 6881}, {"192.0.2.1", 6882}, {"192.0.2.67", 6881}};

  EXPECT_GE(lingered(), 30s);
}

TEST_F(AudienceTest, OfHostsThatWereMetThoseCountWhoseRecordsSayThatTheyHaveIt) {
  session_->whole = {{"192.0.2.66", 6881}, {"192.0.2.1", 6881}};

  EXPECT_EQ(serving_.witnessed(release_.info_hash, {{"192.0.2.1", 6881}, {"192.0.2.1", 6881}}), 1U);
  EXPECT_EQ(serving_.witnessed(release_.info_hash, {{"192.0.2.2", 6881}}), 0U);
  EXPECT_EQ(serving_.witnessed(release_.info_hash, {}), 0U);
}

TEST_F(AudienceTest, TheSessionIsToldWhereTheFleetIs) {
  peer_is_on_it("peer-1");
  session_->whole = {{"192.0.2.1", 6881}};

  EXPECT_LT(lingered(), 1s);

  EXPECT_EQ(session_->known, (std::vector<Endpoint>{{"192.0.2.1", 6881}}));
}

class OpenServing : public EpochTest {};

TEST_F(OpenServing, WhereItServesIsToldAtOnce) {
  int told = 0;
  status_.when_told([&](Phase) { ++told; });

  const auto serving = open_serving(epoch_, {InfoHash{sha256("this")}});

  ASSERT_THAT(serving, IsOk());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(status_.collect().endpoint, (*serving).session->endpoint());
  EXPECT_EQ(status_.collect().tracker, (*serving).tracker_endpoint());
}

}  // namespace swarmout::test
