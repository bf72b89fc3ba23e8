#include "tests/sim/swarm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::sim {

namespace {

using testing::ElementsAreArray;
using testing::Not;

/// Small and quick, with nothing that is the program's to change.
Params small_swarm() {
  Params params;
  params.hosts = 12;
  params.payload = 16 << 20;
  params.piece = 32 << 10;
  params.seeder = {100, 12, 2 << 20};
  params.clone = {50, 2, 64 << 10};
  params.max_out = 32;
  params.queue_seconds = 10;
  params.partial_first = false;
  params.have_asks = true;
  params.strict_end_game = true;
  return params;
}

constexpr Time kLimit = std::chrono::minutes{10};

Report run(const Params& params) {
  return Swarm(params).run(kLimit);
}

}  // namespace

TEST(SwarmSim, ASingleHostTakesAsLongAsItsLineNeedsForThePayload) {
  Params params = small_swarm();
  params.hosts = 1;

  const Report report = run(params);

  ASSERT_EQ(report.seconds.size(), 1U);
  const double line = params.framing * static_cast<double>(kBlock + 13) / static_cast<double>(kBlock);
  EXPECT_GE(report.last(), line);
  EXPECT_LE(report.last(), line * 1.01);
  EXPECT_DOUBLE_EQ(report.copies, 1);
  EXPECT_DOUBLE_EQ(report.waste, 0);
}

TEST(SwarmSim, AllHostsGetEverythingAndNoneBeforeALineCanCarryIt) {
  const Params params = small_swarm();

  const Report report = run(params);

  EXPECT_EQ(report.seconds.size(), params.hosts);
  EXPECT_GE(report.first(), params.framing);
  EXPECT_GE(report.all_out / report.bound, params.framing);
}

TEST(SwarmSim, NoBlockArrivesThatWasNotSent) {
  const Params params = small_swarm();
  Swarm swarm(params);
  const Report report = swarm.run(kLimit);

  Bytes sent = 0;
  Bytes received = 0;
  for (Wire::Host host = 0; host <= params.hosts; ++host) {
    sent += swarm.wire().counters(host).data_out;
    received += swarm.wire().counters(host).data_in;
    if (host > 0) {
      EXPECT_GE(swarm.wire().counters(host).data_in, params.payload) << "host " << host;
    }
  }
  EXPECT_LE(received, sent);
  EXPECT_EQ(swarm.wire().counters(0).data_in, 0U);
  EXPECT_EQ(report.seconds.size(), params.hosts);
}

TEST(SwarmSim, NoLineCarriesMoreThanItsRate) {
  const Params params = small_swarm();
  Swarm swarm(params);
  const Report report = swarm.run(kLimit);

  const double bytes_a_second = params.mbit * 1e6 / 8;
  for (Wire::Host host = 0; host <= params.hosts; ++host) {
    const LineCounters& counters = swarm.wire().counters(host);
    const double slack = 2.0 * static_cast<double>(kBlock);
    EXPECT_LE(static_cast<double>(counters.out), report.seconds.back() * bytes_a_second + slack) << "host " << host;
    EXPECT_LE(static_cast<double>(counters.in), report.seconds.back() * bytes_a_second + slack) << "host " << host;
  }
}

TEST(SwarmSim, TheSameSeedGivesTheSameRunAndAnotherAnother) {
  Params params = small_swarm();
  const Report first = run(params);
  const Report again = run(params);
  params.seed = 2;
  const Report other = run(params);

  EXPECT_THAT(again.seconds, ElementsAreArray(first.seconds));
  EXPECT_EQ(again.events, first.events);
  EXPECT_THAT(other.seconds, Not(ElementsAreArray(first.seconds)));
}

TEST(SwarmSim, AlongAChainEachHostIsAFewPiecesBehindTheOneBefore) {
  Params params = small_swarm();
  params.hosts = 5;
  params.seeder.connections = 1;
  params.clone.connections = 2;
  params.clone.takes = 9;  // of so few

  const Report report = run(params);

  ASSERT_EQ(report.seconds.size(), params.hosts);
  EXPECT_EQ(report.connections, params.hosts);
  const double piece = report.bound * static_cast<double>(params.piece) / static_cast<double>(params.payload);
  for (std::size_t host = 1; host < params.hosts; ++host) {
    const double behind = report.seconds[host] - report.seconds[host - 1];
    EXPECT_GT(behind, 0);
    EXPECT_LT(behind, 20 * piece) << "host " << host;
  }
}

TEST(SwarmSim, WithTheGateTheSeederSendsLittleTwiceAndWithoutMuch) {
  Params params = small_swarm();
  params.payload = 64 << 20;
  const Report with = run(params);
  params.gate = false;
  const Report without = run(params);

  EXPECT_LT(with.copies, 1.1);
  EXPECT_GT(without.copies, 1.2);
  EXPECT_LT(with.last(), without.last());
}

TEST(SwarmSim, AHostWithATwentiethOfTheRateHardlySlowsTheOthers) {
  Params params = small_swarm();
  params.payload = 64 << 20;
  const Report alike = run(params);
  params.slow = 1;
  const Report with_a_slow_one = run(params);

  EXPECT_EQ(with_a_slow_one.seconds.size(), params.hosts - 1);
  EXPECT_LT(with_a_slow_one.last(), 1.15 * alike.last());
}

TEST(SwarmSim, APieceIsAnnouncedOnEveryConnection) {
  Params params = small_swarm();
  params.hosts = 40;
  params.payload = 4 << 20;
  params.clone.connections = 8;
  const Report few = run(params);
  params.clone.connections = 40;
  const Report many = run(params);

  EXPECT_EQ(few.seconds.size(), params.hosts);
  EXPECT_LE(few.most_connections, 8U);
  EXPECT_GT(many.connections, 2 * few.connections);
  EXPECT_GT(many.have_mb, 2 * few.have_mb);
}

TEST(SwarmSim, WhatTheProgramIsSetToIsWhatIsSimulated) {
  const Params params = params_of_program();

  EXPECT_GT(decided(params).seeder.takes, decided(params).clone.takes);
  EXPECT_GT(params.seeder.connections, 0U);
  EXPECT_GT(decided(params).max_out, 0U);
  EXPECT_GT(params.clone.send_buffer, 0U);
}

}  // namespace swarmout::sim
