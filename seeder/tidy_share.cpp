#include "seeder/tidy_share.hpp"

#include "common/base/failpoint.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/log_view.hpp"
#include "common/release/descriptor.hpp"

#include <set>
#include <vector>

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
  std::vector<const LogEntry*> kept = log->releases(kKeepTorrents);
  if (const LogEntry* const current = log->current_release()) {
    kept.push_back(current);  // somebody may have gone back to one that is older than these
  }
  for (const LogEntry* const each : kept) {
    if (const auto descriptor = decode_descriptor(each->descriptor)) {  // else no peer will take it either
      named.insert(torrent_blob(*descriptor));
      if (descriptor->delta) {
        named.insert(delta_blob(*descriptor));
      }
    }
  }
  failpoint("while-tidying");
  for (const std::string& blob : blobs) {
    // What is at or before the end of this view, and not named in it, never will be but by a rollback, which puts the
    // torrent that it needs there again.
    const auto release = release_of_blob(blob);
    if (!named.contains(blob) && (!release || *release <= log->tail())) {
      TRY(share.remove_blob(blob));
    }
  }
  return {};
}

}  // namespace swarmout
