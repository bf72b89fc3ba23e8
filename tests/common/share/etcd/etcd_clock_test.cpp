// Whose clock counts on an etcd share.

#include "common/share/etcd/etcd_share.hpp"
#include "tests/support/etcd_cluster.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tcp_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

TEST(EtcdClientClock, AHostWhoseClockIsAnHourAheadUsesThatOfTheServer) {
  const EtcdSettings settings = common_etcd().fresh_settings();
  ASSERT_OK(EtcdShare::init(settings));
  FakeClock wrong;
  wrong.set_wall(system_clock().wall() + std::chrono::hours(1));
  EtcdShare share(settings, wrong);
  ASSERT_OK(share.tail({}));

  ASSERT_OK_AND_ASSIGN(const WallTime now, share.now());

  EXPECT_LT(std::chrono::abs(now - system_clock().wall()), std::chrono::minutes(10));
}

TEST(EtcdClientClock, AHostWhoseClockIsRightUsesItsOwn) {
  const EtcdSettings settings = common_etcd().fresh_settings();
  ASSERT_OK(EtcdShare::init(settings));
  FakeClock clock;
  clock.set_wall(system_clock().wall() + std::chrono::milliseconds(100));
  EtcdShare share(settings, clock);
  ASSERT_OK(share.tail({}));

  EXPECT_EQ(share.now().value_or(WallTime{}), clock.wall());
}

TEST(EtcdClientClock, WithoutATimeFromTheServerTheHostsIsTaken) {
  const TcpServer server([](int socket, const std::stop_token& stop) {
    while (read_http(socket, stop) && send_text(socket, http_answer(200, R"({"header":{"revision":"7"}})"))) {
    }
  });
  EtcdSettings settings = *parse_etcd_url("etcd://" + server.endpoint() + "/fleet");
  settings.patience = std::chrono::milliseconds(0);
  FakeClock clock;
  EtcdShare share(settings, clock);
  ASSERT_THAT(share.tail({}), FailsWith(ErrorCode::unavailable));

  EXPECT_EQ(share.now().value_or(WallTime{}), clock.wall());
}

TEST(EtcdClientClock, APutThatGetsNoAnswerIsRepeatedByTheClockThatItWasGiven) {
  EtcdSettings settings = *parse_etcd_url("etcd://127.0.0.1:1/fleet");
  settings.patience = std::chrono::milliseconds(0);
  FakeClock clock;
  const MonotonicTime before = clock.now();
  const auto began = std::chrono::steady_clock::now();
  EtcdShare share(settings, clock, std::chrono::seconds(10));

  EXPECT_EQ(share.put(Position{1}, "entry").outcome, PutOutcome::unknown);

  EXPECT_GE(clock.now() - before, std::chrono::seconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(9)) << "it waited in real time";
}

}  // namespace swarmout::test
