#include "common/release/store.hpp"

#include "common/base/failpoint.hpp"
#include "common/base/host.hpp"
#include "common/base/key_values.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/private_files.hpp"
#include "common/base/remove_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

namespace swarmout {

namespace {

constexpr Bytes kMaxLeaves = 256 * kMiB;
constexpr Bytes kMaxRecord = 16 * kKiB;
constexpr const char* kStoreLock = "store.lock";
constexpr const char* kPins = "pins";
constexpr const char* kPinsLock = "pins.lock";
/// Who prunes holds it for a second at most, as a rule.
constexpr std::chrono::milliseconds kLockPause{20};
constexpr std::chrono::seconds kSayWaiting{2};

/// Hard link, whether or not `to` is there already.
Result<void> link_file(const Path& from, const Path& to) {
  if (::link(from.c_str(), to.c_str()) != 0 && errno != EEXIST) {
    return fail_errno(fmt::format("cannot link {} as", from.native()), to.native(), errno);
  }
  return {};
}

Result<std::vector<std::string>> list_if_there(const Path& directory) {
  auto names = list_directory(directory);
  const bool missing = !names && names.error().code == ErrorCode::not_found;
  return missing ? std::vector<std::string>() : std::move(names);
}

std::string record_name(Position position) {
  return fmt::format("{:08}", position.value);
}

std::string layout_name(std::string_view purpose, const InfoHash& info_hash) {
  return fmt::format("{}-{}", purpose, info_hash.hex().substr(0, 40));
}

}  // namespace

Result<Store> Store::open(const Path& state) {
  const Path root = resolved_root(state);
  TRY(make_private_directory(root));
  for (const char* const each : {"packs", "manifests", "releases", "swarm", "tmp"}) {
    TRY(make_private_directory(root / each, Closing::quiet));
  }
  TRY_ASSIGN(Scratch scratch, Scratch::make(root / "tmp"));
  return Store(root, std::make_shared<const Scratch>(std::move(scratch)));
}

Path Store::pack_path(const Digest& root) const {
  return state_ / "packs" / pack_name(root);
}

bool Store::has_pack(const Digest& root, Bytes size) const {
  struct stat info {};
  return ::stat(pack_path(root).c_str(), &info) == 0 && static_cast<Bytes>(info.st_size) == size;
}

Result<bool> Store::check_pack(const Digest& root, Bytes size) {
  if (!has_pack(root, size)) {
    return false;
  }
  TRY_ASSIGN(const LeafHashes leaves, hash_leaves(pack_path(root)));
  if (merkle_root(leaves) == root) {
    return true;
  }
  spdlog::error("{} is damaged on this disk; it will be fetched or made again", pack_path(root).native());
  TRY(remove_tree(pack_path(root)));
  return false;
}

Result<void> Store::add_pack(const PackFile& pack) {
  std::string raw;
  for (const Digest& leaf : pack.leaves) {
    raw += as_text(leaf.view());
  }
  TRY(replace_file(state_ / "packs" / (pack.root.hex() + ".leaves"), as_bytes(raw), 0644, Durability::cached));
  hand_over(pack.path, state_);  // else its owner could not link to it
  failpoint("before-pack-kept");
  if (::rename(pack.path.c_str(), pack_path(pack.root).c_str()) != 0) {
    return fail_errno("cannot keep", pack_path(pack.root).native(), errno);
  }
  return {};
}

Result<void> Store::adopt_pack(const Path& file, const Digest& root) {
  TRY_ASSIGN(PackFile pack, hash_leaves(file).map([&](LeafHashes leaves) {
    return PackFile{file, merkle_root(leaves), 0, std::move(leaves)};
  }));
  REFUSE_UNLESS(pack.root == root, fmt::format("{} is damaged on this host's disk", file.native()));
  ::chmod(file.c_str(), 0444);
  pack.path = scratch() / (random_nonce_hex() + ".pack");
  TRY(link_file(file, pack.path));
  auto added = add_pack(pack);
  ::unlink(pack.path.c_str());  // rename(2) does nothing where both names are the same file already
  return added;
}

Result<LeafHashes> Store::leaves_of(const Digest& root) const {
  LeafHashes leaves;
  if (const auto raw = read_file(state_ / "packs" / (root.hex() + ".leaves"), kMaxLeaves)) {
    for (std::size_t i = 0; i + Digest::kSize <= raw->size(); i += Digest::kSize) {
      TRY_ASSIGN(const Digest leaf, Digest::from_bytes(as_bytes(std::string_view(*raw).substr(i, Digest::kSize))));
      leaves.push_back(leaf);
    }
  }
  if (merkle_root(leaves) != root) {
    TRY_ASSIGN(leaves, hash_leaves(pack_path(root)));
  }
  REFUSE_UNLESS(merkle_root(leaves) == root, fmt::format("{} is damaged", pack_path(root).native()));
  return leaves;
}

Result<void> Store::put_manifest(std::string_view bytes) {
  return replace_file(state_ / "manifests" / sha256(bytes).hex(), as_bytes(bytes), 0444);
}

Result<std::string> Store::manifest_bytes(const Digest& digest) const {
  const Path path = state_ / "manifests" / digest.hex();
  TRY_ASSIGN(std::string bytes, read_file(path, kMaxManifestFile));
  REFUSE_UNLESS(sha256(bytes) == digest, fmt::format("{} is damaged", path.native()));
  return bytes;
}

Result<std::vector<ListedPack>> Store::packs_of(const Digest& manifest) const {
  return known_packs_->of(manifest, [&] { return manifest_bytes(manifest); });
}

Result<void> Store::record(const SignedDescriptor& release) {
  return replace_file(state_ / "releases" / record_name(release.descriptor.position), as_bytes(encode_record(release)));
}

Result<std::vector<SignedDescriptor>> Store::releases(Unreadable unreadable) const {
  TRY_ASSIGN(const auto names, list_directory(state_ / "releases"));
  std::vector<SignedDescriptor> found;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (name->starts_with(kTemporaryName)) {
      continue;  // one that is not in its place is none: nobody would ever forget it
    }
    auto release = read_file(state_ / "releases" / *name, kMaxRecord).and_then(decode_record);
    if (!release && unreadable == Unreadable::error && release.error().code != ErrorCode::not_found &&
        release.error().code != ErrorCode::refused) {
      return tl::unexpected(release.error());
    }
    if (!release) {
      spdlog::warn("leaving out the record {}: {}", *name, to_string(release.error()));
      continue;
    }
    found.push_back(*std::move(release));
  }
  std::stable_sort(found.begin(), found.end(), [](const SignedDescriptor& a, const SignedDescriptor& b) {
    return a.descriptor.created > b.descriptor.created;  // UTC, as wide as any other
  });
  return found;
}

Result<Path> Store::lay_out(std::string_view purpose, const TorrentContents& contents, const Digest& manifest,
                            std::set<std::string>& complete) {
  const Path directory = state_ / "swarm" / layout_name(purpose, contents.info_hash);
  const Path files = directory / kTorrentRoot;
  TRY(make_directories_for_owner(files));
  // A part of a file may be here from a fetch that was cut short, before another process had the whole: replace it.
  for (const TorrentFile& file : contents.files) {
    const bool first = file.name == kManifestName;
    if (first ? manifest_bytes(manifest).has_value() : has_pack(file.root, file.size)) {
      TRY(remove_tree(files / file.name));
      TRY(link_file(first ? state_ / "manifests" / manifest.hex() : pack_path(file.root), files / file.name));
      complete.insert(file.name);
    }
  }
  return directory;
}

Result<void> Store::remove_layouts(std::string_view purpose, const std::set<InfoHash>& keep) {
  std::set<std::string> kept;
  for (const InfoHash& info_hash : keep) {
    kept.insert(layout_name(purpose, info_hash));
  }
  TRY_ASSIGN(const auto names, list_directory(state_ / "swarm"));
  for (const std::string& name : names) {
    if (name.starts_with(std::string(purpose) + '-') && !kept.contains(name)) {
      TRY(remove_tree(state_ / "swarm" / name));
    }
  }
  return {};
}

Result<Fd> Store::lock_for_writing(const std::stop_token& stop) const {
  const Path file = state_ / kStoreLock;
  const auto begun = std::chrono::steady_clock::now();
  bool said = false;
  while (true) {
    TRY_ASSIGN(auto lock, try_lock(file, LockKind::shared));
    if (lock) {
      return *std::move(lock);
    }
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    if (!said && std::chrono::steady_clock::now() - begun > kSayWaiting) {
      spdlog::warn("waiting for another process of this host to release {}", file.native());
      said = true;
    }
    std::this_thread::sleep_for(kLockPause);
  }
}

Result<void> Store::clear_scratch() {
  TRY(remove_left_temporaries(state_));
  TRY_ASSIGN(const auto names, list_directory(state_));
  for (const std::string& name : names) {
    if (std::filesystem::is_directory(std::filesystem::symlink_status(state_ / name))) {
      TRY(remove_left_temporaries(state_ / name));
    }
  }
  return Scratch::clear(state_ / "tmp");
}

Result<std::set<std::string>> Store::pinned() const {
  const auto names = list_if_there(state_ / kPins);
  if (!names) {
    return fail(names.error().code, names.error().message,
                "nothing is forgotten while pins cannot be read: give the directory to the owner of the state");
  }
  return std::set<std::string>(names->begin(), names->end());
}

Result<std::optional<Fd>> Store::lock_pins(std::chrono::milliseconds patience) const {
  const auto begun = std::chrono::steady_clock::now();
  while (true) {
    TRY_ASSIGN(auto lock, try_lock(state_ / kPinsLock));
    if (lock || std::chrono::steady_clock::now() - begun > patience) {
      return lock;
    }
    std::this_thread::sleep_for(kLockPause);
  }
}

Result<void> Store::prune(std::size_t keep, const std::set<InfoHash>& needed) {
  TRY_ASSIGN(const auto all, releases());
  std::set<Digest> forgotten;
  for (std::size_t i = keep; i < all.size(); ++i) {
    if (!needed.contains(all[i].descriptor.info_hash)) {
      forgotten.insert(digest_of(all[i]));
    }
  }
  return forget(forgotten).map([](const auto&) {});
}

Result<void> Store::add_named(const Digest& manifest_digest, std::set<std::string>& named) const {
  TRY_ASSIGN(const auto packs, packs_of(manifest_digest));
  named.insert(manifest_digest.hex());
  for (const ListedPack& pack : packs) {
    named.insert(pack_name(pack.root));
    named.insert(pack.root.hex() + ".leaves");
  }
  return {};
}

Result<std::set<Digest>> Store::on_their_way(const std::vector<SignedDescriptor>& recorded) const {
  std::set<std::string> known;
  for (const SignedDescriptor& each : recorded) {
    known.insert(layout_name("", each.descriptor.info_hash));
  }
  std::set<Digest> found;
  TRY_ASSIGN(const auto names, list_if_there(state_ / "swarm"));
  for (const std::string& name : names) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string::npos || known.contains(name.substr(dash))) {
      continue;
    }
    const auto bytes = read_file(state_ / "swarm" / name / kTorrentRoot / kManifestName, kMaxManifestFile);
    if (bytes && packs_in_manifest(*bytes)) {  // else it is not whole yet, and nothing that it names is in the store
      found.insert(sha256(*bytes));
    } else if (!bytes && bytes.error().code != ErrorCode::not_found) {
      return tl::unexpected(bytes.error());
    }
  }
  return found;
}

Result<std::optional<std::set<Digest>>> Store::forget(const std::set<Digest>& forgotten,
                                                      const std::set<Digest>& needed) {
  TRY_ASSIGN(const auto lock, try_lock(state_ / kStoreLock));
  if (!lock) {
    return std::nullopt;
  }
  TRY_ASSIGN(const auto no_pin_comes, lock_pins());
  if (!no_pin_comes) {
    return std::nullopt;
  }
  TRY_ASSIGN(const std::set<std::string> pins, pinned());
  TRY_ASSIGN(const auto all, releases(Unreadable::error));
  known_packs_->begin_round();
  // First all that is to stay: who cannot say what it needs removes nothing.
  std::set<std::string> named;
  std::vector<const SignedDescriptor*> going;
  for (const SignedDescriptor& each : all) {
    const Descriptor& descriptor = each.descriptor;
    if (forgotten.contains(digest_of(each)) && !pins.contains(descriptor.manifest.hex())) {
      going.push_back(&each);
    } else {
      TRY(add_named(descriptor.manifest, named));
    }
  }
  TRY_ASSIGN(std::set<Digest> manifests, on_their_way(all));
  manifests.insert(needed.begin(), needed.end());
  for (const Digest& each : manifests) {
    if (const auto added = add_named(each, named); !added && added.error().code != ErrorCode::not_found) {
      return tl::unexpected(added.error());  // one that is not here names nothing that is
    }
  }
  std::set<Digest> gone;
  for (const SignedDescriptor* const each : going) {
    TRY(remove_tree(state_ / "releases" / record_name(each->descriptor.position)));
    gone.insert(digest_of(*each));
  }
  failpoint("after-records-forgotten");
  for (const char* const folder : {"packs", "manifests"}) {
    TRY_ASSIGN(const auto names, list_directory(state_ / folder));
    for (const std::string& name : names) {
      if (!named.contains(name)) {
        TRY(remove_tree(state_ / folder / name));
        failpoint("during-forget");
      }
    }
  }
  return gone;
}

}  // namespace swarmout
