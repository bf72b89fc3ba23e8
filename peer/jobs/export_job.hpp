// `export`: a release that this host has, as one file or one stream, for a network that this one cannot reach.

#pragma once

#include "common/archive/release_writer.hpp"
#include "common/base/host.hpp"

#include <stop_token>
#include <string>

namespace swarmout {

/// Standard input or output, where a file may be given.
inline constexpr std::string_view kStandardStream = "-";

struct ExportOptions {
  std::string release;  ///< as find_called() has it, or "latest"
  std::string file;     ///< or kStandardStream
  Path state = kDefaultState;
  Path dest = kDefaultDest;  ///< where a service has made one active, `latest` is that
};

struct ExportReport {
  Descriptor release;
  Bytes bytes = 0;
};

/// A file is there whole or not at all: it is written beside its place, as FILE.part, and flushed. Makes nothing where
/// there is no store.
///
/// Errors: usage: standard output is a terminal; not_found: this host has not got the release, or not all of it;
/// refused: what it has is damaged; cannot_write: the file, or its reader has gone; temporary, if stopped, or another
/// export writes this file.
[[nodiscard]] Result<ExportReport> run_export(const ExportOptions& options, const ArchiveMeter& meter,
                                              const std::stop_token& stop);

}  // namespace swarmout
