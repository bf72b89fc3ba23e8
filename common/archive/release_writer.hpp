// A release of the store as one archive: a stream that is written from its beginning to its end.

#pragma once

#include "common/archive/byte_stream.hpp"
#include "common/release/store.hpp"

#include <functional>
#include <stop_token>

namespace swarmout {

struct ArchiveProgress {
  Bytes done = 0;
  Bytes all = 0;
};
using ArchiveMeter = std::function<void(const ArchiveProgress&)>;

/// The same release always gives the same bytes. Nothing of it is pruned meanwhile, and each pack is hashed on its way:
/// one that is damaged here ends the work, and what was written has no end. How many bytes it was.
///
/// Errors: not_found: a part of it is not in the store, and nothing was written; refused: a pack is damaged on this
/// disk; those of `sink`; temporary, if stopped.
[[nodiscard]] Result<Bytes> write_release(const Store& store, const SignedDescriptor& release, ByteSink& sink,
                                          const ArchiveMeter& meter, const std::stop_token& stop);

}  // namespace swarmout
