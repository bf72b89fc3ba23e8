// Takes off the share what nobody needs any more, so that years of runs leave kilobytes behind.

#pragma once

#include "common/release/signing.hpp"
#include "common/share/share.hpp"

namespace swarmout {

/// Releases whose .torrent stays on the share; hosts that were away for longer fetch the newest anyway.
inline constexpr std::size_t kKeepTorrents = 20;

/// Safe at any time, also by a host that was paused in the middle: a torrent's name has the position of its release,
/// and positions only grow. Cells go by age, judged by the share's clock alone.
[[nodiscard]] Result<void> tidy_share(Share& share, const TrustedKeys& keys);

}  // namespace swarmout
