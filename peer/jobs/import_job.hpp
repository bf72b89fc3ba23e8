// `import`: a release that was exported elsewhere, into the store of this host.

#pragma once

#include "common/archive/release_reader.hpp"
#include "common/base/host.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

struct ImportOptions {
  std::string file;  ///< or kStandardStream
  Path state = kDefaultState;
  Path keys = kDefaultKeys;  ///< whose public keys an origin must have signed with
};

/// It needs no share. Errors: usage: standard input is a terminal, or the file is none; not_found: there is no such
/// file, or no public key; refused: as read_release(); cannot_write: also if there is not enough space; temporary: if
/// stopped, or another import is at work.
[[nodiscard]] Result<Imported> run_import(const ImportOptions& options, const ArchiveMeter& meter,
                                          const std::stop_token& stop);

}  // namespace swarmout
