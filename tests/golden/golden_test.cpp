// What this version writes, byte for byte, and what it reads in it: tests/golden/golden_fleet.hpp says what is made.

#include "cli/share_trouble.hpp"
#include "common/fleet/log_reader.hpp"
#include "common/fleet/trust.hpp"
#include "common/share/directory/directory_format.hpp"
#include "common/swarm/swarm_certificate.hpp"
#include "tests/golden/golden_fleet.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

namespace swarmout::test {

namespace {

using namespace std::chrono_literals;

constexpr const char* kGoldenInfoHash = "f11cdcb3bb1b1ac22e3dda4b5d2f6805e980966a72f2b94b9e1b99bd5f8c3cdc";
constexpr const char* kGoldenPack = "3aa1c522ff9fa700488abbfa28a0332e454b6f9b602a7981944050feb635fbb3";

/// Files that have no fixed content: empty locks, and the certificate, which OpenSSL makes with chance of its own.
bool is_fixed(const std::string& name) {
  return !name.ends_with(".lock") && name != "keys/swarm.crt" && name != "keys/swarm.key";
}

class Golden : public testing::Test {
protected:
  void SetUp() override {
    for (const char* part : {"keys", "share", "state"}) {
      ASSERT_TRUE(copy_golden(part, temp_ / part));
    }
    share_ = open_directory(temp_ / "share").value();
    keys_ = TrustedKeys::load(temp_ / "keys").value();
  }
  std::string cell(CellKind kind, const std::string& name) const {
    const auto found = share_->read_cell(kind, name);
    EXPECT_THAT(found, IsOk());
    return found && *found ? (*found)->bytes : "";
  }

  TempDir temp_;
  std::unique_ptr<Share> share_;
  TrustedKeys keys_;
};

}  // namespace

TEST(GoldenFiles, AreWhatTheCodeWrites) {
  const TempDir temp;
  make_golden_fleet(temp / "made");
  ASSERT_FALSE(HasFatalFailure());
  std::map<std::string, std::string> made = files_below(temp / "made");
  std::erase_if(made, [](const auto& each) { return !is_fixed(each.first); });
  if (std::getenv("SWARMOUT_WRITE_GOLDEN") != nullptr) {
    for (const auto& [name, bytes] : files_below(golden_directory())) {
      if (is_fixed(name)) {
        std::filesystem::remove(golden_directory() / name);
      }
    }
    for (const auto& [name, bytes] : made) {
      write_file(golden_directory() / name, bytes);
    }
    FAIL() << "tests/data is written anew; look at `git diff tests/data`, and run this again without "
              "SWARMOUT_WRITE_GOLDEN";
  }
  std::map<std::string, std::string> kept = files_below(golden_directory());
  std::erase_if(kept, [](const auto& each) { return !is_fixed(each.first); });

  for (const auto& [name, bytes] : kept) {
    EXPECT_TRUE(made.contains(name)) << name << " is in tests/data, and is not made any more";
  }
  for (const auto& [name, bytes] : made) {
    ASSERT_TRUE(kept.contains(name)) << name << " is made, and is not in tests/data";
    const bool text = bytes.find('\0') == std::string::npos && kept[name].find('\0') == std::string::npos;
    EXPECT_TRUE(bytes == kept[name]) << name << " is written in another way than before\n"
                                     << (text ? "before:\n" + kept[name] + "now:\n" + bytes : "(binary)");
  }
}

TEST_F(Golden, KeysAreReadAndHaveSignedTheRelease) {
  ASSERT_OK_AND_ASSIGN(const SigningKey secret, SigningKey::load(temp_ / "keys/swarmout.key"));
  ASSERT_OK_AND_ASSIGN(const VerifyKey open, VerifyKey::load(temp_ / "keys/swarmout.pub"));

  EXPECT_EQ(open.id(), "0807060504030201");
  EXPECT_EQ(secret.verify_key().id(), open.id());
  const auto files = files_below(golden_directory() / "descriptors");
  EXPECT_THAT(open.verify(files.at("limited"), files.at("limited.minisig")), IsOk());
}

TEST_F(Golden, TheCertificateIsRead) {
  EXPECT_THAT(load_swarm_certificate(temp_ / "keys"), IsOk());
}

TEST_F(Golden, TheDescriptorWithAllFieldsIsRead) {
  ASSERT_OK_AND_ASSIGN(const Descriptor read,
                       decode_descriptor(files_below(golden_directory() / "descriptors").at("limited")));

  EXPECT_EQ(read.position, Position{2});
  EXPECT_EQ(read.revision, "d-0dae2a84e81b95dd");
  EXPECT_EQ(read.source, "git+https://host/a b%\n\xc3\xbc");
  EXPECT_EQ(read.created, "2026-11-24T11:29:34Z");
  EXPECT_EQ(read.info_hash.digest, sha256("torrent"));
  EXPECT_EQ(read.manifest, sha256("manifest"));
  EXPECT_EQ(read.manifest_size, 1001U);
  EXPECT_EQ(read.torrent_size, 1002U);
  EXPECT_EQ(read.packed_size, 1003U);
  EXPECT_EQ(read.tree_size, 1004U);
  EXPECT_EQ(read.files, 1005U);
  EXPECT_EQ(read.basis, Position{1});
  EXPECT_EQ(read.clone_limits, (RateLimits{50 * kMiB, kMaxRate}));
}

TEST_F(Golden, TheLogIsRead) {
  LogReader log(*share_, keys_);
  ASSERT_OK_AND_ASSIGN(const LogView* view, log.refresh_with_slots());

  ASSERT_EQ(view->tail(), Position{8});
  ASSERT_NE(view->current_release(), nullptr);
  EXPECT_EQ(view->current_release()->position, Position{2});
  EXPECT_EQ(view->last_commit()->position, Position{8});
  EXPECT_EQ(view->last_failure(), "web-017: the source's command ended with status 3: no such tag?");
  const LogEntry& claim = *view->at(Position{1});
  EXPECT_EQ(claim.kind, EntryKind::claim);
  EXPECT_EQ(claim.log, "e18f7beb1b18ff0bcee27619595629bc");
  EXPECT_EQ(claim.previous, Digest{});
  EXPECT_EQ(claim.nonce, sha256("nonce 1").hex().substr(0, 32));
  EXPECT_EQ(claim.owner, "60f2be94eb3add7d11858f31e8673876");
  EXPECT_EQ(claim.slot, "night-1");
  EXPECT_EQ(claim.attempt, 1U);
  EXPECT_EQ(claim.host, "web-017");
  EXPECT_EQ(claim.boot, "d05c9e70-bce8-4288-810e-edf7acb32829");
  EXPECT_EQ(claim.pid, 14650U);
  EXPECT_EQ(claim.time, "2026-11-24T11:29:34Z");
  const LogEntry& unchanged = *view->at(Position{4});
  EXPECT_EQ(unchanged.kind, EntryKind::commit);
  EXPECT_EQ(unchanged.release, Position{2});
  EXPECT_EQ(unchanged.revision, "d-0dae2a84e81b95dd");
  EXPECT_EQ(unchanged.descriptor, "");
  EXPECT_EQ(unchanged.hold, std::nullopt);
  ASSERT_TRUE(view->hold());
  EXPECT_EQ(view->hold()->reason, "the tag is 100% wrong: ask ops");
  EXPECT_EQ(view->hold()->host, "web-017");
  EXPECT_EQ(view->hold()->time, "2026-11-27T11:29:34Z");
  EXPECT_EQ(view->hold()->position, Position{8});
}

TEST_F(Golden, ThePublishedReleaseIsTrusted) {
  LogReader log(*share_, keys_);
  ASSERT_OK_AND_ASSIGN(const LogView* view, log.refresh());
  ASSERT_OK_AND_ASSIGN(const TrustedKeys key, TrustedKeys::load(temp_ / "keys"));

  ASSERT_OK_AND_ASSIGN(const SignedDescriptor release, trusted(*view->current_release(), key));

  EXPECT_EQ(release.descriptor.info_hash.hex(), kGoldenInfoHash);
  EXPECT_EQ(release.descriptor.files, 7U);
  EXPECT_EQ(release.descriptor.tree_size, 35U);
  EXPECT_EQ(release.descriptor.packed_size, 282U);
}

TEST_F(Golden, AHeartbeatIsRead) {
  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read,
                       decode_heartbeat(cell(CellKind::heartbeat, "00000001-60f2be94"), full_heartbeat().claim, keys_));

  EXPECT_EQ(read.counter, 17U);
  EXPECT_EQ(utc(read.time), "2026-11-24T11:29:34Z");
  EXPECT_EQ(read.host, "web-017");
  EXPECT_EQ(read.phase, full_heartbeat().phase);
  EXPECT_EQ(read.files, 7U);
  EXPECT_EQ(read.read, 35U);
  EXPECT_EQ(read.packed, 38U);
  EXPECT_EQ(read.copies, 3U);
  EXPECT_EQ(read.peers, 4U);
  EXPECT_EQ(read.endpoint, (Endpoint{"192.0.2.1", 6881}));
  EXPECT_EQ(read.tracker, (Endpoint{"2001:db8::1", 6969}));
  EXPECT_EQ(read.offered, 282U);
  EXPECT_EQ(read.line_rate, 2'500'000);
  EXPECT_EQ(read.traffic, full_heartbeat().traffic);
}

TEST_F(Golden, AHeartbeatBeforeThereIsASessionIsRead) {
  ASSERT_OK_AND_ASSIGN(const HeartbeatInfo read,
                       decode_heartbeat(cell(CellKind::heartbeat, "00000003-60f2be94"), bare_heartbeat().claim, keys_));

  EXPECT_EQ(read.counter, 1U);
  EXPECT_EQ(read.phase, bare_heartbeat().phase);
  EXPECT_EQ(read.endpoint, std::nullopt);
  EXPECT_EQ(read.tracker, std::nullopt);
}

TEST_F(Golden, WhatALeaderHasStagedIsRead) {
  ASSERT_OK_AND_ASSIGN(const StagedRelease read,
                       decode_staged(cell(CellKind::stage, "00000001-60f2be94"), full_heartbeat().claim, keys_));
  EXPECT_EQ(read.release.descriptor.info_hash.hex(), kGoldenInfoHash);
  EXPECT_EQ(read.endpoint, (Endpoint{"192.0.2.1", 6881}));
  EXPECT_EQ(read.tracker, (Endpoint{"2001:db8::1", 6969}));

  ASSERT_OK_AND_ASSIGN(const StagedRelease untracked,
                       decode_staged(cell(CellKind::stage, "00000003-60f2be94"), bare_heartbeat().claim, keys_));
  EXPECT_EQ(untracked.tracker, std::nullopt);
}

TEST_F(Golden, ADeputysSeatIsRead) {
  const std::string seat = cell(CellKind::heartbeat, "00000001-60f2be94.seat1");

  EXPECT_THAT(check_seat(seat, {full_heartbeat().claim, 1, ""}, keys_), IsOk());
}

TEST_F(Golden, APeersRecordIsRead) {
  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(cell(CellKind::peer, "17b5f7b1d5d518b4")));

  EXPECT_EQ(read.id, "17b5f7b1d5d518b4");
  EXPECT_EQ(read.counter, 9U);
  EXPECT_EQ(read.host, "web-018");
  EXPECT_EQ(read.endpoint, (Endpoint{"192.0.2.18", 6881}));
  EXPECT_EQ(read.interval, 15s);
  EXPECT_EQ(read.active, Position{2});
  EXPECT_EQ(read.active_hash, InfoHash{sha256("active")});
  EXPECT_EQ(read.revision, "d-0dae2a84e81b95dd");
  EXPECT_EQ(read.target, Position{2});
  EXPECT_EQ(read.info_hash, InfoHash{sha256("torrent")});
  EXPECT_EQ(read.wanted, 282U);
  EXPECT_EQ(read.have, 281U);
  EXPECT_TRUE(read.complete);
  EXPECT_EQ(read.download_rate, 3'587'910);
  EXPECT_EQ(read.downloaded, 300U);
  EXPECT_EQ(read.uploaded, 564U);
  EXPECT_EQ(read.duplicate, 10U);
  EXPECT_EQ(read.failed, 8U);
  EXPECT_EQ(read.first_piece, 12ms);
  EXPECT_EQ(read.fetched_in, 345ms);
  EXPECT_EQ(read.traffic, full_peer().traffic);
  EXPECT_EQ(read.trouble, "disk full: /srv/swarmout?");
  EXPECT_THAT(read.holds, testing::ElementsAre(Position{2}, Position{1}));
  EXPECT_EQ(read.held_back, "held here by root");
}

TEST_F(Golden, ARecordOfAPeerThatHasNothingYetIsRead) {
  ASSERT_OK_AND_ASSIGN(const PeerRecord read, decode_peer(cell(CellKind::peer, "00112233aabbccdd")));

  EXPECT_EQ(read.interval, 0ms);
  EXPECT_EQ(read.active, Position{});
  EXPECT_EQ(read.active_hash, std::nullopt);
  EXPECT_EQ(read.info_hash, std::nullopt);
  EXPECT_EQ(read.first_piece, std::nullopt);
  EXPECT_EQ(read.fetched_in, std::nullopt);
  EXPECT_EQ(read.trouble, "");
  EXPECT_THAT(read.holds, testing::IsEmpty());
  EXPECT_EQ(read.held_back, "");
}

TEST_F(Golden, TheTorrentIsRead) {
  ASSERT_OK_AND_ASSIGN(const auto names, share_->list_blobs());
  ASSERT_THAT(names, testing::ElementsAre("00000002-" + std::string(kGoldenInfoHash) + ".torrent"));
  ASSERT_OK_AND_ASSIGN(const auto bytes, share_->read_blob(names[0], kMaxBlob));
  ASSERT_OK_AND_ASSIGN(const TorrentContents contents, read_torrent(bytes.value()));

  EXPECT_EQ(contents.info_hash.hex(), kGoldenInfoHash);
  EXPECT_EQ(contents.piece_length, 32 * kKiB);
  ASSERT_EQ(contents.files.size(), 2U);
  EXPECT_EQ(contents.files[0].name, std::string(kGoldenPack) + ".pack");
  EXPECT_EQ(contents.files[0].size, 54U);
  EXPECT_EQ(contents.files[1].name, "manifest");
}

TEST_F(Golden, TheStoreIsReadAndUnpackedToTheTree) {
  ASSERT_OK_AND_ASSIGN(Store store, Store::open(temp_ / "state"));
  ASSERT_OK_AND_ASSIGN(const auto releases, store.releases());
  ASSERT_EQ(releases.size(), 1U);
  const Descriptor& release = releases[0].descriptor;
  EXPECT_EQ(release.info_hash.hex(), kGoldenInfoHash);
  ASSERT_OK_AND_ASSIGN(const std::string bytes, store.manifest_bytes(release.manifest));
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, decode_manifest(bytes));
  ASSERT_EQ(manifest.packs.size(), 1U);
  EXPECT_EQ(manifest.packs[0].root.hex(), kGoldenPack);
  EXPECT_TRUE(store.check_pack(manifest.packs[0].root, manifest.packs[0].size).value_or(false));
  ASSERT_OK_AND_ASSIGN(const LeafHashes leaves, store.leaves_of(manifest.packs[0].root));
  EXPECT_EQ(leaves.size(), 1U);

  EXPECT_EQ(unpacked(store, manifest), listing_of(golden_tree()));
}

TEST_F(Golden, WhatWasSaidAboutTroubleIsRemembered) {
  ShareTrouble trouble(temp_ / "state");

  EXPECT_FALSE(trouble.worth_saying({ErrorCode::unavailable, "away", ""}, WallTime(1'700'000'060s)));
  EXPECT_EQ(trouble.over(WallTime(1'700'000'120s)), "well again after 2 min 0 s of trouble");
}

}  // namespace swarmout::test
