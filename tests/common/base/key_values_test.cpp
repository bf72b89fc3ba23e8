#include "common/base/key_values.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace swarmout::test {

namespace {

constexpr std::string_view kMagic = "swarmout-test 1";

std::string every_byte() {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    all.push_back(static_cast<char>(byte));
  }
  return all;
}

KeyValues parsed(const std::string& lines) {
  auto record = KeyValues::parse(std::string(kMagic) + "\n" + lines, kMagic);
  EXPECT_THAT(record, IsOk());
  return std::move(record).value_or(KeyValues(""));
}

}  // namespace

TEST(KeyValuesTest, TheTextIsAMagicLineAndALineForEachValueInOrder) {
  EXPECT_EQ(KeyValues(std::string(kMagic)).add("b", "two words").add("a", 7).add("empty", "").text(),
            "swarmout-test 1\nb two words\na 7\nempty \n");
}

TEST(KeyValuesTest, WhatWasWrittenIsRead) {
  const std::string text =
      KeyValues(std::string(kMagic)).add("name", "two words").add("count", 7).add("empty", "").text();

  ASSERT_OK_AND_ASSIGN(const KeyValues record, KeyValues::parse(text, kMagic));

  EXPECT_EQ(record.get("name").value_or("error"), "two words");
  EXPECT_EQ(record.number("count").value_or(0), 7U);
  EXPECT_EQ(record.get("empty").value_or("error"), "");
  EXPECT_EQ(record.text(), text);
}

TEST(KeyValuesTest, AValueMayHaveAnyBytes) {
  const std::string text = KeyValues(std::string(kMagic)).add("all", every_byte()).text();

  ASSERT_OK_AND_ASSIGN(const KeyValues record, KeyValues::parse(text, kMagic));

  EXPECT_EQ(record.get("all").value_or("error"), every_byte());
}

TEST(KeyValuesTest, TheTextIsPrintableWhateverTheValue) {
  const std::string text = KeyValues(std::string(kMagic)).add("all", every_byte()).text();

  for (const char c : text) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  }
}

TEST(KeyValuesTest, AValueCannotForgeALine) {
  const std::string text = KeyValues(std::string(kMagic)).add("name", "x\nadmin yes").text();

  ASSERT_OK_AND_ASSIGN(const KeyValues record, KeyValues::parse(text, kMagic));

  EXPECT_EQ(record.find("admin"), std::nullopt);
}

TEST(KeyValuesTest, ARecordWithoutValuesIsARecord) {
  EXPECT_THAT(KeyValues::parse("swarmout-test 1\n", kMagic), IsOk());
}

TEST(KeyValuesTest, ALargestNumberIsANumber) {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();

  EXPECT_EQ(parsed(fmt::format("n {}\n", kMax)).number("n").value_or(0), kMax);
}

TEST(KeyValuesTest, ADigestIsRead) {
  EXPECT_EQ(parsed("d " + sha256("x").hex() + "\n").digest("d").value_or(Digest{}), sha256("x"));
}

TEST(KeyValuesTest, AMissingValueIsRefusedByName) {
  EXPECT_THAT(parsed("a 1\n").get("b"), FailsWith(ErrorCode::refused, "has no b"));
  EXPECT_THAT(parsed("a 1\n").number("b"), FailsWith(ErrorCode::refused, "has no b"));
  EXPECT_THAT(parsed("a 1\n").digest("b"), FailsWith(ErrorCode::refused, "has no b"));
}

namespace {

class NotANumber : public testing::TestWithParam<const char*> {};
class NotADigest : public testing::TestWithParam<std::string> {};
class NotARecord : public testing::TestWithParam<const char*> {};
class NotEscaped : public testing::TestWithParam<std::string> {};

}  // namespace

TEST_P(NotANumber, IsRefused) {
  EXPECT_THAT(parsed(std::string("n ") + GetParam() + "\n").number("n"), FailsWith(ErrorCode::refused, "not a number"));
}
INSTANTIATE_TEST_SUITE_P(Values, NotANumber,
                         testing::Values("", " 1", "1 ", "-1", "+1", "0x10", "1.5", "1e3", "ten",
                                         "18446744073709551616", "99999999999999999999999"));

TEST_P(NotADigest, IsRefused) {
  EXPECT_THAT(parsed("d " + GetParam() + "\n").digest("d"), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Values, NotADigest,
                         testing::Values("", std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
                                         std::string(64, 'g')));

TEST_P(NotARecord, IsRefused) {
  EXPECT_THAT(KeyValues::parse(GetParam(), kMagic), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Empty, NotARecord, testing::Values("", "\n"));
INSTANTIATE_TEST_SUITE_P(Magic, NotARecord,
                         testing::Values("swarmout-test 2\na 1\n", "swarmout-test 1 \na 1\n", "Swarmout-test 1\na 1\n",
                                         "swarmout-test 11\n", "a 1\nswarmout-test 1\n"));
INSTANTIATE_TEST_SUITE_P(CutShort, NotARecord, testing::Values("swarmout-test 1", "swarmout-test 1\na 1"));
INSTANTIATE_TEST_SUITE_P(NoKey, NotARecord,
                         testing::Values("swarmout-test 1\na\n", "swarmout-test 1\n a\n", "swarmout-test 1\n\n"));
INSTANTIATE_TEST_SUITE_P(Twice, NotARecord, testing::Values("swarmout-test 1\na 1\nb 2\na 1\n"));
INSTANTIATE_TEST_SUITE_P(CarriageReturn, NotARecord,
                         testing::Values("swarmout-test 1\r\na 1\r\n", "swarmout-test 1\na 1\r\n"));

TEST_P(NotEscaped, IsRefused) {
  EXPECT_THAT(unescape_value(GetParam()), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Escapes, NotEscaped,
                         testing::Values("%", "a%", "%4", "a%4", "%zz", "%4z", "%-1", "%+1", "% 1"));
INSTANTIATE_TEST_SUITE_P(Bytes, NotEscaped,
                         testing::Values("a\nb", "\x7f", "\xff", "\t", "\x1b[31m", std::string("a\0b", 3)));

TEST(KeyValuesTest, AnEscapeAtTheEndIsRead) {
  EXPECT_EQ(unescape_value("a%0a").value_or("error"), "a\n");
  EXPECT_EQ(unescape_value("%00").value_or("error"), std::string(1, '\0'));
}

TEST(KeyValuesTest, APercentSignIsEscaped) {
  EXPECT_EQ(escape_value("100%41"), "100%2541");
  EXPECT_EQ(unescape_value("100%2541").value_or("error"), "100%41");
}

TEST(KeyValuesTest, AMessageAboutAnotherRecordIsPrintable) {
  const auto record = KeyValues::parse("\x1b[31mred\n", kMagic);

  ASSERT_FALSE(record.has_value());
  EXPECT_EQ(record.error().message.find('\x1b'), std::string::npos);
}

}  // namespace swarmout::test
