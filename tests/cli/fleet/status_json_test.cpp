// What `status --json` prints is what docs/formats/status.schema.json says.

#include "cli/fleet/status_json.hpp"

#include "tests/cli/schema.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace swarmout::test {

namespace {

using Json = nlohmann::json;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> faults_of(const FleetOverview& fleet) {
  const Json printed = Json::parse(status_json(fleet).dump());
  const Json wanted = schema("status.schema.json");
  return SchemaChecker(wanted).faults(printed);
}

/// With something in every field.
FleetOverview full() {
  FleetOverview fleet;
  fleet.share = "/mnt/share";
  fleet.time = WallTime(std::chrono::seconds(1'790'000'000));
  PublishedRelease release;
  release.commit.position = {42};
  release.commit.revision = "abcdef";
  release.commit.time = "2026-11-23T12:00:00Z";
  release.descriptor.position = {42};
  release.descriptor.revision = "abcdef";
  release.active_on = 1;
  fleet.releases = {release};
  fleet.current = Position{42};
  fleet.hold = Hold{.reason = "why", .host = "web01", .time = "2026-11-23T12:00:00Z", .position = {43}};
  LeaderSeen leader;
  leader.claim.position = {43};
  leader.at_work = true;
  leader.info = HeartbeatInfo{};
  leader.info->offered = 7;
  leader.info->traffic.hosts.push_back({Endpoint{"192.0.2.7", 6881}, 1, 2, 3, true});
  fleet.leader = leader;
  SeenPeer peer;
  peer.record.id = "0123";
  peer.record.endpoint = {"192.0.2.7", 6881};
  peer.record.holds = {Position{41}, Position{42}};
  peer.record.job = JobRecord{"nightly", {42}, 0, std::chrono::seconds(7), "2026-11-23T12:00:00Z", "done"};
  peer.record.version = "0.1.0";
  peer.record.pinned = "release 41: audit";
  peer.record.first_piece = std::chrono::milliseconds(200);
  peer.record.fetched_in = std::chrono::milliseconds(2000);
  peer.record.traffic.hosts.push_back({Endpoint{"192.0.2.8", 6881}, 1, 2, 3, false});
  fleet.peers = {peer};
  fleet.silent = {peer};
  fleet.newest_word = Freshness{"2026-11-23T12:00:00Z", std::chrono::seconds(9), false};
  fleet.foreign = {{ErrorCode::refused, "somebody's", {}}};
  return fleet;
}

}  // namespace

TEST(StatusJson, IsAsTheSchemaHasIt) {
  EXPECT_THAT(faults_of(full()), IsEmpty());
}

TEST(StatusJson, AnEmptyFleetIsAsTheSchemaHasItToo) {
  EXPECT_THAT(faults_of(FleetOverview{}), IsEmpty());
}

TEST(StatusJson, ASilentLeaderIsAsTheSchemaHasItToo) {
  FleetOverview fleet = full();
  fleet.leader->info.reset();

  EXPECT_THAT(faults_of(fleet), IsEmpty());
}

TEST(StatusJson, TheCheckerSeesWhatIsWrong) {
  const Json wanted = schema("status.schema.json");
  Json printed = Json::parse(status_json(full()).dump());
  printed["peers"][0]["complete"] = 1;
  printed["leader"]["phase"] = "asleep";
  printed["releases"][0].erase("files");
  printed["surprise"] = true;

  EXPECT_THAT(SchemaChecker(wanted).faults(printed), SizeIs(4));
}

}  // namespace swarmout::test
