#include "seeder/closing_line.hpp"

#include "common/fleet/peer_record.hpp"
#include "common/fleet/registry.hpp"

#include <gmock/gmock.h>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct Line {
  Line() {
    release.position = Position{4};
    release.revision = "r4";
    release.packed_size = 10 * kMiB;
    spread.live = spread.active = 2;
    traffic.hosts = {{{"192.0.2.1", 1}, 0, 9 * kMiB, 0, false}, {{"192.0.2.2", 1}, 0, 6 * kMiB, 0, false}};
  }
  [[nodiscard]] std::string text(double rate) const { return closing_line(release, spread, traffic, rate); }

  Descriptor release;
  Spread spread;
  Traffic traffic;
};

}  // namespace

TEST(ClosingLineTest, ItSaysHowManyCopiesLeftThisHost) {
  EXPECT_EQ(Line().text(kMiB), "published r4 as release 4; 2 of 2 live peers are on it, 15.0 MiB sent (1.50 copies)");
}

TEST(ClosingLineTest, ItComparesTheSlowestHostWithTheBound) {
  Line line;
  line.spread.slowest = PeerRecord{};
  line.spread.slowest->fetched_in = 12s;
  line.spread.slowest->downloaded = 11 * kMiB;
  line.spread.slowest->duplicate = kMiB;

  EXPECT_THAT(line.text(kMiB), HasSubstr("the slowest had it after 12 s, 1.20 times the bound at 1.0 MiB/s"));
  EXPECT_THAT(line.text(0), Not(HasSubstr("bound"))) << "the rate is not known";
}

TEST(SpreadTest, TheSlowestIsAmongThoseThatFetchedThisRelease) {
  Descriptor release;
  release.info_hash = {sha256("it")};
  const auto peer = [](const char* content, std::optional<std::chrono::milliseconds> took) {
    PeerRecord record;
    record.info_hash = InfoHash{sha256(content)};
    record.fetched_in = took;
    return SeenPeer{record, {}};
  };

  const Spread spread =
      spread_of({peer("it", 3s), peer("it", 5s), peer("it", 4s), peer("it", {}), peer("another", 9s)}, release);

  ASSERT_TRUE(spread.slowest);
  EXPECT_EQ(spread.slowest->fetched_in, 5s);
  EXPECT_FALSE(spread_of({peer("it", {})}, release).slowest);
}

}  // namespace swarmout::test
