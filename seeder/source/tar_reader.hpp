// Reads a tar stream (pax, GNU, ustar) as it arrives, and hands its entries on. Wraps libarchive.

#pragma once

#include "seeder/source/source.hpp"

#include <functional>
#include <stop_token>

namespace swarmout {

/// Gives the next bytes of the stream into the span; how many; 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(std::span<std::byte>)>;

/// One archive, and nothing after it but zeros. Errors: refused: damaged, cut off, followed by something, with devices,
/// fifos or sockets, with sizes that nothing in the stream supports, or headers of more than 16 MiB; temporary, if
/// stopped; what `read` or `sink` returned.
[[nodiscard]] Result<void> read_tar(const ReadBytes& read, TreeSink& sink, std::stop_token stop = {});

}  // namespace swarmout
