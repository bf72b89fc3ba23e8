// Releases that are properly signed and hostile all the same: whoever has the key, or a tool that went wrong, must not
// be able to write outside of a release's own directory.

#include "common/base/host.hpp"
#include "common/fleet/leader_record.hpp"
#include "common/fleet/log_entry.hpp"
#include "common/release/manifest.hpp"
#include "common/release/pack.hpp"
#include "common/release/signing.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/swarm/swarm_session.hpp"
#include "tests/e2e/fleet.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/wait_for.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace swarmout::test {

namespace {

const std::string kContent = "the content\n";

Node directory(std::string path) {
  return {std::move(path), Node::Kind::directory, "", 0, 0, 0};
}
Node link_to(std::string path, std::string target) {
  return {std::move(path), Node::Kind::symlink, std::move(target), 0, 0, 0};
}
/// Its content is chunk 0.
Node file(std::string path) {
  return {std::move(path), Node::Kind::file, "", kContent.size(), 0, 1};
}

/// Publishes trees made by hand as a leader does, and serves them from this process.
class Publisher {
public:
  explicit Publisher(const Fleet& fleet)
      : share_(fleet.share()), key_(SigningKey::load(fleet.keys() / kSecretKeyFile).value()) {
    SwarmSettings settings;
    settings.role = SwarmRole::seeder;
    session_ = SwarmSession::open(settings).value();
  }

  /// `meddle` may change the manifest when everything but the nodes' references is in it.
  void publish(const std::string& revision, std::vector<Node> nodes, const std::function<void(Manifest&)>& meddle) {
    const Path files = dir_ / revision / kTorrentRoot;
    std::filesystem::create_directories(files);
    Manifest manifest = packed(files);
    manifest.revision = revision;
    manifest.nodes = std::move(nodes);
    manifest.refs = {0};
    meddle(manifest);
    const std::string manifest_bytes = encode_manifest(manifest);
    write_file(files / kManifestName, manifest_bytes);

    SwarmContent content;
    content.directory = dir_ / revision;
    std::vector<TorrentInput> inputs;
    Descriptor descriptor;
    const auto names = list_directory(files).value();
    for (const std::string& name : names) {
      const Bytes size = std::filesystem::file_size(files / name);
      inputs.push_back({name, size, hash_leaves(files / name).value()});
      content.complete.insert(name);
      descriptor.packed_size += size;
    }
    const SealedTorrent torrent = seal_torrent(std::move(inputs), 32 * kKiB).value();
    content.torrent = torrent.bytes;
    ASSERT_THAT(session_->add(content), IsOk());
    ASSERT_TRUE(wait_for([&] {
      session_->poll(std::chrono::milliseconds(10));
      return session_->status(torrent.info_hash).complete;
    }));

    descriptor.position = {tail_.value + 2};  // of the COMMIT
    descriptor.revision = revision;
    descriptor.info_hash = torrent.info_hash;
    descriptor.manifest = sha256(manifest_bytes);
    descriptor.manifest_size = manifest_bytes.size();
    descriptor.torrent_size = torrent.bytes.size();
    descriptor.tree_size = manifest.tree_size();
    descriptor.files = manifest.nodes.size();
    ASSERT_THAT(share_.write_blob(torrent_blob(descriptor), torrent.bytes), IsOk());
    claim_and_commit(descriptor);
  }

private:
  /// A manifest with one pack, and that pack in `files`.
  static Manifest packed(const Path& files) {
    const auto frame = ZstdCompressor().compress(as_bytes(kContent));
    PackWriter writer = PackWriter::create(files / "pack").value();
    EXPECT_THAT(writer.append(frame), IsOk());
    const PackFile pack = writer.finish().value();
    std::filesystem::rename(pack.path, files / pack_name(pack.root));
    Manifest manifest;
    const auto size = static_cast<std::uint32_t>(kContent.size());
    manifest.packs = {{pack.root, pack.size, 0, 1}};
    manifest.frames = {{static_cast<std::uint32_t>(frame.size()), size, 0, 1}};
    manifest.chunks = {{sha256(kContent), size}};
    return manifest;
  }

  void claim_and_commit(Descriptor descriptor) {
    LogEntry entry;
    entry.log = share_.cluster().value();
    entry.position = {tail_.value + 1};
    entry.owner = random_nonce_hex();
    put(entry);
    HeartbeatInfo info;
    info.claim = {entry.position, entry.owner};
    info.phase = Phase::seeding;
    info.endpoint = session_->endpoint();
    EXPECT_THAT(share_.write_cell(CellKind::heartbeat, claim_cell(info.claim), encode(info, key_).value()), IsOk());

    entry.kind = EntryKind::commit;
    entry.position = entry.release = descriptor.position = {tail_.value + 1};
    entry.revision = descriptor.revision;
    entry.descriptor = encode(descriptor);
    entry.signature = key_.sign(entry.descriptor, "test").value();
    put(entry);
  }

  void put(LogEntry& entry) {
    entry.previous = tail_digest_;
    sign_in(entry, system_clock().wall());
    const std::string bytes = encode(entry, key_).value();
    EXPECT_EQ(share_.put(entry.position, bytes).outcome, PutOutcome::won);
    tail_ = entry.position;
    tail_digest_ = sha256(bytes);
  }

  TempDir dir_;
  DirectoryShare share_;
  SigningKey key_;
  std::unique_ptr<SwarmSession> session_;
  Position tail_;
  Digest tail_digest_;
};

/// Every file that would be written where it must not is called "evil".
struct Hostile {
  std::string name;
  std::function<std::vector<Node>(const Path& scratch)> nodes;
  std::function<void(Manifest&)> meddle = [](Manifest&) {};
};

std::vector<Hostile> hostile_releases() {
  const auto only = [](std::vector<Node> nodes) { return [nodes](const Path&) { return nodes; }; };
  return {
      {"PathThatGoesUp", only({file("../evil")})},
      {"PathThatGoesUpFromBelow", only({directory("a"), file("a/../../evil")})},
      {"DirectoryThatIsAbove", only({directory(".."), file("../evil")})},
      {"AbsolutePath", [](const Path& scratch) { return std::vector{file((scratch / "evil").native())}; }},
      {"EmptyPath", only({file("")})},
      {"PathWithNul", only({file(std::string("evil\0name", 9))})},
      {"LinkAndAPathThroughIt", only({link_to("a", "../.."), file("a/evil")})},
      {"LinkWhereADirectoryIs", only({directory("a"), link_to("a", "../.."), file("a/evil")})},
      {"LinkAndAFileInItsPlace", only({link_to("a", "../../evil"), file("a")})},
      {"FileThereTwice", only({file("evil"), file("evil")})},
      {"PathBelowAFile", only({file("a"), file("a/evil")})},
      {"PathWithoutItsDirectory", only({file("a/evil")})},
      {"ContentThatIsNotThere", only({file("evil")}), [](Manifest& manifest) { manifest.refs = {7}; }},
      {"ContentOfAnotherDigest", only({file("evil")}),
       [](Manifest& manifest) { manifest.chunks[0].digest = sha256("another"); }},
      {"PackThatIsNotInTheTorrent", only({file("evil")}),
       [](Manifest& manifest) { manifest.packs[0].root = sha256("another"); }},
  };
}

/// Host 1 is on a good release; the newest one is hostile.
struct Attacked {
  explicit Attacked(const Hostile& hostile) : publisher(fleet) {
    publisher.publish("good", {file("good")}, [](Manifest&) {});
    EXPECT_EQ(fleet.peer(1, {"--once"}).wait(), 0);
    publisher.publish("hostile", hostile.nodes(fleet.scratch("")), hostile.meddle);
  }
  void expect_unharmed() {
    EXPECT_EQ(std::filesystem::read_symlink(fleet.current(1)), "releases/00000002-good");
    EXPECT_EQ(listing(fleet.current(1) / "").size(), 1U);
    EXPECT_EQ(read_file(fleet.current(1) / "good", 100).value_or(""), kContent);
    for (const auto& each : std::filesystem::recursive_directory_iterator(fleet.scratch(""))) {
      EXPECT_FALSE(each.path().filename().native().starts_with("evil")) << each.path();
    }
  }
  Fleet fleet;
  Publisher publisher;
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}

class HostileReleaseTest : public testing::TestWithParam<Hostile> {};

}  // namespace

TEST_P(HostileReleaseTest, IsRefusedByFetch) {
  Attacked attacked(GetParam());

  const Finished done = attacked.fleet.fetch(1, "latest");

  EXPECT_EQ(done.status, 65) << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_NE(done.err, "");
  attacked.expect_unharmed();
}
INSTANTIATE_TEST_SUITE_P(A, HostileReleaseTest, testing::ValuesIn(hostile_releases()),
                         [](const auto& each) { return each.param.name; });

TEST(HostileReleases, AreRefusedByPeerOnceAndWhatIsActiveStays) {
  // All at the same time: each tries three times, with five seconds in between.
  std::vector<std::unique_ptr<Attacked>> all;
  std::vector<Process> peers;
  for (const Hostile& hostile : hostile_releases()) {
    all.push_back(std::make_unique<Attacked>(hostile));
    peers.push_back(all.back()->fleet.peer(1, {"--once"}));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    SCOPED_TRACE(hostile_releases()[i].name);
    EXPECT_EQ(peers[i].wait(), 65) << peers[i].err();
    all[i]->expect_unharmed();
  }
}

}  // namespace swarmout::test
