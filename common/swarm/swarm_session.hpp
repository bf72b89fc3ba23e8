// One host's part in the swarm: a libtorrent session that serves and fetches releases.
//
// The settings, the order of calls and the workarounds follow docs/decisions/0004-libtorrent.md. All of libtorrent
// stays behind this class: its alerts leave as SwarmEvent values. Threads: one owner thread makes all calls; none waits
// for the network (the destructor does, up to two seconds).

#pragma once

#include "common/base/clock.hpp"
#include "common/base/endpoint.hpp"
#include "common/base/files.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/release/torrent_file.hpp"
#include "common/swarm/passed_pieces.hpp"
#include "common/swarm/release_content.hpp"
#include "common/swarm/swarm_options.hpp"
#include "common/swarm/traffic.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace swarmout {

struct FileArrived {
  InfoHash info_hash;
  std::string name;  ///< all its pieces passed their hash; the last may not have reached the disk yet
};
struct AllArrived {
  InfoHash info_hash;  ///< every file is complete and flushed to the file system (not yet to the disk)
};
struct SwarmFailed {
  InfoHash info_hash;
  Error error;  ///< cannot_write (disk full), or temporary (I/O)
};
struct BadData {
  Endpoint from;
  std::string what;
};
using SwarmEvent = std::variant<FileArrived, AllArrived, SwarmFailed, BadData>;

struct SwarmStatus {
  Bytes wanted = 0;          ///< all files, without padding
  Bytes have = 0;            ///< of those, checked
  Bytes downloaded = 0;      ///< payload received in this session, duplicates and failed pieces included
  Bytes duplicate = 0;       ///< of that: was here already
  Bytes failed = 0;          ///< of that: pieces that failed their hash
  Bytes uploaded = 0;        ///< payload sent in this session
  double download_rate = 0;  ///< bytes a second
  double upload_rate = 0;
  int connected = 0;      ///< peers with an open connection, or to whom one is being opened
  int hosts = 0;          ///< of the connected ones; strangers at one address count as one, however many they seem
  bool checking = false;  ///< still hashing what was on disk
  bool complete = false;
};

class SwarmSession {
public:
  /// Binds the port. `clock` times what is fetched, and outlives the session. Errors: temporary, if the address or port
  /// cannot be bound.
  [[nodiscard]] static Result<std::unique_ptr<SwarmSession>> open(const SwarmSettings& settings,
                                                                  Clock& clock = system_clock());
  virtual ~SwarmSession() = default;

  /// Where others reach this session.
  [[nodiscard]] virtual Endpoint endpoint() const = 0;

  /// Starts serving and, if something is missing, fetching. Errors: refused, for bytes that are no torrent, or one that
  /// was made for another certificate, or for none while this session has one.
  [[nodiscard]] virtual Result<InfoHash> add(const SwarmContent& content) = 0;
  /// About how many hosts take part in what is added from now on: the more they are, the shorter a queue of requests
  /// each may have here. Unknown at first, which counts as few.
  virtual void expect(std::size_t hosts) = 0;
  /// Where the fleet's own records say that hosts are, now. Their claims count, those of strangers do not, and they
  /// have a place before strangers have. Peers that are given to add() and connect() are named by that.
  virtual void know(const std::vector<Endpoint>& hosts) = 0;
  /// Offers more peers. Who must not be dialled (dial_rules.hpp), or was tried lately in vain (dial_book.hpp), is
  /// ignored.
  virtual void connect(const InfoHash& info_hash, const std::vector<Endpoint>& peers) = 0;
  /// Announces to these from now on, and no longer to others; not to those that must not be dialled. Does nothing if it
  /// does so already.
  virtual void set_trackers(const InfoHash& info_hash, const std::vector<Endpoint>& trackers) = 0;
  /// Other limits for this release than those it was added with.
  virtual void set_limits(const InfoHash& info_hash, const RateLimits& limits) = 0;
  /// What has passed since add(): it is on disk, or soon will be. Pieces of files that were complete are not among
  /// them. Null: the torrent is not there.
  [[nodiscard]] virtual std::shared_ptr<const PassedPieces> passed(const InfoHash& info_hash) const = 0;
  /// Fetches these next, as far as several hosts have them: what only the seeder has is not asked of it by all at once.
  /// To be called again from time to time.
  virtual void hurry(const InfoHash& info_hash, PieceRange pieces) = 0;
  /// Stops serving it; its files stay.
  virtual void remove(const InfoHash& info_hash) = 0;

  /// What happened since the last call; waits up to `patience` for something to happen.
  [[nodiscard]] virtual std::vector<SwarmEvent> poll(std::chrono::milliseconds patience) = 0;
  /// All zero if the torrent is not there. Asks the session's network thread, which takes it a few microseconds.
  [[nodiscard]] virtual SwarmStatus status(const InfoHash& info_hash) const = 0;
  /// What came from whom and went to whom since add(), which is also the beginning of its times. Its sums are those of
  /// status(). Empty if the torrent is not there.
  [[nodiscard]] virtual TransferReport transfer(const InfoHash& info_hash) const = 0;
};

}  // namespace swarmout
