// Reads a tar stream (pax, GNU, ustar) as it arrives, and hands its entries on. Wraps libarchive.

#pragma once

#include "seeder/source/source.hpp"

#include <functional>

namespace swarmout {

/// Gives the next bytes of the stream into the span; how many; 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(std::span<std::byte>)>;

/// Errors: refused: damaged, cut off, or with devices, fifos or sockets; what `read` or `sink` returned.
[[nodiscard]] Result<void> read_tar(const ReadBytes& read, TreeSink& sink);

}  // namespace swarmout
