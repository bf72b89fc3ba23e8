#include "cli/service/log_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace swarmout::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TEST(LogLine, ReleaseAndSlotAreFieldsWhereALineBeginsWithThem) {
  EXPECT_THAT(fields_of("release 42: ACTIVE main after 3 s"), ElementsAre(Pair("release", "42")));
  EXPECT_THAT(fields_of("slot 2026-01-31T08:00:00Z/1h was published by a"),
              ElementsAre(Pair("slot", "2026-01-31T08:00:00Z/1h")));
  EXPECT_THAT(fields_of("the share is away"), IsEmpty());
}

TEST(LogLine, WhatAHostileRevisionSaysIsNoField) {
  EXPECT_THAT(fields_of("nothing new: release 42: x"), IsEmpty());
  EXPECT_THAT(fields_of("release x42: y"), IsEmpty());
  EXPECT_THAT(fields_of("release 99999999999999999999999: y"), IsEmpty());
}

TEST(LogLine, AnObjectHasTimeLevelMessageAndFieldsInOneLineOfAscii) {
  const std::string line =
      json_log_line(Level::warning, "release 7: \xff \xe2\x80\xae quote \"", WallTime(std::chrono::milliseconds(1125)));

  EXPECT_TRUE(line.ends_with("}\n"));
  EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](unsigned char c) { return c == '\n' || (c >= 32 && c < 127); }));
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["time"], "1970-01-01T00:00:01.125Z");
  EXPECT_EQ(object["level"], "warning");
  EXPECT_EQ(object["release"], 7);
  EXPECT_THAT(object["message"].get<std::string>(), HasSubstr("quote"));
}

TEST(LogLine, TheJournalGetsLevelAndFieldsAndALineThatIsManyIsOneEntry) {
  const std::string one = journal_datagram(Level::error, "release 7: bad");
  EXPECT_EQ(one, "MESSAGE=release 7: bad\nPRIORITY=3\nSYSLOG_IDENTIFIER=swarmout\nSWARMOUT_RELEASE=7\n");

  const std::string many = journal_datagram(Level::info, "a\nPRIORITY=0");
  EXPECT_TRUE(many.starts_with(std::string("MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\n", 29)));
  EXPECT_THAT(many, HasSubstr("PRIORITY=6\n"));
}

}  // namespace swarmout::test
