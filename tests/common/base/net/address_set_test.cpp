#include "common/base/net/address_set.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

bool holds(const std::string& set, const std::string& address) {
  const auto parsed = AddressSet::parse(set);
  EXPECT_THAT(parsed, IsOk()) << set;
  const auto bytes = ip_bytes(address);
  EXPECT_TRUE(bytes) << address;
  return parsed && bytes && parsed->contains(*bytes);
}

AddressKind kind(const std::string& address) {
  return kind_of(ip_bytes(address).value_or(IpBytes{}));
}

}  // namespace

TEST(AddressSetTest, ANetworkHasTheAddressesThatBeginAsItDoes) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("10.128.0.0/9", "10.200.0.1"));
  EXPECT_FALSE(holds("10.128.0.0/9", "10.127.0.1"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "198.51.100.1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "2001:db8::1")) << "all of IPv4 is nothing of IPv6";
  EXPECT_TRUE(holds("::/0", "2001:db8::1"));
}

TEST(AddressSetTest, AnAddressAloneIsANetworkOfOne) {
  EXPECT_TRUE(holds("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(holds("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(holds("10.0.0.0/8, 2001:db8::7,192.0.2.0/31", "2001:db8::7"));
}

TEST(AddressSetTest, AnIPv4AddressInIPv6ClothesIsTheIPv4Address) {
  EXPECT_TRUE(holds("192.0.2.0/24", "::ffff:192.0.2.9"));
  EXPECT_EQ(ip_of_raw(std::string("\xc0\x00\x02\x09", 4)), ip_bytes("192.0.2.9"));
}

TEST(AddressSetTest, WhatIsNoNetworkIsRefusedAndThePartIsNamed) {
  for (const char* const part :
       {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.1/8", "10.0.0", "10.1", "host.example",
        "2001:db8::/129", "2001:db8::1/64", "fe80::1%eth0", "::ffff:192.0.2.0/120", "[2001:db8::1]", "10.0.0.1:80"}) {
    EXPECT_THAT(AddressSet::parse("192.0.2.0/24," + std::string(part) + ",198.51.100.0/24"),
                FailsWith(ErrorCode::refused, std::string("\"") + part + "\""))
        << part;
  }
}

TEST(AddressSetTest, AnEmptyPartIsRefused) {
  for (const char* const text : {"", ",", "10.0.0.0/8,", ",10.0.0.0/8", "10.0.0.0/8,,192.0.2.1", " "}) {
    EXPECT_THAT(AddressSet::parse(text), FailsWith(ErrorCode::refused, "\"\"")) << text;
  }
}

TEST(AddressSetTest, AnEndlessListIsRefused) {
  std::string text = "10.0.0.1";
  for (std::size_t each = 1; each < AddressSet::kMostNetworks; ++each) {
    text += ",10.0.0.1";
  }
  EXPECT_THAT(AddressSet::parse(text), IsOk());
  EXPECT_THAT(AddressSet::parse(text + ",10.0.0.2"), FailsWith(ErrorCode::refused, "10.0.0.2"));
}

TEST(AddressSetTest, WhatANetworkBeginsAndEndsWith) {
  const auto network = Network::parse("192.0.2.128/25");
  ASSERT_THAT(network, IsOk());
  EXPECT_EQ(network->first(), ip_bytes("192.0.2.128"));
  EXPECT_EQ(network->last(), ip_bytes("192.0.2.255"));
}

TEST(AddressSetTest, AddressesThatAreNoHostsAreKnown) {
  for (const char* const each : {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
                                 "::", "ff02::1", "ff0e::7"}) {
    EXPECT_EQ(kind(each), AddressKind::no_host) << each;
  }
  for (const char* const each : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(kind(each), AddressKind::loopback) << each;
  }
  for (const char* const each : {"169.254.1.1", "fe80::1", "febf::1", "fe80::1%2"}) {
    EXPECT_EQ(kind(each), AddressKind::link_local) << each;
  }
  for (const char* const each : {"10.0.0.1", "192.168.0.1", "203.0.113.9", "fd00::1", "2001:db8::1", "fec0::1"}) {
    EXPECT_EQ(kind(each), AddressKind::host) << each;
  }
}

TEST(AddressSetTest, InIPv6ASubnetIsOneOwner) {
  EXPECT_EQ(owner_of(*ip_bytes("2001:db8:0:1::7")), owner_of(*ip_bytes("2001:db8:0:1:ffff::9")));
  EXPECT_NE(owner_of(*ip_bytes("2001:db8:0:1::7")), owner_of(*ip_bytes("2001:db8:0:2::7")));
  EXPECT_NE(owner_of(*ip_bytes("192.0.2.1")), owner_of(*ip_bytes("192.0.2.2")));
}

}  // namespace swarmout::test
