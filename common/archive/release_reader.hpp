// An archive of a release, read as it comes, into the store. Everything in it is hostile until it is checked: the
// signature first, then the manifest by its digest, then each pack by its root; and nothing else may be in it.

#pragma once

#include "common/archive/byte_stream.hpp"
#include "common/archive/release_writer.hpp"
#include "common/release/signing.hpp"
#include "common/release/store.hpp"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

namespace swarmout {

struct Imported {
  SignedDescriptor release;  ///< as its origin has published it
  std::string key;           ///< id of the one that has signed it
  std::size_t packs = 0;
  std::size_t here_already = 0;  ///< of them, which were passed over
  Bytes new_bytes = 0;
};

struct ImportCalls {
  /// Is there room for so many bytes in so many files? Asked once, before the first pack.
  std::function<Result<void>(Bytes, std::size_t)> room = [](Bytes, std::size_t) { return Result<void>(); };
  ArchiveMeter meter = [](const ArchiveProgress&) {};
};

/// Whatever ends it, what has come whole stays, and nothing else: the next import of the same release passes over it.
/// Packs that are here are read from the disk; a damaged one is taken from the archive. One process at a time.
///
/// Errors: refused: signed by no key of `keys`, damaged, cut off, or anything else than an export; nothing of it
/// counts. Those of `source` and `calls`; cannot_write; temporary, if stopped.
[[nodiscard]] Result<Imported> read_release(Store& store, ByteSource& source, const TrustedKeys& keys,
                                            const ImportCalls& calls, const std::stop_token& stop);

}  // namespace swarmout
