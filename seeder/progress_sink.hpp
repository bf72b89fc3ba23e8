// Lets a person see that a tree is passing through.

#pragma once

#include "seeder/source/source.hpp"

#include <functional>
#include <utility>

namespace swarmout {

/// Hands everything on and calls `tick` now and then.
class ProgressSink final : public TreeSink {
public:
  ProgressSink(TreeSink& next, std::function<void()> tick) : next_(next), tick_(std::move(tick)) {}
  Result<void> entry(const TreeEntry& entry) override {
    if (++entries_ % 64 == 0) {
      tick_();
    }
    return next_.entry(entry);
  }
  Result<void> data(ByteView bytes) override { return next_.data(bytes); }

private:
  TreeSink& next_;
  std::function<void()> tick_;
  std::uint64_t entries_ = 0;
};

}  // namespace swarmout
