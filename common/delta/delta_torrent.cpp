#include "common/delta/delta_torrent.hpp"

#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"

namespace swarmout {

namespace {

TorrentInput input_of(std::string_view name, std::string_view content) {
  LeafHasher hasher;
  hasher.update(as_bytes(content));
  return {std::string(name), content.size(), hasher.finish()};
}

std::string before_line(const Digest& before) {
  return before.hex() + '\n';
}

}  // namespace

Result<SealedTorrent> seal_delta(std::string_view delta, const Digest& before, const std::string& certificate) {
  return seal_torrent({input_of(kDeltaName, delta), input_of(kDeltaBeforeName, before_line(before))},
                      piece_length_for(delta.size()), certificate);
}

Path DeltaRooms::room(const InfoHash& info_hash) const {
  return directory_ / (purpose_ + '-' + info_hash.hex());
}

Result<Path> DeltaRooms::make(const InfoHash& info_hash) const {
  TRY(make_directories_for_owner(directory_).map_error([](Error error) {
    error.code = ErrorCode::cannot_write;  // also where something else is in its way
    return error;
  }));
  TRY(remove(info_hash));
  TRY(make_directories_for_owner(room(info_hash) / kTorrentRoot));
  return room(info_hash);
}

Result<Path> DeltaRooms::make(const InfoHash& info_hash, std::string_view delta, const Digest& before) const {
  TRY_ASSIGN(const Path made, make(info_hash));
  TRY(replace_file(made / kTorrentRoot / kDeltaName, as_bytes(delta), 0644, Durability::cached));
  TRY(replace_file(made / kTorrentRoot / kDeltaBeforeName, as_bytes(before_line(before)), 0644, Durability::cached));
  return made;
}

Result<std::string> DeltaRooms::read(const InfoHash& info_hash, Bytes limit) const {
  return read_file(room(info_hash) / kTorrentRoot / kDeltaName, limit);
}

Result<void> DeltaRooms::remove(const InfoHash& info_hash) const {
  return remove_tree(room(info_hash));
}

Result<void> DeltaRooms::clear() const {
  const auto names = list_directory(directory_);
  if (!names) {
    return names.error().code == ErrorCode::not_found ? Result<void>() : tl::unexpected(names.error());
  }
  for (const std::string& name : *names) {
    if (name.starts_with(purpose_ + '-')) {
      TRY(remove_tree(directory_ / name));
    }
  }
  return {};
}

}  // namespace swarmout
