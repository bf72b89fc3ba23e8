#include "common/base/net/own_address.hpp"

#include "tests/support/namespaces.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

/// On a host whose network was made by `commands`; "skip" where that is not possible.
std::string address_after(const std::string& commands, const std::vector<std::string>& towards = {}) {
  const auto said = in_namespaces(CLONE_NEWNET, [&]() -> std::string {
    const std::string setup =
        "exec 2>/dev/null; ip link set lo up && ip link add d0 type veth peer name d1 && " + commands;
    return std::system(setup.c_str()) == 0 ? own_address(towards).value_or("none") : "skip";
  });
  return said.value_or("skip");
}

constexpr const char* kUp = "ip link set d0 up && ip link set d1 up && ";

#define SKIP_OR_EXPECT(address, expected)                             \
  do {                                                                \
    const std::string found = (address);                              \
    if (found == "skip") {                                            \
      GTEST_SKIP() << "no network namespaces with veth on this host"; \
    }                                                                 \
    EXPECT_EQ(found, expected);                                       \
  } while (false)

}  // namespace

TEST(OwnAddressTest, OnlyLoopbackIsNone) {
  SKIP_OR_EXPECT(address_after("true"), "none");
}

TEST(OwnAddressTest, AHostWithIPv6OnlyFindsItsAddress) {
  SKIP_OR_EXPECT(address_after(std::string(kUp) + "ip -6 addr add fd00:77::1/64 dev d0 nodad && "
                                                  "ip -6 route add default dev d0"),
                 "fd00:77::1");
}

TEST(OwnAddressTest, SoItDoesWithoutADefaultRoute) {
  SKIP_OR_EXPECT(address_after(std::string(kUp) + "ip -6 addr add fd00:77::1/64 dev d0 nodad"), "fd00:77::1");
}

TEST(OwnAddressTest, WithoutADefaultRouteAnAddressOfAnInterfaceIsTaken) {
  SKIP_OR_EXPECT(address_after(std::string(kUp) + "ip addr add 10.77.0.1/24 dev d0"), "10.77.0.1");
}

TEST(OwnAddressTest, OneThatIsDownIsNotTaken) {
  SKIP_OR_EXPECT(address_after("ip addr add 10.77.0.1/24 dev d0"), "none");
}

TEST(OwnAddressTest, LinkLocalAddressesAreNotTaken) {
  SKIP_OR_EXPECT(address_after(std::string(kUp) + "ip addr add 169.254.7.1/16 dev d0"), "none");
}

TEST(OwnAddressTest, TheOneThatReachesTheShareComesFirst) {
  const std::string two = std::string(kUp) +
                          "ip addr add 10.77.0.1/24 dev d0 && ip addr add 10.78.0.1/24 dev d1 && "
                          "ip route add default dev d0";

  SKIP_OR_EXPECT(address_after(two), "10.77.0.1");
  SKIP_OR_EXPECT(address_after(two, {"", "10.78.0.9"}), "10.78.0.1");
}

TEST(OwnAddressTest, AShareOnThisHostSaysNothingAboutOthers) {
  SKIP_OR_EXPECT(address_after(std::string(kUp) + "ip addr add 10.77.0.1/24 dev d0", {"127.0.0.1", "::1"}),
                 "10.77.0.1");
}

}  // namespace swarmout::test
