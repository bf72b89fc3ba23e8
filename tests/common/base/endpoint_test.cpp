#include "common/base/endpoint.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

struct Spelled {
  const char* text;
  Endpoint endpoint;
};
void PrintTo(const Spelled& written, std::ostream* out) {
  *out << written.text;
}
class GoodEndpoint : public testing::TestWithParam<Spelled> {};
class BadEndpoint : public testing::TestWithParam<std::string> {};

}  // namespace

TEST_P(GoodEndpoint, IsReadAndWritten) {
  ASSERT_OK_AND_ASSIGN(const Endpoint read, parse_endpoint(GetParam().text));

  EXPECT_EQ(read, GetParam().endpoint);
  EXPECT_EQ(to_string(read), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(Addresses, GoodEndpoint,
                         testing::Values(Spelled{"192.0.2.1:6881", {"192.0.2.1", 6881}},
                                         Spelled{"127.0.0.1:1", {"127.0.0.1", 1}},
                                         Spelled{"255.255.255.255:65535", {"255.255.255.255", 65535}},
                                         Spelled{"[2001:db8::1]:6881", {"2001:db8::1", 6881}},
                                         Spelled{"[::1]:80", {"::1", 80}},
                                         Spelled{"[::ffff:192.0.2.1]:80", {"::ffff:192.0.2.1", 80}}));

TEST_P(BadEndpoint, IsRefused) {
  EXPECT_THAT(parse_endpoint(GetParam()), FailsWith(ErrorCode::refused));
}
INSTANTIATE_TEST_SUITE_P(Ports, BadEndpoint,
                         testing::Values("192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:-1",
                                         "192.0.2.1:+1", "192.0.2.1:80x", "192.0.2.1: 80", "192.0.2.1:80 ",
                                         "192.0.2.1:99999999999999999999", "192.0.2.1:http", "[::1]", "[::1]:"));
INSTANTIATE_TEST_SUITE_P(Addresses, BadEndpoint,
                         testing::Values("", ":", ":80", "host:80", "localhost:80", "256.0.0.1:80", "1.2.3:80", "1:80",
                                         "0x7f.0.0.1:80", "010.0.0.1:80", "1.2.3.4.5:80", " 192.0.2.1:80",
                                         "192.0.2.1 :80", "*:80"));
INSTANTIATE_TEST_SUITE_P(Brackets, BadEndpoint,
                         testing::Values("2001:db8::1:80", "::1:80", "[192.0.2.1]:80", "[::1:80", "::1]:80", "[]:80",
                                         "[[::1]]:80", "[::1]x:80", "[::g]:80"));
INSTANTIATE_TEST_SUITE_P(Nul, BadEndpoint,
                         testing::Values(std::string("192.0.2.1\0x:80", 14), std::string("[::1\0]:80", 9),
                                         std::string("192.0.2.1:80\0", 13)));

TEST(EndpointTest, TheLoopbackIsReachedFromTheLoopback) {
  EXPECT_EQ(local_address_towards("127.0.0.1"), "127.0.0.1");
}

TEST(EndpointTest, NoAddressIsReachedFromNowhere) {
  EXPECT_EQ(local_address_towards(""), "");
  EXPECT_EQ(local_address_towards("localhost"), "") << "names are not looked up";
  EXPECT_EQ(local_address_towards("192.0.2.1:80"), "");
}

}  // namespace swarmout::test
