#include "seeder/delta/release_delta.hpp"

#include "common/delta/delta_torrent.hpp"
#include "common/delta/pack_contents.hpp"
#include "seeder/delta/delta_maker.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_set>

namespace swarmout {

namespace {

Result<std::optional<Digest>> manifest_of(const Store& store, Position release) {
  TRY_ASSIGN(const auto releases, store.releases());
  const auto found = std::find_if(releases.begin(), releases.end(),
                                  [&](const SignedDescriptor& each) { return each.descriptor.position == release; });
  return found != releases.end() ? std::optional(found->descriptor.manifest) : std::nullopt;
}

}  // namespace

bool packed_by_path(const Manifest& before, const Manifest& after) {
  std::unordered_set<Digest> known;
  known.reserve(before.chunks.size());
  for (const Chunk& each : before.chunks) {
    known.insert(each.digest);
  }
  const auto is_new = [&](std::uint32_t chunk) { return !known.contains(after.chunks[chunk].digest); };
  std::uint32_t next = 0;  // the first that is new and was not used yet
  const auto skip_known = [&] {
    while (next < after.chunks.size() && !is_new(next)) {
      ++next;  // of the release before, or moved to another pack: the same wherever it is used first
    }
  };
  skip_known();
  for (const Node& node : after.nodes) {
    for (const std::uint32_t ref : after.refs_of(node)) {
      if (ref == next) {
        ++next;
        skip_known();
      } else if (ref > next && is_new(ref)) {
        return false;
      }
    }
  }
  return true;
}

Result<std::optional<ReleaseDelta>> release_delta(const Store& store, const Manifest& after, const DeltaWish& wish,
                                                  const std::stop_token& stop) {
  TRY_ASSIGN(const auto digest, manifest_of(store, wish.basis));
  if (!digest) {
    return std::nullopt;
  }
  TRY_ASSIGN(const std::string bytes, store.manifest_bytes(*digest));
  TRY_ASSIGN(const Manifest before, decode_manifest(bytes));
  if (!packed_by_path(before, after)) {
    return std::nullopt;
  }
  PackContents old(store, before);
  PackContents fresh(store, after);
  DeltaOptions options;
  options.limit = std::min(wish.limit, kMaxDelta);
  TRY_ASSIGN(auto delta, make_delta(before, after, old, fresh, options, stop));
  if (!delta) {
    return std::nullopt;
  }
  ReleaseDelta made;
  made.ref.before = *digest;
  made.ref.size = delta->size();
  made.ref.level = wish.level;
  made.delta = *std::move(delta);
  if (made.ref.in_swarm()) {
    TRY_ASSIGN(SealedTorrent torrent, seal_delta(made.delta, *digest, wish.certificate));
    made.file = std::move(torrent.bytes);
    made.info_hash = torrent.info_hash;
  } else {
    made.file = made.delta;
  }
  made.ref.file = sha256(made.file);
  made.ref.file_size = made.file.size();
  return made;
}

}  // namespace swarmout
