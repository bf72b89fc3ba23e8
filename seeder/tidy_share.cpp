#include "seeder/tidy_share.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"

#include <set>

namespace swarmout {

namespace {

constexpr std::chrono::hours kForgotten{24};

}  // namespace

Result<void> tidy_share(Share& share, const TrustedKeys& keys) {
  TRY_ASSIGN(const WallTime now, share.now());
  TRY(share.remove_stale(now - kForgotten));
  TRY_ASSIGN(const auto blobs, share.list_blobs());
  LogReader reader(share, keys);
  TRY_ASSIGN(const LogView* log, reader.refresh_with_history(kKeepTorrents));
  std::set<std::string> named;
  for (const LogEntry* const each : log->releases(kKeepTorrents)) {
    if (const auto descriptor = decode_descriptor(each->descriptor)) {  // else no peer will take it either
      named.insert(torrent_blob(*descriptor));
    }
  }
  failpoint("while-tidying");
  for (const std::string& blob : blobs) {
    // Positions only grow: what is at or before the end of this view, and not named in it, never will be.
    const auto release = release_of_blob(blob);
    if (!named.contains(blob) && (!release || *release <= log->tail())) {
      TRY(share.remove_blob(blob));
    }
  }
  return {};
}

}  // namespace swarmout
