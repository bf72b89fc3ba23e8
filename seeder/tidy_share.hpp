// Takes off the share what nobody needs any more, so that years of runs leave kilobytes behind.

#pragma once

#include "common/share.hpp"

namespace swarmout {

/// Releases whose .torrent stays on the share; hosts that were away for longer fetch the newest anyway.
inline constexpr std::size_t kKeepTorrents = 20;

/// Only the leader may call it, before it stages anything: then every torrent that the log does not name was staged by
/// a host that lost its claim. Cells go by age, judged by the share's clock alone.
[[nodiscard]] Result<void> tidy_share(Share& share);

}  // namespace swarmout
