// Makes the delta between two releases.

#pragma once

#include "common/base/result.hpp"
#include "common/delta/delta_file.hpp"
#include "common/release/manifest.hpp"

#include <optional>
#include <stop_token>
#include <string>

namespace swarmout {

struct DeltaOptions {
  Bytes limit = kMaxDelta;  ///< of the delta: a larger one is of no use
  /// zstd's. 19 against 12 is 10 % less, and four times the time: above kPatient of new content it is 12.
  int level = 19;
  /// Of content that no old file has; more of it is sent as well in packs, and hosts wait for what is made here.
  Bytes most_fresh = 32 * kMiB;

  static constexpr Bytes kPatient = 8 * kMiB;
  static constexpr int kQuickLevel = 12;
};

/// Reads of `old` and `fresh` what differs; at most kMaxGroup of both at a time. The same trees give the same bytes.
/// Nothing: it would be larger than the limit, or a tree has too many names. Errors: what the contents fail with;
/// temporary: stopped.
[[nodiscard]] Result<std::optional<std::string>> make_delta(const Manifest& before, const Manifest& after,
                                                            TreeContents& old, TreeContents& fresh,
                                                            const DeltaOptions& options = {},
                                                            const std::stop_token& stop = {});

}  // namespace swarmout
