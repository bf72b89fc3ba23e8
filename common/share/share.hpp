// The share: the small place that every host can reach. It carries kilobytes, never the tree.
//
// Three kinds of things live on it:
//   log    numbered immutable entries; the only write is "create entry N if it does not exist" (put).
//          Publication and takeover compete for the same number, so exactly one of them can win.
//   cells  small values, each overwritten by its one owner only: heartbeats, staged descriptors, live peers.
//   blobs  immutable values written once: the .torrent of each release.
//
// "Does not exist" is never evidence of anything: network file systems serve listings and negative
// look-ups from caches up to a minute old. Only the outcome of put() decides.
// Threads: one share object is used by one thread at a time; open one per thread. Any number of
// processes may use the same share. Every implementation passes tests/contract/share_contract.hpp.
// Stored forms: docs/formats/share.md (a directory), docs/formats/share-etcd.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Largest log entry. They are about 1 KiB; the cap keeps one read one network block.
inline constexpr Bytes kMaxEntry = 8 * kKiB;
/// Largest cell: a host's record with 4 KiB of what a job printed. Others are about 1 KiB.
inline constexpr Bytes kMaxCell = 12'000;
/// Largest blob; the largest there are, torrents, fit (common/release/torrent_file.hpp).
inline constexpr Bytes kMaxBlob = 64 * kMiB;

/// Of the random id of a share.
inline constexpr std::size_t kMaxCluster = 64;

enum class PutOutcome {
  won,      ///< the entry is ours, durable, and will be seen by everyone
  lost,     ///< another entry has this number; it is in `winner`
  unknown,  ///< no answer, or an ambiguous one: ours may appear there, now or later
};

struct PutResult {
  PutOutcome outcome = PutOutcome::unknown;
  std::string winner;  ///< lost: the bytes of the entry that is there
  Error error;         ///< unknown: why
};

enum class CellKind { heartbeat, stage, peer };

struct Cell {
  std::string bytes;
  WallTime written{};  ///< by the share's clock where it has one
};

class Share {
public:
  virtual ~Share() = default;

  /// The highest entry there is, not beyond kLastPosition, at or after `known` (which must exist, or be zero). With
  /// `known` zero the log is listed; otherwise only the numbers after `known` are probed, which is cheap.
  [[nodiscard]] virtual Result<Position> tail(Position known) = 0;

  /// The numbers of at most `most` entries, the highest ones below `below`, highest first. Always a listing.
  [[nodiscard]] virtual Result<std::vector<Position>> numbers_below(Position below, std::size_t most) = 0;

  /// The bytes of an entry; nullopt if it is not there (yet).
  [[nodiscard]] virtual Result<std::optional<std::string>> read(Position position) = 0;

  /// Creates entry `position` with `bytes` if it does not exist. `bytes` must contain a nonce: equality
  /// of bytes is how a writer recognises its own entry after a lost reply. Repeating a put after
  /// `unknown` with the same bytes is safe, and is the only thing to do then.
  [[nodiscard]] virtual PutResult put(Position position, std::string_view bytes) = 0;

  /// Creates or overwrites a cell. Only its owner may. Names: [a-zA-Z0-9._-]{1,100}.
  [[nodiscard]] virtual Result<void> write_cell(CellKind kind, std::string_view name, std::string_view bytes) = 0;
  /// Creates a cell if it does not exist; false if it does. Of several callers at once one gets true; on network file
  /// systems, in rare cases two: only for what does no harm when done twice.
  [[nodiscard]] virtual Result<bool> create_cell(CellKind kind, std::string_view name, std::string_view bytes) = 0;
  /// A fresh read. nullopt: not there, or made and not yet written. Errors: refused, cannot_write: something else is in
  /// its place, or something that is no cell, or half of one (is_no_cell()); temporary: the share does not answer.
  [[nodiscard]] virtual Result<std::optional<Cell>> read_cell(CellKind kind, std::string_view name) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list_cells(CellKind kind) = 0;
  /// A missing cell is no error.
  [[nodiscard]] virtual Result<void> remove_cell(CellKind kind, std::string_view name) = 0;

  /// Writes a blob whole, durably; the same name is only ever written with the same bytes.
  [[nodiscard]] virtual Result<void> write_blob(std::string_view name, std::string_view bytes) = 0;
  /// nullopt: not there. Errors: refused, if larger than `limit`.
  [[nodiscard]] virtual Result<std::optional<std::string>> read_blob(std::string_view name, Bytes limit) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> list_blobs() = 0;
  [[nodiscard]] virtual Result<void> remove_blob(std::string_view name) = 0;

  /// Removes cells that were not written since `before` (by the share's clock), and what writers that died left half
  /// done. A live owner writes its cell every few seconds, and would make it again.
  [[nodiscard]] virtual Result<void> remove_stale(WallTime before) = 0;

  /// The share's own clock (the server's, on NFS), else this host's.
  [[nodiscard]] virtual Result<WallTime> now() = 0;

  /// Which share this is: the random id in its FORMAT, read anew each time. One that was lost and made anew at the same
  /// place has another id. Errors: unavailable: there is no FORMAT (any more); temporary; refused.
  [[nodiscard]] virtual Result<std::string> cluster() = 0;

  /// Is what put() rests on as it should be: does a name that is taken refuse whoever comes second? Tries it under
  /// names that are no entries, and leaves nothing. Errors: cannot_write: it is not; temporary. Where put() rests on
  /// what create_cell() does, there is nothing more to try.
  [[nodiscard]] virtual Result<void> check_primitive() { return {}; }

  /// What a person would call this share, for messages.
  [[nodiscard]] virtual std::string name() const = 0;
};

/// Of a failed read of a cell: the share has answered, and what is there is no cell. Whoever can write there can put
/// such a thing there for good, so it must not be waited for as for a share that is away.
[[nodiscard]] inline bool is_no_cell(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::cannot_write;
}

/// What `init` found, or did.
enum class InitOutcome {
  made,      ///< there was nothing
  there,     ///< whole, and left as it is
  repaired,  ///< there, but parts of it were missing, and are made again
};

/// Where a share is, and how to get in.
struct ShareAddress {
  ShareAddress() = default;
  ShareAddress(std::string where) : url(std::move(where)) {}  // NOLINT: most shares are just a place
  ShareAddress(const char* where) : url(where) {}             // NOLINT

  std::string url;  ///< a directory, etcd://host:2379[,host2:2379…]/prefix or etcds://…
  std::string etcd_user;
  std::string etcd_password_file;  ///< or the password itself in SWARMOUT_ETCD_PASSWORD
  std::string helper;  ///< the program that touches a directory for us (share_helper.hpp); empty: this process does
  std::chrono::milliseconds timeout{std::chrono::seconds(30)};  ///< of one call through the helper
  std::string etcd_ca;  ///< file with the certificates to trust; empty: the system's
};

}  // namespace swarmout
