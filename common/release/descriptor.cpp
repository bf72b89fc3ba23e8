#include "common/release/descriptor.hpp"

#include "common/base/key_values.hpp"
#include "common/release/manifest.hpp"
#include "common/release/zstd_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace swarmout {

namespace {

constexpr std::string_view kMagic = "swarmout-descriptor 1";
constexpr std::string_view kRecordMagic = "swarmout-release 1";
constexpr std::string_view kName = "name";
constexpr std::string_view kUploadLimit = "clone-upload-limit";
constexpr std::string_view kDownloadLimit = "clone-download-limit";
constexpr std::string_view kDeltaBefore = "delta-before";
constexpr std::string_view kDeltaFile = "delta-file";
constexpr std::string_view kDeltaFileSize = "delta-file-size";
constexpr std::string_view kDeltaSize = "delta-size";
constexpr std::string_view kDeltaLevel = "delta-level";
/// Of a revision, where it is shown or part of a file's name: enough to tell one from another.
constexpr std::size_t kShownRevision = 20;
constexpr std::size_t kMostCandidates = 5;

/// Not there: 0, no limit.
Result<Bytes> rate_limit(const KeyValues& record, std::string_view key) {
  if (!record.find(key)) {
    return Bytes{0};
  }
  TRY_ASSIGN(const Bytes limit, record.number(key));
  REFUSE_UNLESS(limit <= kMaxRate, "a descriptor states a rate limit beyond this program's limits");
  return limit;
}

Result<std::optional<DeltaRef>> delta_in(const KeyValues& record) {
  if (!record.find(kDeltaBefore)) {
    return std::nullopt;
  }
  DeltaRef delta;
  TRY_ASSIGN(delta.before, record.digest(kDeltaBefore));
  TRY_ASSIGN(delta.file, record.digest(kDeltaFile));
  TRY_ASSIGN(delta.file_size, record.number(kDeltaFileSize));
  TRY_ASSIGN(delta.size, record.number(kDeltaSize));
  TRY_ASSIGN(const std::uint64_t level, record.number(kDeltaLevel));
  REFUSE_UNLESS(delta.size <= DeltaRef::kMaxSize && delta.file_size <= kMaxTorrentFile &&
                    (delta.in_swarm() || delta.file_size == delta.size) && level <= kMaxZstdLevel,
                "a descriptor states sizes of a delta beyond this program's limits");
  delta.level = static_cast<int>(level);
  return delta;
}

/// The newest of each revision that begins with `wanted`.
std::vector<std::size_t> beginning(const std::vector<ReleaseNames>& all, std::string_view wanted) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](std::size_t other) { return all[other].revision == all[i].revision; });
    if (!known && how_called(all[i], wanted) == Called::begins) {
      found.push_back(i);
    }
  }
  return found;
}

/// By revision, also where they have names: it is more of that which tells them apart.
std::string candidates(const std::vector<ReleaseNames>& all, const std::vector<std::size_t>& which) {
  std::string text;
  for (std::size_t i = 0; i < which.size() && i < kMostCandidates; ++i) {
    text += (i == 0 ? "" : ", ") + release_title(ReleaseNames{all[which[i]].position, all[which[i]].revision});
  }
  return text;
}

}  // namespace

Digest digest_of(const SignedDescriptor& release) {
  return sha256(release.text);
}

std::string short_ref(std::string_view ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/"}) {
    if (ref.starts_with(prefix)) {
      ref.remove_prefix(prefix.size());
      break;
    }
  }
  const bool plain = std::all_of(ref.begin(), ref.end(), [](char c) {
    return c > ' ' && c <= '~' && std::string_view("~^:?*[\\%").find(c) == std::string_view::npos;
  });
  return plain && ref != "HEAD" && ref.size() <= kMaxReleaseName ? std::string(ref) : std::string();
}

ReleaseNames names_of(const Descriptor& descriptor) {
  return {descriptor.position, descriptor.revision, descriptor.name};
}

std::string release_title(const ReleaseNames& names) {
  return fmt::format("release {} ({})", names.position.value,
                     names.name.empty() ? names.revision.substr(0, kShownRevision) : names.name);
}

std::string release_title(const Descriptor& descriptor) {
  return release_title(names_of(descriptor));
}

Called how_called(const ReleaseNames& names, std::string_view wanted) {
  if (names.position.value != 0 && wanted == std::to_string(names.position.value)) {
    return Called::number;
  }
  if (wanted == names.revision) {
    return Called::revision;
  }
  if (!names.name.empty() && names.name == short_ref(wanted)) {
    return Called::name;
  }
  return wanted.size() >= kShortestBeginning && names.revision.starts_with(wanted) ? Called::begins : Called::no;
}

Called how_called(const Descriptor& descriptor, std::string_view wanted) {
  return how_called(names_of(descriptor), wanted);
}

Result<std::optional<std::size_t>> find_called(const std::vector<ReleaseNames>& all, std::string_view wanted) {
  std::optional<std::size_t> best;
  Called reason = Called::begins;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (const Called called = how_called(all[i], wanted); called > reason) {
      best = i;
      reason = called;
    }
  }
  if (best) {
    return best;
  }
  const auto found = beginning(all, wanted);
  if (found.size() > 1) {
    return fail(ErrorCode::not_found, fmt::format("\"{}\" is the beginning of more than one revision", wanted),
                fmt::format("give more of it, or the number: {}", candidates(all, found)));
  }
  return found.empty() ? std::nullopt : std::optional(found.front());
}

std::string encode(const Descriptor& descriptor) {
  KeyValues record{std::string(kMagic)};
  record.add("position", descriptor.position.value).add("revision", descriptor.revision);
  if (!descriptor.name.empty()) {
    record.add(kName, descriptor.name);
  }
  record.add("source", descriptor.source)
      .add("created", descriptor.created)
      .add("info-hash", descriptor.info_hash.hex())
      .add("manifest", descriptor.manifest.hex())
      .add("manifest-size", descriptor.manifest_size)
      .add("torrent-size", descriptor.torrent_size)
      .add("packed-size", descriptor.packed_size)
      .add("tree-size", descriptor.tree_size)
      .add("files", descriptor.files)
      .add("basis", descriptor.basis.value);
  if (descriptor.clone_limits.upload > 0) {
    record.add(kUploadLimit, descriptor.clone_limits.upload);
  }
  if (descriptor.clone_limits.download > 0) {
    record.add(kDownloadLimit, descriptor.clone_limits.download);
  }
  if (descriptor.delta) {
    record.add(kDeltaBefore, descriptor.delta->before.hex())
        .add(kDeltaFile, descriptor.delta->file.hex())
        .add(kDeltaFileSize, descriptor.delta->file_size)
        .add(kDeltaSize, descriptor.delta->size)
        .add(kDeltaLevel, static_cast<std::uint64_t>(descriptor.delta->level));
  }
  return record.text();
}

Result<Descriptor> decode_descriptor(std::string_view text) {
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(text, kMagic));
  Descriptor descriptor;
  TRY_ASSIGN(descriptor.position.value, record.number("position"));
  TRY_ASSIGN(descriptor.revision, record.get("revision"));
  descriptor.name = record.find(kName).value_or("");
  REFUSE_UNLESS(descriptor.name.empty() || descriptor.name == short_ref(descriptor.name),
                "a descriptor gives a release a name that cannot be one");
  TRY_ASSIGN(descriptor.source, record.get("source"));
  TRY_ASSIGN(descriptor.created, record.get("created"));
  TRY_ASSIGN(descriptor.info_hash.digest, record.digest("info-hash"));
  TRY_ASSIGN(descriptor.manifest, record.digest("manifest"));
  TRY_ASSIGN(descriptor.manifest_size, record.number("manifest-size"));
  TRY_ASSIGN(descriptor.torrent_size, record.number("torrent-size"));
  TRY_ASSIGN(descriptor.packed_size, record.number("packed-size"));
  TRY_ASSIGN(descriptor.tree_size, record.number("tree-size"));
  TRY_ASSIGN(descriptor.files, record.number("files"));
  TRY_ASSIGN(descriptor.basis.value, record.number("basis"));
  TRY_ASSIGN(descriptor.clone_limits.upload, rate_limit(record, kUploadLimit));
  TRY_ASSIGN(descriptor.clone_limits.download, rate_limit(record, kDownloadLimit));
  TRY_ASSIGN(descriptor.delta, delta_in(record));
  REFUSE_UNLESS(!descriptor.revision.empty() && descriptor.revision.size() <= kMaxRevision,
                "a descriptor has no proper revision");
  REFUSE_UNLESS(descriptor.manifest_size <= kMaxManifestFile && descriptor.torrent_size <= kMaxTorrentFile,
                "a descriptor states sizes beyond this program's limits");
  return descriptor;
}

std::string release_name(const Descriptor& descriptor) {
  std::string safe;
  for (const char c : descriptor.revision.substr(0, kShownRevision)) {
    safe.push_back(std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' ? c : '_');
  }
  return fmt::format("{:08}-{}", descriptor.position.value, safe);
}

std::string torrent_blob(const Descriptor& descriptor) {
  return fmt::format("{:08}-{}.torrent", descriptor.position.value, descriptor.info_hash.hex());
}

std::string delta_blob(const Descriptor& descriptor) {
  return fmt::format("{:08}-{}.delta", descriptor.position.value, descriptor.delta.value().file.hex());
}

std::optional<Position> release_of_blob(std::string_view name) {
  Position position;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), position.value);
  const bool named = error == std::errc() && end != name.data() + name.size() && *end == '-';
  return named ? std::optional(position) : std::nullopt;
}

std::string encode_record(const SignedDescriptor& release) {
  return KeyValues(std::string(kRecordMagic))
      .add("descriptor", release.text)
      .add("signature", release.signature)
      .text();
}

Result<SignedDescriptor> decode_record(std::string_view bytes) {
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(bytes, kRecordMagic));
  SignedDescriptor release;
  TRY_ASSIGN(release.text, record.get("descriptor"));
  TRY_ASSIGN(release.signature, record.get("signature"));
  TRY_ASSIGN(release.descriptor, decode_descriptor(release.text));
  return release;
}

}  // namespace swarmout
