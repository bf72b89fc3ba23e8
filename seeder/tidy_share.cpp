#include "seeder/tidy_share.hpp"

#include "common/descriptor.hpp"
#include "common/log_view.hpp"

#include <set>

namespace swarmout {

namespace {

/// A live owner writes its cell every few seconds, and would make it again.
constexpr std::chrono::hours kForgotten{24};

Result<void> remove_old_cells(Share& share, CellKind kind, WallTime now) {
  TRY_ASSIGN(const auto names, share.list_cells(kind));
  for (const std::string& name : names) {
    const auto cell = share.read_cell(kind, name);
    if (cell && *cell && now - (*cell)->written > kForgotten) {
      TRY(share.remove_cell(kind, name));
    }
  }
  return {};
}

}  // namespace

Result<void> tidy_share(Share& share) {
  TRY_ASSIGN(const WallTime now, share.now());
  for (const CellKind kind : {CellKind::heartbeat, CellKind::stage, CellKind::peer}) {
    TRY(remove_old_cells(share, kind, now));
  }
  LogReader reader(share);
  TRY_ASSIGN(const LogView* log, reader.refresh_with_history(kKeepTorrents));
  std::set<std::string> named;
  for (const LogEntry* const each : log->releases(kKeepTorrents)) {
    if (const auto descriptor = decode_descriptor(each->descriptor)) {  // else no peer will take it either
      named.insert(torrent_blob(descriptor->info_hash));
    }
  }
  TRY_ASSIGN(const auto blobs, share.list_blobs());
  for (const std::string& blob : blobs) {
    if (!named.contains(blob)) {
      TRY(share.remove_blob(blob));
    }
  }
  return {};
}

}  // namespace swarmout
