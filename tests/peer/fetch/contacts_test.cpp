#include "peer/fetch/contacts.hpp"

#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using testing::_;
using testing::ElementsAre;
using testing::NiceMock;
using testing::Return;

class MockSession : public SwarmSession {
public:
  MOCK_METHOD(Endpoint, endpoint, (), (const, override));
  MOCK_METHOD(Result<InfoHash>, add, (const SwarmContent&), (override));
  MOCK_METHOD(void, expect, (std::size_t), (override));
  MOCK_METHOD(void, know, (const std::vector<Endpoint>&), (override));
  MOCK_METHOD(void, connect, (const InfoHash&, const std::vector<Endpoint>&), (override));
  MOCK_METHOD(void, set_trackers, (const InfoHash&, const std::vector<Endpoint>&), (override));
  MOCK_METHOD(void, set_limits, (const InfoHash&, const RateLimits&), (override));
  MOCK_METHOD(std::shared_ptr<const PassedPieces>, passed, (const InfoHash&), (const, override));
  MOCK_METHOD(void, hurry, (const InfoHash&, PieceRange), (override));
  MOCK_METHOD(void, remove, (const InfoHash&), (override));
  MOCK_METHOD(std::vector<SwarmEvent>, poll, (std::chrono::milliseconds), (override));
  MOCK_METHOD(SwarmStatus, status, (const InfoHash&), (const, override));
  MOCK_METHOD(TransferReport, transfer, (const InfoHash&), (const, override));
};

class ContactsTest : public testing::Test {
protected:
  ContactsTest() { state_->clock = &clock_; }
  void connected(int hosts) {
    SwarmStatus status;
    status.connected = hosts;
    status.hosts = hosts;
    ON_CALL(session_, status(_)).WillByDefault(Return(status));
  }

  FakeClock clock_;
  std::shared_ptr<MemoryShareState> state_ = std::make_shared<MemoryShareState>();
  MemoryShare share_{state_};
  Presence presence_{share_, clock_, Endpoint{"192.0.2.1", 1000}};
  NiceMock<MockSession> session_;
  Contacts contacts_{session_, presence_, clock_, [](const Error&) {}};
  const InfoHash release_{sha256("release")};
  const Endpoint leader_{"192.0.2.7", 4321};
};

}  // namespace

TEST_F(ContactsTest, ALeaderThatBecomesKnownIsConnectedAtOnce) {
  connected(0);
  contacts_.connect(release_, {});
  Wanted wanted;
  wanted.leader = leader_;

  EXPECT_CALL(session_, connect(release_, ElementsAre(leader_)));
  contacts_.connect(release_, wanted);  // within the two seconds

  testing::Mock::VerifyAndClearExpectations(&session_);
  EXPECT_CALL(session_, connect(_, _)).Times(0);
  contacts_.connect(release_, wanted);
}

TEST_F(ContactsTest, ALeaderThatTheFetchBeganWithIsNotConnectedAgain) {
  connected(1);
  contacts_.connect(release_, {});
  Wanted wanted;
  wanted.leader = leader_;
  EXPECT_THAT(contacts_.peers(wanted), ElementsAre(leader_));

  EXPECT_CALL(session_, connect(_, _)).Times(0);
  contacts_.connect(release_, wanted);
}

TEST_F(ContactsTest, WithFewConnectionsItLooksForMoreFromTimeToTime) {
  connected(static_cast<int>(kFewConnections) - 1);
  EXPECT_CALL(session_, connect(release_, _)).Times(2);

  contacts_.connect(release_, {});
  contacts_.connect(release_, {});
  clock_.advance(kConnectEvery);
  contacts_.connect(release_, {});
}

TEST_F(ContactsTest, ConnectionsOfStrangersAreNotEnough) {
  SwarmStatus status;
  status.connected = 50;
  status.hosts = 1;
  ON_CALL(session_, status(_)).WillByDefault(Return(status));

  EXPECT_CALL(session_, connect(release_, _));

  contacts_.connect(release_, {});
}

TEST_F(ContactsTest, WithEnoughConnectionsItLooksForNobody) {
  connected(static_cast<int>(kFewConnections));
  EXPECT_CALL(session_, connect(_, _)).Times(0);

  contacts_.connect(release_, {});
}

}  // namespace swarmout::test
