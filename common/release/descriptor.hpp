// The descriptor of a release: the few facts that are signed. Everything else is checked against it.
//
// Trust: public key in the image → signature → descriptor → info-hash and manifest digest → every byte.
// Text form: docs/formats/descriptor.md.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/result.hpp"
#include "common/base/units.hpp"
#include "common/release/torrent_file.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// What makes this release of the one that it was packed against, with less than its new packs have
/// (docs/decisions/0068-a-delta-is-named-in-the-descriptor.md).
struct DeltaRef {
  Digest before;  ///< SHA-256 of the manifest of the other release
  Digest file;    ///< SHA-256 of the delta file on the share: the delta, or its .torrent (`in_swarm`)
  Bytes file_size = 0;
  Bytes size = 0;  ///< of the delta
  int level = 0;   ///< zstd's, with which the leader packed: who makes the same packs uses it, too
  bool operator==(const DeltaRef&) const = default;
  /// It is too large to lie on the share.
  [[nodiscard]] bool in_swarm() const { return size > kSmallDelta; }

  /// Every host reads it from the share: 1,000 of them a thousand times this much.
  static constexpr Bytes kSmallDelta = 16 * kKiB;
  /// Larger ones are not made: packs do as well then.
  static constexpr Bytes kMaxSize = 256 * kMiB;
};

struct Descriptor {
  Position position;  ///< of the COMMIT that publishes it: an old descriptor cannot be replayed
  std::string revision;
  std::string name;     ///< what it was asked for as, a tag or branch, if that is not the revision; may be empty
  std::string source;   ///< for people, without credentials
  std::string created;  ///< UTC
  InfoHash info_hash;
  Digest manifest;  ///< SHA-256 of the manifest file
  Bytes manifest_size = 0;
  Bytes torrent_size = 0;
  Bytes packed_size = 0;  ///< all files of the torrent
  Bytes tree_size = 0;
  std::uint64_t files = 0;
  Position basis;           ///< the release it was packed against; 0: none
  RateLimits clone_limits;  ///< of each clone, for what it sends and receives of this release
  std::optional<DeltaRef> delta{};
};

struct SignedDescriptor {
  Descriptor descriptor;
  std::string text;       ///< what was signed
  std::string signature;  ///< minisign's four lines
};

/// What tells one release from any other, on any share: SHA-256 of the text that was signed.
[[nodiscard]] Digest digest_of(const SignedDescriptor& release);

/// Of what a revision may be asked for as.
inline constexpr std::size_t kMaxReleaseName = 100;
/// A tag or branch as a descriptor names it: without refs/heads/ and refs/tags/. Empty, if it is none that can be
/// named: too long, an expression ("main~1"), HEAD, or with bytes that are not printable ASCII.
[[nodiscard]] std::string short_ref(std::string_view ref);

/// What people know a release by.
struct ReleaseNames {
  Position position;
  std::string revision;
  std::string name{};  ///< tag or branch; may be empty
};
[[nodiscard]] ReleaseNames names_of(const Descriptor& descriptor);

/// For people: "release 42 (v1.2.3)"; one without a name is shown by the beginning of its revision.
[[nodiscard]] std::string release_title(const ReleaseNames& names);
[[nodiscard]] std::string release_title(const Descriptor& descriptor);

/// Of a revision, for it to stand for the whole; git has the same limit.
inline constexpr std::size_t kShortestBeginning = 4;
/// What a word is to a release; of two, the later one is the better reason to mean it.
enum class Called { no, begins, name, revision, number };
[[nodiscard]] Called how_called(const ReleaseNames& names, std::string_view wanted);
[[nodiscard]] Called how_called(const Descriptor& descriptor, std::string_view wanted);
/// Which of these, newest first, a person means: the newest of those that are called `wanted` for the best reason.
/// Nullopt: none. Errors: not_found: it is the beginning of more than one revision; these are named.
[[nodiscard]] Result<std::optional<std::size_t>> find_called(const std::vector<ReleaseNames>& all,
                                                             std::string_view wanted);

[[nodiscard]] std::string encode(const Descriptor& descriptor);
/// Errors: refused; also for sizes beyond the limits of this program.
[[nodiscard]] Result<Descriptor> decode_descriptor(std::string_view text);

/// Directory name of a release: position and the beginning of the revision, "00000042-1a2b3c4d5e6f".
[[nodiscard]] std::string release_name(const Descriptor& descriptor);
/// Name of its .torrent on the share: never used again for another release, so that whoever tidies up by an old view of
/// the log cannot remove what a later release needs.
[[nodiscard]] std::string torrent_blob(const Descriptor& descriptor);
/// Likewise, of its delta file. There must be one.
[[nodiscard]] std::string delta_blob(const Descriptor& descriptor);
/// The position in such a name. Nullopt for other names.
[[nodiscard]] std::optional<Position> release_of_blob(std::string_view name);

/// Text and signature in one record, as the store keeps it (docs/formats/state.md). Decoding checks the form, not the
/// signature. Errors: refused.
[[nodiscard]] std::string encode_record(const SignedDescriptor& release);
[[nodiscard]] Result<SignedDescriptor> decode_record(std::string_view bytes);

}  // namespace swarmout
