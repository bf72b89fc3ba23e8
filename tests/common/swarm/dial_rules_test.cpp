#include "common/swarm/dial_rules.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

DialRules rules(const std::string& listen, const std::string& allow = "") {
  std::optional<AddressSet> set;
  if (!allow.empty()) {
    auto parsed = AddressSet::parse(allow);
    EXPECT_THAT(parsed, IsOk());
    set = std::move(parsed).value_or(AddressSet{});
  }
  return {set, listen};
}

}  // namespace

TEST(DialRulesTest, WithoutAllowUnicastAddressesAreDialledAndNothingElse) {
  const DialRules on_a_network = rules("10.0.0.1");
  for (const char* const each : {"10.0.0.2", "192.168.7.7", "203.0.113.1", "2001:db8::1", "fd00::1"}) {
    EXPECT_TRUE(on_a_network.dials({each, 6881})) << each;
  }
  for (const char* const each : {"127.0.0.1", "127.1.2.3", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "0.9.9.9",
                                 "224.0.0.251", "255.255.255.255", "::", "ff02::1", "::ffff:127.0.0.1"}) {
    EXPECT_FALSE(on_a_network.dials({each, 6881})) << each;
  }
}

TEST(DialRulesTest, AFleetOnOneHostTalksOverLoopbackAndOneOnALinkOverThat) {
  EXPECT_TRUE(rules("127.0.0.1").dials({"127.0.0.9", 6881}));
  EXPECT_TRUE(rules("::1").dials({"::1", 6881}));
  EXPECT_FALSE(rules("127.0.0.1").dials({"169.254.1.1", 6881}));
  EXPECT_TRUE(rules("fe80::1%eth0").dials({"fe80::2%eth0", 6881}));
  EXPECT_FALSE(rules("fe80::1%eth0").dials({"127.0.0.1", 6881}));
}

TEST(DialRulesTest, PortsOfOtherServicesAreNotDialled) {
  const DialRules on_a_network = rules("10.0.0.1");
  for (const std::uint16_t port : {0, 22, 25, 80, 443, 1023}) {
    EXPECT_FALSE(on_a_network.dials({"10.0.0.2", port})) << port;
  }
  EXPECT_TRUE(on_a_network.dials({"10.0.0.2", kLeastPort}));
}

TEST(DialRulesTest, WithAllowOnlyThatIsTalkedTo) {
  const DialRules allowed = rules("10.0.0.1", "10.0.0.0/24,2001:db8::/32");
  EXPECT_TRUE(allowed.dials({"10.0.0.9", 6881}));
  EXPECT_TRUE(allowed.dials({"2001:db8::9", 6881}));
  for (const char* const each : {"10.0.1.9", "192.0.2.1", "2001:db9::9", "127.0.0.1", "::1"}) {
    EXPECT_FALSE(allowed.dials({each, 6881})) << each;
  }
}

TEST(DialRulesTest, AllowCanNameLoopbackAndNeverWhatIsNoHost) {
  const DialRules everything = rules("10.0.0.1", "0.0.0.0/0,::/0");
  EXPECT_TRUE(everything.dials({"127.0.0.1", 6881}));
  EXPECT_TRUE(everything.dials({"169.254.1.1", 6881}));
  for (const char* const each : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "::", "ff02::1"}) {
    EXPECT_FALSE(everything.dials({each, 6881})) << each;
  }
}

}  // namespace swarmout::test
