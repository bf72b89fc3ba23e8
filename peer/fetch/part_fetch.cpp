#include "peer/fetch/part_fetch.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/owner/ownership.hpp"
#include "peer/fetch/contacts.hpp"
#include "peer/fetch/leaders.hpp"
#include "peer/fetch/presence.hpp"
#include "peer/fetch/retrieval.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace swarmout {

namespace {

/// In the session as long as this lives.
class Added {
public:
  Added(SwarmSession& session, const InfoHash& info_hash) : session_(session), info_hash_(info_hash) {}
  ~Added() { session_.remove(info_hash_); }
  Added(const Added&) = delete;
  Added& operator=(const Added&) = delete;

private:
  SwarmSession& session_;
  const InfoHash& info_hash_;
};

/// libtorrent writes what it has, and no further: give each file the length that readers expect.
Result<void> give_lengths(const PartWish& wish, const TorrentContents& contents) {
  for (const TorrentFile& each : contents.files) {
    if (wish.ranges.contains(each.name)) {
      const Path path = wish.directory / kTorrentRoot / each.name;
      TRY_ASSIGN(const Fd file, open_file(path, O_WRONLY));
      struct stat info {};
      if (::fstat(file.get(), &info) != 0 || (static_cast<Bytes>(info.st_size) < each.size &&
                                              ::ftruncate(file.get(), static_cast<off_t>(each.size)) != 0)) {
        return fail_errno("cannot finish", path.native(), errno);
      }
    }
  }
  return {};
}

}  // namespace

Result<Bytes> fetch_parts(SwarmSession& session, const PartWish& wish, const Neighbours& neighbours,
                          const std::vector<Endpoint>& trackers, Clock& clock, const std::stop_token& stop,
                          const PartProgress& progress) {
  const Descriptor& release = wish.release.descriptor;
  const InfoHash& info_hash = release.info_hash;
  TRY_ASSIGN(const TorrentContents contents, read_torrent(wish.torrent));
  REFUSE_UNLESS(contents.info_hash == info_hash, "the torrent is not the one that was signed");
  SwarmContent content;
  content.torrent = wish.torrent;
  content.directory = wish.directory;
  content.peers = neighbours();
  content.trackers = trackers;
  content.limits = release.clone_limits;
  content.only = wish.ranges;
  TRY(make_directories_for_owner(wish.directory / kTorrentRoot));
  TRY(session.add(content));
  const Added added(session, info_hash);
  MonotonicTime moved = clock.now();
  MonotonicTime next_look = clock.now() + kConnectEvery;
  Bytes had = 0;
  while (true) {
    for (const SwarmEvent& event : session.poll(kBusyWait)) {
      if (const auto* const all = std::get_if<AllArrived>(&event); all != nullptr && all->info_hash == info_hash) {
        failpoint("after-parts");
        const Bytes downloaded = session.status(info_hash).downloaded;
        return give_lengths(wish, contents).map([&] { return downloaded; });
      }
      if (const auto* const failed = std::get_if<SwarmFailed>(&event);
          failed != nullptr && failed->info_hash == info_hash) {
        return tl::unexpected(failed->error);
      }
    }
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    const SwarmStatus status = session.status(info_hash);
    if (status.downloaded > had) {
      had = status.downloaded;
      moved = clock.now();
    }
    if (clock.now() - moved > kNobodySends) {
      return fail(ErrorCode::temporary,
                  fmt::format("no other host has sent anything of release {} for {} s, {} are connected",
                              release.position.value, kNobodySends.count(), status.connected),
                  "look at `swarmout status`: is there a host that has it?");
    }
    if (clock.now() >= next_look && status.hosts < static_cast<int>(kFewConnections)) {
      next_look = clock.now() + kConnectEvery;
      session.connect(info_hash, neighbours());
    }
    progress(status);
  }
}

Result<Bytes> fetch_parts_from(const FleetAccess& fleet, const PartWish& wish, const std::stop_token& stop,
                               const PartProgress& progress) {
  SwarmSettings settings = fleet.swarm;
  settings.role = SwarmRole::clone;
  settings.listen_port = 0;  // the service has the one that is set
  TRY_ASSIGN(const auto session, SwarmSession::open(settings, fleet.clock));
  Presence presence(fleet.share, fleet.clock, session->endpoint());  // looks at the others' records, and writes none
  Contacts contacts(*session, presence, fleet.clock, [](const Error&) {});
  session->expect(presence.fleet());
  const Leaders known = leaders(fleet.share, fleet.log, wish.release.descriptor.position, fleet.keys);
  const auto neighbours = [&] {
    std::vector<Endpoint> peers = contacts.peers(known.known);
    if (known.another) {
      peers.push_back(*known.another);
    }
    return peers;
  };
  return fetch_parts(*session, wish, neighbours, Contacts::trackers(known.known), fleet.clock, stop, progress);
}

}  // namespace swarmout
