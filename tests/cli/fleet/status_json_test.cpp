// What `status --json` prints is what docs/formats/status.schema.json says.

#include "cli/fleet/status_json.hpp"

#include "common/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace swarmout::test {

namespace {

using Json = nlohmann::json;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// What of JSON Schema the document uses, and nothing else: an unknown word is a fault of the schema.
class SchemaChecker {
public:
  explicit SchemaChecker(const Json& schema) : root_(schema) {}
  std::vector<std::string> faults(const Json& value) {
    check(value, root_, "");
    return std::move(faults_);
  }

private:
  void fault(const std::string& where, const std::string& what) { faults_.push_back(where + ": " + what); }

  static bool is(const Json& value, const std::string& type) {
    return type == "integer"  ? value.is_number_integer()
           : type == "number" ? value.is_number()
                              : type == value.type_name();
  }

  void check(const Json& value, const Json& schema, const std::string& where) {
    for (const auto& [word, rule] : schema.items()) {
      if (word == "type") {
        const std::vector<Json> types = rule.is_array() ? rule.get<std::vector<Json>>() : std::vector<Json>{rule};
        if (std::none_of(types.begin(), types.end(), [&](const Json& type) { return is(value, type); })) {
          fault(where, fmt::format("{} is not {}", value.dump(), rule.dump()));
        }
      } else if (word == "required") {
        for (const Json& key : rule) {
          if (!value.contains(key.get<std::string>())) {
            fault(where, "has no " + key.get<std::string>());
          }
        }
      } else if (word == "properties") {
        check_properties(value, rule, where);
      } else if (word == "items") {
        for (std::size_t i = 0; i < value.size(); ++i) {
          check(value[i], rule, fmt::format("{}[{}]", where, i));
        }
      } else if (word == "minimum") {
        if (value.is_number() && value < rule) {
          fault(where, "is below " + rule.dump());
        }
      } else if (word == "enum") {
        if (std::find(rule.begin(), rule.end(), value) == rule.end()) {
          fault(where, value.dump() + " is none of the words");
        }
      } else if (word == "$ref") {
        check(value, root_.at(Json::json_pointer(rule.get<std::string>().substr(1))), where);
      } else if (word == "anyOf") {
        const bool any = std::any_of(rule.begin(), rule.end(), [&](const Json& each) {
          SchemaChecker one(root_);
          one.check(value, each, where);
          return one.faults_.empty();
        });
        if (!any) {
          fault(where, "is none of what it may be");
        }
      } else if (word != "$schema" && word != "title" && word != "description" && word != "$defs") {
        fault(where, "the schema says " + word);
      }
    }
  }

  /// Stricter than a reader is: a field that is not in the document is one that nobody knows of.
  void check_properties(const Json& value, const Json& properties, const std::string& where) {
    for (const auto& [key, each] : value.items()) {
      properties.contains(key) ? check(each, properties[key], where + '.' + key)
                               : fault(where, key + " is not in the schema");
    }
  }

  const Json& root_;
  std::vector<std::string> faults_;
};

Json schema() {
  Path root = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  while (!path_exists(root / "docs/formats") && root.has_relative_path()) {
    root = root.parent_path();
  }
  return Json::parse(read_file(root / "docs/formats/status.schema.json", kMiB).value());
}

std::vector<std::string> faults_of(const FleetOverview& fleet) {
  const Json printed = Json::parse(status_json(fleet).dump());
  const Json wanted = schema();
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
  const Json wanted = schema();
  Json printed = Json::parse(status_json(full()).dump());
  printed["peers"][0]["complete"] = 1;
  printed["leader"]["phase"] = "asleep";
  printed["releases"][0].erase("files");
  printed["surprise"] = true;

  EXPECT_THAT(SchemaChecker(wanted).faults(printed), SizeIs(4));
}

}  // namespace swarmout::test
