#include "common/swarm/traffic.hpp"

#include "common/base/key_values.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Endpoint kOne{"192.0.2.1", 1001};
const Endpoint kTwo{"2001:db8::2", 1002};
const MonotonicTime kStart{1h};

Traffic some_traffic() {
  Traffic traffic;
  traffic.hosts = {{kOne, 100, 200, 3, true}, {kTwo, 10, 20, 0, false}};
  traffic.others = 5;
  traffic.others_in = 1;
  traffic.others_out = 2;
  return traffic;
}

}  // namespace

TEST(TrafficTest, WhatWasWrittenIsRead) {
  EXPECT_EQ(decode_traffic(encode(some_traffic())).value_or(Traffic{}), some_traffic());
  EXPECT_EQ(decode_traffic(encode(Traffic{})).value_or(some_traffic()), Traffic{});
}

TEST(TrafficTest, ShorteningKeepsTheSumsAndTheFirstHosts) {
  const Traffic shorter = shortened(some_traffic(), 1);

  EXPECT_THAT(shorter.hosts, ElementsAre(some_traffic().hosts.front()));
  EXPECT_EQ(shorter.others, 6U);
  EXPECT_EQ(shorter.in(), some_traffic().in());
  EXPECT_EQ(shorter.out(), some_traffic().out());
  EXPECT_EQ(shortened(some_traffic(), 2), some_traffic());
}

namespace {

class HostileTraffic : public testing::TestWithParam<const char*> {};

}  // namespace

TEST_P(HostileTraffic, IsRefused) {
  EXPECT_THAT(decode_traffic(GetParam()), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Records, HostileTraffic,
                         testing::Values("x", ";;", "others 1 2", "others 1 2 x", "others 1 2 -3", "others 1  3",
                                         "192.0.2.1:1 1 2 3", "192.0.2.1:1 1 2 3 4 5", "192.0.2.1 1 2 3 0",
                                         "host:1 1 2 3 0", "192.0.2.1:1 99999999999999999999 2 3 0",
                                         "192.0.2.1:1 1 2 3 \n"));

TEST(TrafficTest, ARecordOfAMillionHostsIsRefused) {
  Traffic traffic;
  traffic.hosts.resize(kMostNamed, {kOne, 1, 2, 0, false});
  EXPECT_THAT(decode_traffic(encode(traffic)), IsOk());
  traffic.hosts.push_back(traffic.hosts.front());
  EXPECT_THAT(decode_traffic(encode(traffic)), FailsWith(ErrorCode::refused, "too many"));
}

TEST(TrafficTest, TheBoundIsWhatIsNeededAtTheSeedersRate) {
  EXPECT_EQ(times_bound(3s, 2000, 1000), 1.5);
  EXPECT_EQ(times_bound(3s, 2000, 0), std::nullopt) << "the rate is not known";
  EXPECT_EQ(times_bound(3s, 0, 1000), std::nullopt) << "nothing was needed";
}

// The ledger.

TEST(TrafficLedgerTest, ItAddsUpByHost) {
  TrafficLedger ledger(kStart);
  ledger.received(kOne, 10);
  ledger.received(kTwo, 5);
  ledger.received(kTwo, 7);
  ledger.sent(kOne, 3, kStart);

  const Traffic traffic = ledger.report().traffic;

  EXPECT_THAT(traffic.hosts, ElementsAre(HostTraffic{kOne, 10, 3, 0, false}, HostTraffic{kTwo, 12, 0, 0, false}));
  EXPECT_EQ(traffic.in(), 22U);
  EXPECT_EQ(ledger.in(), 22U);
  EXPECT_EQ(ledger.out(), 3U);
}

TEST(TrafficLedgerTest, BadHostsComeFirstHoweverLittleTheySent) {
  TrafficLedger ledger(kStart);
  ledger.received(kOne, 1'000'000);
  ledger.received(kTwo, 1);
  ledger.piece_failed(kTwo);
  ledger.banned(kTwo);

  EXPECT_THAT(shortened(ledger.report().traffic, 1).hosts, ElementsAre(HostTraffic{kTwo, 1, 0, 1, true}));
}

TEST(TrafficLedgerTest, TimesAreFromItsBeginning) {
  TrafficLedger ledger(kStart);
  EXPECT_EQ(ledger.report().first_piece, std::nullopt);
  EXPECT_EQ(ledger.report().last_piece, std::nullopt);

  ledger.piece_passed(kStart + 200ms);
  ledger.piece_passed(kStart + 900ms);

  EXPECT_EQ(ledger.report().first_piece, 200ms);
  EXPECT_EQ(ledger.report().last_piece, 900ms);
}

TEST(TrafficLedgerTest, StrangersCannotMakeItGrowForEver) {
  TrafficLedger ledger(kStart);
  for (std::uint32_t i = 0; i < TrafficLedger::kMostHosts + 10; ++i) {
    ledger.received({"192.0.2." + std::to_string(i % 256), static_cast<std::uint16_t>(i / 256 + 1)}, 2);
  }

  const Traffic traffic = ledger.report().traffic;
  EXPECT_EQ(traffic.hosts.size(), TrafficLedger::kMostHosts);
  EXPECT_EQ(traffic.others_in, 20U);
  EXPECT_EQ(traffic.in(), ledger.in());
}

TEST(TrafficLedgerTest, WhoHasItAllIsRememberedOnce) {
  TrafficLedger ledger(kStart);

  ledger.has_all(kTwo);
  ledger.has_all(kTwo);

  EXPECT_THAT(ledger.report().whole, ElementsAre(kTwo));
}

// The rate of a line.

namespace {

/// A thousand bytes at a time.
void send_evenly(LineRate& rate, MonotonicTime from, std::chrono::milliseconds time, int times_a_second) {
  const auto step = 1000ms / times_a_second;
  for (auto at = 0ms; at < time; at += step) {
    rate.sent(1000, from + at);
  }
}

}  // namespace

TEST(LineRateTest, AnEvenRateIsThatRate) {
  LineRate rate;
  send_evenly(rate, kStart, 20s, 10);

  EXPECT_EQ(rate.best(), 10'000);
}

TEST(LineRateTest, WhatFillsBuffersAtTheBeginningDoesNotCount) {
  LineRate rate;
  rate.sent(1'000'000, kStart);
  send_evenly(rate, kStart, 20s, 10);

  EXPECT_EQ(rate.best(), 10'000);
}

TEST(LineRateTest, ASlowEndDoesNotCount) {
  LineRate rate;
  send_evenly(rate, kStart, 10s, 10);
  send_evenly(rate, kStart + 10s, 30s, 1);

  EXPECT_EQ(rate.best(), 10'000);
}

TEST(LineRateTest, AShortTransferTellsNothing) {
  LineRate rate;
  send_evenly(rate, kStart, 7s, 10);

  EXPECT_EQ(rate.best(), 0);
}

TEST(LineRateTest, NothingIsMeasuredAcrossAPause) {
  LineRate rate;
  for (int burst = 0; burst < 10; ++burst) {
    send_evenly(rate, kStart + burst * 1min, 3s, 10);
  }

  EXPECT_EQ(rate.best(), 0);
}

}  // namespace swarmout::test
