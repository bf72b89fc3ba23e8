// What the tests of a share's contract have in common: two handles on one share of the kind that is tested.

#pragma once

#include "common/share/share.hpp"
#include "tests/support/result_matchers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace swarmout::test {

/// One share that any number of handles can be opened on.
class ShareWorld {
public:
  virtual ~ShareWorld() = default;
  [[nodiscard]] virtual std::unique_ptr<Share> open() = 0;
};

struct ShareKind {
  std::string name;
  std::function<std::unique_ptr<ShareWorld>()> make;
  std::function<std::string()> missing = [] { return std::string(); };  ///< why it cannot be had here
};
inline void PrintTo(const ShareKind& kind, std::ostream* out) {
  *out << kind.name;
}

class ShareContract : public testing::TestWithParam<ShareKind> {
protected:
  void SetUp() override {
    if (const std::string missing = GetParam().missing(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    share_ = world_->open();
    other_ = world_->open();
    ASSERT_TRUE(share_ && other_);
  }

  /// What is in a log entry, as text; "" if nothing is there.
  static std::string entry(Share& share, std::uint64_t number) {
    const auto found = share.read(Position{number});
    EXPECT_THAT(found, IsOk());
    return found && *found ? **found : "";
  }
  static std::optional<std::string> cell(Share& share, CellKind kind, const std::string& name) {
    const auto found = share.read_cell(kind, name);
    EXPECT_THAT(found, IsOk());
    return found && *found ? std::optional((*found)->bytes) : std::nullopt;
  }

  std::unique_ptr<ShareWorld> world_ = GetParam().make();
  std::unique_ptr<Share> share_;
  std::unique_ptr<Share> other_;
};

inline constexpr CellKind kAllCellKinds[] = {CellKind::heartbeat, CellKind::stage, CellKind::peer};

}  // namespace swarmout::test
