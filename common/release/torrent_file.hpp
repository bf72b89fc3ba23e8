// The torrent of a release: v2-only (BEP 52), every file flat under one root, in name order.
//
// A file's name in the torrent is its place in the swarm: "manifest" or "<root>.pack"; a delta's torrent has "delta"
// and "delta.before". The info-hash is a pure function of names, sizes, contents and piece length: no dates, no
// creator, no modes.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/release/merkle.hpp"

#include <string>
#include <vector>

namespace swarmout {

/// SHA-256 of the bencoded info dictionary (BEP 52).
struct InfoHash {
  Digest digest;
  auto operator<=>(const InfoHash&) const = default;
  [[nodiscard]] std::string hex() const { return digest.hex(); }
};

/// The root directory in every torrent, and so below every directory that a torrent is laid out in.
inline constexpr std::string_view kTorrentRoot = "swarmout";
inline constexpr std::string_view kManifestName = "manifest";
inline constexpr std::string_view kDeltaName = "delta";
/// The hexadecimal digest of the manifest that the delta begins at, and a newline. A torrent of one file would be laid
/// out without a directory.
inline constexpr std::string_view kDeltaBeforeName = "delta.before";
[[nodiscard]] std::string pack_name(const Digest& root);

/// Most files and pieces that a torrent from the share may have. 65,536 packs of 64 MiB are 4 TiB; the pieces are
/// libtorrent's own limit. seal_torrent() refuses sooner: what is between the files must stay below 2 GiB.
inline constexpr std::size_t kMaxTorrentFiles = 65536;
inline constexpr std::size_t kMaxTorrentPieces = 0x200000;
/// Largest .torrent: of 64 GiB in 64 KiB pieces, twice over.
inline constexpr Bytes kMaxTorrentFile = 64 * kMiB;

struct TorrentInput {
  std::string name;
  Bytes size = 0;
  LeafHashes leaves;
  std::vector<Digest> layer{};  ///< instead, the hashes of its pieces: of large files less memory
};

struct SealedTorrent {
  std::string bytes;  ///< the .torrent file, with piece layers
  InfoHash info_hash;
};

/// A power of two between 32 KiB and 4 MiB that gives 4,000 to 8,000 pieces, where it can. Small pieces are passed on
/// sooner; more pieces mean more HAVE messages.
[[nodiscard]] Bytes piece_length_for(Bytes total);

/// Builds the torrent from hashes made while the files were written; no file is read. `certificate`: in PEM, for a
/// swarm over TLS; empty: in the clear.
[[nodiscard]] Result<SealedTorrent> seal_torrent(std::vector<TorrentInput> files, Bytes piece_length,
                                                 const std::string& certificate = "");

struct TorrentFile {
  std::string name;
  Bytes size = 0;
  Digest root;                  ///< BEP 52 "pieces root"; all zero for an empty file
  std::size_t first_piece = 0;  ///< a file begins with a piece of its own
};

struct TorrentContents {
  InfoHash info_hash;
  Bytes piece_length = 0;
  std::size_t pieces = 0;
  std::string certificate;         ///< that peers must show, in PEM; empty: the swarm is in the clear
  std::vector<TorrentFile> files;  ///< without pad files, in torrent order
};

/// Reads a .torrent that came over the share. Errors: refused: not v2-only, not flat under our root, a name that
/// is none of those above, too many files or pieces, or layers that contradict the roots.
[[nodiscard]] Result<TorrentContents> read_torrent(std::string_view bytes);

}  // namespace swarmout
