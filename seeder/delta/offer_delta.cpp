#include "seeder/delta/offer_delta.hpp"

#include "common/base/duration.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

std::optional<ReleaseDelta> offer_delta(const Epoch& epoch, const Draft& draft, Bytes without) {
  if (draft.descriptor.basis.value == 0) {
    return std::nullopt;
  }
  const MonotonicTime started = epoch.clock.now();
  auto made = release_delta(epoch.store, draft.manifest,
                            {draft.descriptor.basis, without, epoch.options.level, epoch.certificate()}, epoch.stop);
  if (!made) {
    if (!epoch.stop.stop_requested()) {  // else what ends the run is said
      spdlog::warn("no delta is offered: {}", to_string(made.error()));
    }
    return std::nullopt;
  }
  if (*made) {
    epoch.say(fmt::format("a delta of {:.1f} KiB leads here from release {}; made in {}", in_kib((*made)->ref.size),
                          draft.descriptor.basis.value, to_text(epoch.since(started))));
  }
  return *std::move(made);
}

}  // namespace swarmout
