// What is printed line by line is what docs/formats/lines.schema.json says.

#include "cli/host/lines.hpp"

#include "tests/cli/schema.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using ::testing::IsEmpty;

class LinesTest : public testing::Test {
protected:
  /// All fit the schema, the last one is a summary, and no other.
  void expect_lines(std::size_t count) const {
    const nlohmann::json wanted = schema("lines.schema.json");
    ASSERT_EQ(lines_.size(), count);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto line = nlohmann::json::parse(lines_[i]);
      EXPECT_THAT(SchemaChecker(wanted).faults(line), IsEmpty()) << lines_[i];
      EXPECT_EQ(line["type"] == "summary", i + 1 == lines_.size()) << lines_[i];
    }
  }

  std::vector<std::string> lines_;
  LineSink sink_ = [this](const JsonLine& line) -> Result<void> {
    lines_.push_back(line.text());
    return {};
  };
};

}  // namespace

TEST_F(LinesTest, OfAVerification) {
  Verified found;
  found.release = {42};
  found.check.differences = {{Fault::content, "a", "seen", 0}, {Fault::extra, "b", "", std::nullopt}};
  found.left = {found.check.differences.front()};
  found.failed = Error{ErrorCode::cannot_write, "the disk is full", ""};

  ASSERT_OK(give_lines(found, sink_));

  expect_lines(3);
  EXPECT_FALSE(nlohmann::json::parse(lines_.at(0))["repaired"]);
  EXPECT_TRUE(nlohmann::json::parse(lines_.at(1))["repaired"]);
  EXPECT_EQ(nlohmann::json::parse(lines_.at(2))["error"], "the disk is full");
}

TEST_F(LinesTest, OfACollection) {
  GcReport report;
  report.collected.removed = {{Removal::Kind::tree, "t1", sha256("m"), "old", 100},
                              {Removal::Kind::packs, "release 1 (r1)", sha256("d"), "old", 10}};
  report.before.trees = {{"t2", sha256("m2"), 1, 1, std::string(kCurrent)}};
  report.collected.failed = Error{ErrorCode::cannot_write, "cannot remove", ""};

  ASSERT_OK(give_lines(report, false, sink_));

  expect_lines(4);
}

TEST_F(LinesTest, OfTwoReleases) {
  TwoReleases both;
  Node node;
  node.path = "a";
  both.after.manifest.nodes = {node};

  ASSERT_OK(give_lines(both, changed_between(both.before.manifest, both.after.manifest), false, sink_));

  expect_lines(2);
}

TEST_F(LinesTest, OfADoctor) {
  ASSERT_OK(give_lines(std::vector<Finding>{well("seen"), broken("seen", "cure")}, sink_));

  expect_lines(3);
}

TEST_F(LinesTest, OfWhatCameToNothing) {
  ASSERT_OK(sink_(JsonLine("summary").add("error", "not on this host")));

  expect_lines(1);
}

}  // namespace swarmout::test
