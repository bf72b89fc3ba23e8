#include "tests/golden/golden_fleet.hpp"

#include "cli/share_trouble.hpp"
#include "common/base/remove_tree.hpp"
#include "common/fleet/registry.hpp"
#include "common/share/directory/directory_format.hpp"
#include "common/swarm/swarm_certificate.hpp"
#include "tests/golden/golden_archive.hpp"
#include "tests/golden/golden_delta.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/tree.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kCluster = "e18f7beb1b18ff0bcee27619595629bc";
constexpr std::string_view kOwner = "60f2be94eb3add7d11858f31e8673876";

/// What libsodium takes for chance while this is alive: 1, 2, 3, …
class FixedChance {
public:
  FixedChance() { ::randombytes_set_implementation(&fixed_); }
  ~FixedChance() { ::randombytes_set_implementation(&randombytes_sysrandom_implementation); }
  FixedChance(const FixedChance&) = delete;
  FixedChance& operator=(const FixedChance&) = delete;

private:
  static const char* name() { return "fixed"; }
  static std::uint32_t number() { return 1; }
  static void fill(void* const buffer, const std::size_t size) {
    auto* const bytes = static_cast<unsigned char*>(buffer);
    std::iota(bytes, bytes + size, static_cast<unsigned char>(1));
  }
  ::randombytes_implementation fixed_{name, number, nullptr, nullptr, fill, nullptr};
};

void make_keys(const Path& keys) {
  const FixedChance chance;
  ASSERT_OK(make_key_pair(keys));
}

Result<PackedRelease> pack_with(const Store& store, const Tree& tree, std::optional<Manifest> basis, unsigned workers) {
  PackProgress progress;
  Packer packer(store, std::move(basis), progress, kDefaultZstdLevel, workers);
  TRY(feed_in_steps(packer, tree, 700'001));
  return packer.finish();
}

SealInput golden_input(PackedRelease packed) {
  SealInput input;
  input.packed = std::move(packed);
  input.position = golden_descriptor().position;
  input.revision = golden_descriptor().revision;
  input.source = golden_descriptor().source;
  input.created = golden_descriptor().created;
  return input;
}

void make_share(const Path& root, const SealedRelease& sealed, const SigningKey& key) {
  ASSERT_OK(init_directory(root, ::linkat));
  std::string format = read_file(root / "FORMAT", 4 * kKiB).value_or("");
  const std::size_t cluster = format.find("cluster ") + 8;
  ASSERT_OK(Digest::from_hex(format.substr(cluster, 32) + std::string(32, '0')));
  write_file(root / "FORMAT", format.replace(cluster, 32, kCluster));

  ASSERT_OK_AND_ASSIGN(const auto share, open_directory(root));
  Digest previous{};
  for (LogEntry entry : golden_entries(sealed.release)) {
    entry.log = kCluster;
    entry.previous = previous;
    ASSERT_OK_AND_ASSIGN(const std::string bytes, encode(entry, key));
    ASSERT_EQ(share->put(entry.position, bytes).outcome, PutOutcome::won);
    previous = sha256(bytes);
  }
  for (const HeartbeatInfo& each : {full_heartbeat(), bare_heartbeat()}) {
    ASSERT_OK_AND_ASSIGN(const std::string bytes, encode(each, key));
    ASSERT_OK(share->write_cell(CellKind::heartbeat, claim_cell(each.claim), bytes));
  }
  const Endpoint endpoint = *full_heartbeat().endpoint;
  const StagedRelease staged{full_heartbeat().claim, sealed.release, endpoint, full_heartbeat().tracker};
  const StagedRelease untracked{bare_heartbeat().claim, sealed.release, endpoint};
  for (const StagedRelease& each : {staged, untracked}) {
    ASSERT_OK_AND_ASSIGN(const std::string bytes, encode(each, key));
    ASSERT_OK(share->write_cell(CellKind::stage, claim_cell(each.claim), bytes));
  }
  const DeputySeat seat{full_heartbeat().claim, 1, "web-018"};
  ASSERT_OK_AND_ASSIGN(const std::string bytes, encode(seat, key));
  ASSERT_OK(share->write_cell(CellKind::heartbeat, claim_cell(seat.claim) + ".seat1", bytes));
  for (const PeerRecord& each : {full_peer(), bare_peer()}) {
    ASSERT_OK(share->write_cell(CellKind::peer, each.id, encode(each)));
  }
  ASSERT_OK(share->write_blob(torrent_blob(sealed.release.descriptor), sealed.torrent));
}

/// The descriptors with fields that are not always there, each with its signature.
void make_descriptors(const Path& directory, const SigningKey& key) {
  Descriptor limited = golden_descriptor();
  limited.clone_limits = {50 * kMiB, kMaxRate};
  limited.source = "git+https://host/a b%\n\xc3\xbc";
  limited.basis = Position{1};
  ASSERT_OK_AND_ASSIGN(const SignedDescriptor release, sign(limited, key));
  write_file(directory / "limited", release.text);
  write_file(directory / "limited.minisig", release.signature);

  Descriptor delta = golden_descriptor();
  delta.delta = {sha256("before"), sha256("delta file"), 1006, 100'007, 3};
  ASSERT_OK_AND_ASSIGN(const SignedDescriptor with_delta, sign(delta, key));
  write_file(directory / "delta", with_delta.text);
  write_file(directory / "delta.minisig", with_delta.signature);
}

std::string summary_of(const SealedRelease& sealed, const Manifest& manifest) {
  std::string text = fmt::format("info-hash {}\nmanifest {}\n", sealed.release.descriptor.info_hash.hex(),
                                 sealed.release.descriptor.manifest.hex());
  for (const PackInfo& each : manifest.packs) {
    text += fmt::format("pack {} {}\n", each.root.hex(), each.size);
  }
  return text;
}

/// What becomes of trees that are too large to keep: chunks of a large file, frames, an update that packs old content
/// anew. The same for every number of threads.
std::string packing_summary(const Path& state, const SigningKey& key, unsigned workers) {
  Tree tree{file_of("large", noise(9 * kMiB + 17)), file_of("prose", prose(kMiB))};
  for (unsigned i = 0; i < 60; ++i) {
    tree.push_back(file_of(fmt::format("part-{:02}", i), noise(100 * kKiB, 100 + i)));
  }
  Tree update{file_of("large", noise(9 * kMiB + 17).insert(5 * kMiB, "new"))};
  update.insert(update.end(), tree.begin() + 50, tree.end());

  auto store = Store::open(state);
  if (!store) {
    return to_string(store.error());
  }
  std::string text;
  std::optional<Manifest> basis;
  for (const auto& [name, each] : {std::pair("whole", &tree), std::pair("update", &update)}) {
    auto packed = pack_with(*store, *each, basis, workers);
    if (!packed) {
      return to_string(packed.error());
    }
    basis = packed->manifest;
    const auto sealed = seal(golden_input(*std::move(packed)), *store, key);
    text += sealed ? fmt::format("{}\n{}", name, summary_of(*sealed, *basis)) : to_string(sealed.error());
  }
  return text;
}

}  // namespace

Path project_directory() {
  return SWARMOUT_PROJECT_DIRECTORY;
}

std::map<std::string, std::string> files_below(const Path& root) {
  std::map<std::string, std::string> files;
  for (const auto& each : std::filesystem::recursive_directory_iterator(root)) {
    if (each.is_regular_file()) {
      files[std::filesystem::relative(each.path(), root).native()] =
          read_file(each.path(), kGiB).value_or("(unreadable)");
    }
  }
  return files;
}

bool copy_golden(const std::string& part, const Path& to) {
  std::error_code error;
  std::filesystem::copy(golden_directory() / part, to, std::filesystem::copy_options::recursive, error);
  EXPECT_FALSE(error) << error.message();
  for (const char* directory : {"hb", "stage", "peers", "torrents"}) {
    if (part == "share") {
      std::filesystem::create_directories(to / directory);
    }
  }
  for (const std::string_view secret : {kSecretKeyFile, kCertificateKeyFile}) {
    if (path_exists(to / secret)) {
      std::filesystem::permissions(to / secret, std::filesystem::perms(0600));  // git keeps no such modes
    }
  }
  return !error;
}

Tree golden_tree() {
  return {file_of("COPY", "hello\n"),
          file_of("README", "hello\n"),
          {directory("bin"), ""},
          file_of("bin/run", "#!/bin/sh\necho running\n", true),
          {symlink("bin/start", "run"), ""},
          file_of("empty", ""),
          {directory("log"), ""}};
}

Descriptor golden_descriptor() {
  Descriptor descriptor;
  descriptor.position = Position{2};
  descriptor.revision = "d-0dae2a84e81b95dd";
  descriptor.source = "dir:tree";
  descriptor.created = "2026-11-24T11:29:34Z";
  descriptor.info_hash = {sha256("torrent")};
  descriptor.manifest = sha256("manifest");
  descriptor.manifest_size = 1001;
  descriptor.torrent_size = 1002;
  descriptor.packed_size = 1003;
  descriptor.tree_size = 1004;
  descriptor.files = 1005;
  return descriptor;
}

std::vector<LogEntry> golden_entries(const SignedDescriptor& release) {
  std::vector<LogEntry> entries;
  for (std::uint64_t position = 1; position <= 8; ++position) {
    LogEntry entry;
    entry.kind = position % 2 == 1 ? EntryKind::claim : EntryKind::commit;
    entry.position = Position{position};
    entry.nonce = sha256(fmt::format("nonce {}", position)).hex().substr(0, 32);
    entry.owner = kOwner;
    entry.slot = fmt::format("night-{}", (position + 1) / 2);
    entry.attempt = 1;
    entry.host = "web-017";
    entry.boot = "d05c9e70-bce8-4288-810e-edf7acb32829";
    entry.pid = 14650;
    entry.time = fmt::format("2026-11-2{}T11:29:34Z", 3 + (position + 1) / 2);
    if (entry.kind == EntryKind::commit) {
      entry.release = release.descriptor.position;
      entry.revision = release.descriptor.revision;
    }
    entries.push_back(entry);
  }
  entries[1].descriptor = release.text;
  entries[1].signature = release.signature;
  entries[5].kind = EntryKind::abandon;
  entries[5].release = {};
  entries[5].revision.clear();
  entries[5].reason = "the source's command ended with status 3: no such tag\n";
  entries[6].slot.clear();
  entries[7].slot.clear();
  entries[7].hold = "the tag is 100% wrong: ask ops";
  return entries;
}

HeartbeatInfo full_heartbeat() {
  HeartbeatInfo info = bare_heartbeat();
  info.claim.position = Position{1};
  info.counter = 17;
  info.phase = Phase::seeding;
  info.files = 7;
  info.read = 35;
  info.packed = 38;
  info.copies = 3;
  info.peers = 4;
  info.endpoint = Endpoint{"192.0.2.1", 6881};
  info.tracker = Endpoint{"2001:db8::1", 6969};
  info.offered = 282;
  info.line_rate = 2'500'000.9;
  info.traffic.hosts = {{Endpoint{"192.0.2.2", 6881}, 0, 564, 0, false}};
  info.traffic.others = 2;
  info.traffic.others_out = 282;
  return info;
}

HeartbeatInfo bare_heartbeat() {
  HeartbeatInfo info;
  info.claim = {Position{3}, std::string(kOwner)};
  info.counter = 1;
  info.time = parse_utc("2026-11-24T11:29:34Z").value();
  info.host = "web-017";
  info.phase = Phase::resolving;
  return info;
}

PeerRecord full_peer() {
  PeerRecord record = bare_peer();
  record.id = "17b5f7b1d5d518b4";
  record.counter = 9;
  record.interval = 15s;
  record.active = Position{2};
  record.active_hash = InfoHash{sha256("active")};
  record.revision = "d-0dae2a84e81b95dd";
  record.target = Position{2};
  record.info_hash = InfoHash{sha256("torrent")};
  record.wanted = 282;
  record.have = 281;
  record.complete = true;
  record.download_rate = 3'587'910.5;
  record.downloaded = 300;
  record.uploaded = 564;
  record.duplicate = 10;
  record.failed = 8;
  record.first_piece = 12ms;
  record.fetched_in = 345ms;
  record.traffic.hosts = {{Endpoint{"2001:db8::1", 6881}, 8, 0, 1, true},
                          {Endpoint{"192.0.2.1", 6881}, 292, 564, 0, false}};
  record.trouble = "disk full: /srv/swarmout\n";
  record.holds = {Position{2}, Position{1}};
  record.held_back = "held here by root";
  return record;
}

PeerRecord bare_peer() {
  PeerRecord record;
  record.id = "00112233aabbccdd";
  record.counter = 1;
  record.host = "web-018";
  record.endpoint = {"192.0.2.18", 6881};
  return record;
}

void make_golden_fleet(const Path& root) {
  make_keys(root / "keys");
  ASSERT_OK_AND_ASSIGN(const SigningKey key, SigningKey::load(root / "keys" / kSecretKeyFile));
  ASSERT_OK_AND_ASSIGN(Store store, Store::open(root / "state"));
  ASSERT_OK_AND_ASSIGN(PackedRelease packed, pack_with(store, golden_tree(), {}, 2));
  ASSERT_OK_AND_ASSIGN(const SealedRelease sealed, seal(golden_input(std::move(packed)), store, key));
  ASSERT_OK(store.record(sealed.release));
  EXPECT_TRUE(
      ShareTrouble(root / "state").worth_saying({ErrorCode::unavailable, "away", ""}, WallTime(1'700'000'000s)));
  make_share(root / "share", sealed, key);
  make_descriptors(root / "descriptors", key);
  make_golden_delta(root / "deltas");
  make_golden_archive(store, sealed.release, root / "exports/release-2.tar");

  std::set<std::string> summaries;
  for (const unsigned workers : {1U, 2U, 8U}) {
    summaries.insert(packing_summary(root / fmt::format("scratch-{}", workers), key, workers));
    EXPECT_TRUE(remove_tree(root / fmt::format("scratch-{}", workers)));
  }
  EXPECT_EQ(summaries.size(), 1U) << "packing depends on the number of threads";
  write_file(root / "packing", *summaries.begin());
}

}  // namespace swarmout::test
