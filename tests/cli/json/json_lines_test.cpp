#include "cli/json/json_lines.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace swarmout::test {

TEST(JsonLines, ALineIsAnObjectWithItsFieldsInOrder) {
  EXPECT_EQ(
      JsonLine("summary").add("count", std::size_t{3}).add("well", true).add("share", 0.5).add_null("none").text(),
      "{\"type\":\"summary\",\"count\":3,\"well\":true,\"share\":0.5,\"none\":null}\n");
}

TEST(JsonLines, WhateverAPathHasItIsOneLineOfAscii) {
  const std::string line = JsonLine("x").add("path", "a\n\"b\"\\\t\x01 \xc3\xa9 \xff").text();

  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char each : line) {
    EXPECT_LT(static_cast<unsigned char>(each), 0x7f);
  }
  EXPECT_EQ(nlohmann::json::parse(line)["path"], "a\n\"b\"\\\t\x01 \xc3\xa9 \xef\xbf\xbd");
}

}  // namespace swarmout::test
