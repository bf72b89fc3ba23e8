#include "common/base/duration.hpp"

#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

struct Written {
  const char* text;
  std::chrono::milliseconds duration;
};
void PrintTo(const Written& written, std::ostream* out) {
  *out << written.text;
}
class GoodDuration : public testing::TestWithParam<Written> {};
class BadDuration : public testing::TestWithParam<std::string> {};
class ShownDuration : public testing::TestWithParam<Written> {};

}  // namespace

TEST_P(GoodDuration, IsRead) {
  ASSERT_OK_AND_ASSIGN(const auto read, parse_duration(GetParam().text));

  EXPECT_EQ(read, GetParam().duration);
}
INSTANTIATE_TEST_SUITE_P(Values, GoodDuration,
                         testing::Values(Written{"0", 0ms}, Written{"0s", 0ms}, Written{"250ms", 250ms},
                                         Written{"90s", 90s}, Written{"20m", 20min}, Written{"20min", 20min},
                                         Written{"3h", 3h}, Written{"2d", 48h}, Written{"1h30m", 90min},
                                         Written{"1d2h3m4s5ms", 26h + 3min + 4s + 5ms}, Written{"007s", 7s},
                                         Written{"1000d", 24000h}));

TEST_P(BadDuration, IsAMistakeOfTheUser) {
  EXPECT_THAT(parse_duration(GetParam()), FailsWith(ErrorCode::usage, "is not a duration"));
}
INSTANTIATE_TEST_SUITE_P(Values, BadDuration,
                         testing::Values("", " ", "s", "90", "00", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "1,5s",
                                         "5S", "5sec", "1h30", "h1", "5s5", "1e3s", "forever", std::string("5s\0", 3)));
// What does not fit into a clock would wrap: into the past, or into no time at all.
INSTANTIATE_TEST_SUITE_P(TooLong, BadDuration,
                         testing::Values("4294967296s", "99999999999999999999ms", "4294967295d", "300000d", [] {
                           std::string many;
                           for (int i = 0; i < 40; ++i) {
                             many += "4294967295d";
                           }
                           return many;
                         }()));

TEST_P(ShownDuration, IsShort) {
  EXPECT_EQ(to_text(GetParam().duration), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(Values, ShownDuration,
                         testing::Values(Written{"0.0 s", 0ms}, Written{"0.3 s", 340ms}, Written{"4.0 s", 4s},
                                         Written{"10 s", 10s}, Written{"119 s", 119s}, Written{"2 min 0 s", 120s},
                                         Written{"2 min 5 s", 125s}, Written{"119 min 59 s", 2h - 1s},
                                         Written{"2 h 0 min", 2h}, Written{"3 h 10 min", 3h + 10min}));

}  // namespace swarmout::test
