#include "cli/settings/kinds.hpp"

#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

template <typename T, typename Kind>
std::optional<T> reading(const Kind& kind, std::string_view text) {
  T value{};
  return kind.read(text, value) ? std::optional(value) : std::nullopt;
}

std::optional<ListenAt> listening(std::string_view text) {
  return reading<ListenAt>(ListenAddress{}, text);
}

}  // namespace

TEST(Kinds, WhatIsWrittenIsReadAsTheSame) {
  for (const auto value : {0ms, 10ms, 90500ms, 3600000ms, 5400000ms}) {
    EXPECT_EQ(reading<std::chrono::milliseconds>(Duration{}, Duration{}.written(value)), value);
  }
  EXPECT_EQ(Duration{}.written(90500ms), "1m30s500ms");
  for (const Bytes value : {Bytes{0}, Bytes{1000}, 500 * kKiB, 50 * kMiB, kGiB}) {
    EXPECT_EQ(reading<Bytes>(Rate{}, Rate{}.written(value)), value);
  }
  EXPECT_EQ(Rate{}.written(50 * kMiB), "50M");
}

TEST(Kinds, ADurationInSecondsHasNoFraction) {
  EXPECT_EQ(reading<std::chrono::seconds>(Duration{}, "1h"), 1h);
  EXPECT_EQ(reading<std::chrono::seconds>(Duration{}, "1s500ms"), std::nullopt);
  EXPECT_EQ(reading<std::chrono::milliseconds>(Duration{.least = 100ms}, "99ms"), std::nullopt);
}

TEST(Kinds, NumbersStayInTheirRangeAndType) {
  EXPECT_EQ(reading<int>(Count{1, 19}, "19"), 19);
  for (const std::string_view text : {"0", "20", "", "x", "1x", " 1", "-1", "+1", "99999999999999999999999", "1.0"}) {
    EXPECT_EQ(reading<int>(Count{1, 19}, text), std::nullopt) << text;
  }
  EXPECT_EQ(reading<std::uint8_t>(Count{0, 1000}, "256"), std::nullopt);
}

TEST(Kinds, RatesAreBelowTwoGiBAndFractionsBetweenZeroAndOne) {
  EXPECT_EQ(reading<Bytes>(Rate{}, "1G"), kGiB);
  for (const std::string_view text : {"2G", "2147483648", "fast", "", "K", "-1", "1T", "18446744073709551615K"}) {
    EXPECT_EQ(reading<Bytes>(Rate{}, text), std::nullopt) << text;
  }
  EXPECT_EQ(reading<double>(Fraction{}, "0.25"), 0.25);
  EXPECT_EQ(reading<double>(Fraction{}, "90%"), 0.9);
  for (const std::string_view text : {"nan", "inf", "-0.1", "1.1", "", "half", "101%", "%", "-1%"}) {
    EXPECT_EQ(reading<double>(Fraction{}, text), std::nullopt) << text;
  }
}

TEST(Kinds, AnAddressToListenAtHasAPortOrNone) {
  EXPECT_EQ(listening("192.0.2.7"), (ListenAt{"192.0.2.7", 0}));
  EXPECT_EQ(listening("192.0.2.7:6881"), (ListenAt{"192.0.2.7", 6881}));
  EXPECT_EQ(listening("192.0.2.7:0"), (ListenAt{"192.0.2.7", 0}));
  EXPECT_EQ(listening("2001:db8::7"), (ListenAt{"2001:db8::7", 0}));
  EXPECT_EQ(listening("[2001:db8::7]"), (ListenAt{"2001:db8::7", 0}));
  EXPECT_EQ(listening("[2001:db8::7]:6881"), (ListenAt{"2001:db8::7", 6881}));
  EXPECT_EQ(listening(":6881"), (ListenAt{"", 6881}));
  for (const std::string_view text : {"", "localhost", "192.0.2.7:", "192.0.2.7:65536", "192.0.2.7:x", "[2001:db8::7",
                                      "[2001:db8::7]x", "[]", "[]:1", "[192.0.2.7]", "127.1", ":"}) {
    EXPECT_EQ(listening(text), std::nullopt) << text;
  }
}

TEST(Kinds, ATextOnOneLineHasNoControlCharacters) {
  const Text kind{.word = "NAME", .longest = 3, .one_line = true};
  EXPECT_EQ(reading<std::string>(kind, "a b"), "a b");
  EXPECT_EQ(reading<std::string>(kind, "a\nb"), std::nullopt);
  EXPECT_EQ(reading<std::string>(kind, "abcd"), std::nullopt);
}

TEST(Kinds, APortOfOthersServicesIsNotListenedAt) {
  EXPECT_EQ(listening("192.0.2.7:80"), std::nullopt);
  EXPECT_EQ(listening(":1023"), std::nullopt);
  EXPECT_EQ(listening(":1024"), (ListenAt{"", 1024}));
  EXPECT_EQ(reading<std::uint16_t>(Port{}, "0"), 0);
  EXPECT_EQ(reading<std::uint16_t>(Port{}, "65535"), 65535);
  for (const std::string_view text : {"", "1", "1023", "65536", "http"}) {
    EXPECT_EQ(reading<std::uint16_t>(Port{}, text), std::nullopt) << text;
  }
}

TEST(Kinds, OfNetworksThePartThatIsWrongIsNamed) {
  std::optional<AddressSet> value;
  EXPECT_TRUE(Networks{}.read("10.0.0.0/8,2001:db8::/32", value));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->networks().size(), 2U);
  EXPECT_FALSE(Networks{}.read("10.0.0.0/8,10.0.0.0/40", value));
  EXPECT_EQ(value->networks().size(), 2U) << "untouched";
  EXPECT_EQ(Networks{}.wrong("10.0.0.0/8,10.0.0.0/40"), "\"10.0.0.0/40\" has no prefix from 0 to 32");
  EXPECT_EQ(Networks{}.wrong("10.0.0.0/8"), "");
}

}  // namespace swarmout::test
