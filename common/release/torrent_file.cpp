#include "common/release/torrent_file.hpp"

#include <fmt/format.h>
#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/create_torrent.hpp>
#include <libtorrent/file_storage.hpp>
#include <libtorrent/torrent_info.hpp>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

namespace swarmout {

namespace {

constexpr Bytes kMinPiece = 32 * kKiB;
constexpr Bytes kMaxPiece = 4 * kMiB;
constexpr Bytes kWantedPieces = 8000;
/// libtorrent 2.0.8 counts the bytes between files in an int.
constexpr Bytes kMaxPadding = 2 * kGiB;
constexpr std::string_view kPackSuffix = ".pack";

Digest digest_of(const lt::sha256_hash& hash) {
  Digest digest;
  std::memcpy(digest.bytes.data(), hash.data(), Digest::kSize);
  return digest;
}

bool is_our_name(std::string_view name) {
  if (name == kManifestName || name == kDeltaName || name == kDeltaBeforeName) {
    return true;
  }
  return name.ends_with(kPackSuffix) && Digest::from_hex(name.substr(0, name.size() - kPackSuffix.size()));
}

}  // namespace

std::string pack_name(const Digest& root) {
  return root.hex() + std::string(kPackSuffix);
}

Bytes piece_length_for(Bytes total) {
  return std::clamp(std::bit_ceil(total / kWantedPieces + 1), kMinPiece, kMaxPiece);
}

Result<SealedTorrent> seal_torrent(std::vector<TorrentInput> files, Bytes piece_length,
                                   const std::string& certificate) {
  INVARIANT(std::has_single_bit(piece_length) && piece_length >= kLeafSize);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::map<std::string, const TorrentInput*> by_path;
  try {
    lt::file_storage storage;
    for (const TorrentInput& file : files) {
      INVARIANT(is_our_name(file.name) && file.size > 0);
      const std::string path = fmt::format("{}/{}", kTorrentRoot, file.name);
      storage.add_file(path, static_cast<std::int64_t>(file.size));
      by_path[path] = &file;
    }
    Bytes padding = 0;
    for (const TorrentInput& file : files) {
      padding += (piece_length - file.size % piece_length) % piece_length;
    }
    REFUSE_UNLESS(padding < kMaxPadding && files.size() <= kMaxTorrentFiles,
                  "the release is too large for one torrent");
    // The constructor reorders the files and inserts pad files: look names up only after it.
    lt::create_torrent torrent(storage, static_cast<int>(piece_length), lt::create_torrent::v2_only);
    torrent.set_creation_date(0);
    if (!certificate.empty()) {
      torrent.set_root_cert(certificate);
    }
    for (const lt::file_index_t index : storage.file_range()) {
      if (storage.pad_file_at(index)) {
        continue;
      }
      const TorrentInput& file = *by_path.at(storage.file_path(index));
      const auto layer = file.layer.empty() ? piece_layer(file.leaves, piece_length) : file.layer;
      lt::piece_index_t::diff_type piece{0};
      for (const Digest& hash : layer) {
        torrent.set_hash2(index, piece++, lt::sha256_hash(reinterpret_cast<const char*>(hash.bytes.data())));
      }
    }
    const std::vector<char> bytes = torrent.generate_buf();
    const lt::torrent_info info(bytes, lt::from_span);
    return SealedTorrent{{bytes.begin(), bytes.end()}, {digest_of(info.info_hashes().v2)}};
  } catch (const std::exception& error) {
    return fail(ErrorCode::failed, fmt::format("cannot make the torrent: {}", error.what()));
  }
}

namespace {

/// libtorrent checks the length of a layer, but neither that there is one nor that it is right.
bool has_right_layer(const lt::torrent_info& info, lt::file_index_t file) {
  const auto piece_length = static_cast<Bytes>(info.piece_length());
  if (static_cast<Bytes>(info.files().file_size(file)) <= piece_length) {
    return true;
  }
  const lt::span<char const> raw = info.piece_layer(file);
  std::vector<Digest> layer(static_cast<std::size_t>(raw.size()) / Digest::kSize);
  if (layer.empty()) {
    return false;
  }
  std::memcpy(layer.data(), raw.data(), layer.size() * Digest::kSize);
  return root_of_layer(layer, piece_length) == digest_of(info.files().root(file));
}

}  // namespace

Result<TorrentContents> read_torrent(std::string_view bytes) {
  lt::load_torrent_limits limits;
  limits.max_buffer_size = static_cast<int>(bytes.size());
  limits.max_pieces = kMaxTorrentPieces;
  std::optional<lt::torrent_info> info;
  try {
    // Not load_torrent_buffer(): that takes trackers, web seeds and layers out of the torrent_info.
    const lt::span<char const> buffer(bytes.data(), static_cast<std::ptrdiff_t>(bytes.size()));
    info.emplace(buffer, limits, lt::from_span);
  } catch (const std::exception& error) {
    return fail(ErrorCode::refused, fmt::format("damaged torrent: {}", error.what()));
  }
  REFUSE_UNLESS(info->v2() && !info->v1(), "the torrent is not a v2-only one");
  REFUSE_UNLESS(info->name() == kTorrentRoot, "the torrent has another root directory");
  REFUSE_UNLESS(info->trackers().empty() && info->web_seeds().empty(), "the torrent names trackers or web seeds");
  const lt::file_storage& storage = info->files();
  TorrentContents contents;
  contents.info_hash = {digest_of(info->info_hashes().v2)};
  contents.piece_length = static_cast<Bytes>(info->piece_length());
  contents.certificate = std::string(info->ssl_cert());
  for (const lt::file_index_t index : storage.file_range()) {
    if (storage.pad_file_at(index)) {
      continue;
    }
    REFUSE_UNLESS(contents.files.size() < kMaxTorrentFiles, "the torrent has too many files");
    const std::string path = storage.file_path(index);
    const std::string prefix = std::string(kTorrentRoot) + '/';
    REFUSE_UNLESS(path.starts_with(prefix) && is_our_name(std::string_view(path).substr(prefix.size())),
                  "the torrent has a file that is no pack, manifest or delta");
    REFUSE_UNLESS(!storage.file_flags(index), "the torrent has files with attributes");
    REFUSE_UNLESS(storage.file_size(index) > 0, "the torrent has an empty file");
    REFUSE_UNLESS(has_right_layer(*info, index), "the torrent's piece hashes do not match its roots");
    contents.files.push_back({path.substr(prefix.size()), static_cast<Bytes>(storage.file_size(index)),
                              digest_of(storage.root(index)),
                              static_cast<std::size_t>(static_cast<int>(storage.map_file(index, 0, 1).piece))});
  }
  contents.pieces = static_cast<std::size_t>(storage.num_pieces());
  for (const TorrentFile& file : contents.files) {
    REFUSE_UNLESS(!file.name.ends_with(kPackSuffix) || file.name == pack_name(file.root),
                  "the torrent has a pack under another name than its own");
  }
  return contents;
}

}  // namespace swarmout
