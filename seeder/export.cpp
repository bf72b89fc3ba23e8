#include "seeder/export.hpp"

#include "common/base/failpoint.hpp"
#include "seeder/pack/basis.hpp"
#include "seeder/pack/export_record.hpp"
#include "seeder/pack/pack_checks.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/tree_guard.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace swarmout {

namespace {

constexpr std::chrono::milliseconds kShowEvery{300};

/// Hands everything on and lets a person see that it moves.
class ShownSink final : public TreeSink {
public:
  ShownSink(TreeSink& next, const Epoch& epoch) : next_(next), epoch_(epoch), shown_(epoch.clock.now()) {}
  Result<void> entry(const TreeEntry& entry) override {
    if (++entries_ % 64 == 0 && epoch_.clock.now() - shown_ > kShowEvery) {
      shown_ = epoch_.clock.now();
      const PackProgress& pack = epoch_.status.pack;
      epoch_.progress(fmt::format("exporting: {} files, {} MiB read, {} MiB packed", pack.files.load(),
                                  pack.read / kMiB, pack.packed / kMiB));
    }
    return next_.entry(entry);
  }
  Result<void> data(ByteView bytes) override { return next_.data(bytes); }

private:
  TreeSink& next_;
  const Epoch& epoch_;
  MonotonicTime shown_;
  std::uint64_t entries_ = 0;
};

/// One way of streaming the source, from an empty packer to its result.
class Attempt {
public:
  Attempt(const Epoch& epoch, std::optional<Manifest> basis)
      : epoch_(epoch), packer_(epoch.store, std::move(basis), epoch.status.pack, epoch.options.level) {}

  Result<void> everything(Source& source, const std::string& revision) {
    TRY(source.stream(revision, shown_, epoch_.stop));
    return guard_.finish();
  }
  /// False: the source cannot tell; nothing of this attempt is to be used.
  Result<bool> changes(Source& source, const std::string& revision, std::string_view memo) {
    TRY_ASSIGN(const bool told, source.stream_changes({packer_.basis_nodes(), memo}, revision, shown_, epoch_.stop));
    TRY(told ? guard_.finish() : Result<void>());
    return told;
  }
  Result<PackedRelease> finish() { return packer_.finish(); }

private:
  const Epoch& epoch_;
  Packer packer_;
  TreeGuard guard_{packer_};
  ShownSink shown_{guard_, epoch_};
};

/// Another branch or tag of a repository is the same source.
std::string place_of(const std::string& source) {
  const std::string shown = without_credentials(source);
  return shown.substr(0, place_of_revision(shown));
}

/// Every pack is read, if it was not today: this host may soon be the only one that has it.
Result<Exported> take_packed(const Epoch& epoch, const SignedDescriptor& release) {
  const Descriptor& descriptor = release.descriptor;
  epoch.say(fmt::format("taking {} as it was imported: made {} of {}, signed by key {}", release_title(descriptor),
                        descriptor.created, descriptor.source, signed_with(release.signature)));
  Exported taken;
  taken.started = epoch.clock.now();
  taken.asked = descriptor.name;
  TRY_ASSIGN(const std::string bytes, epoch.store.manifest_bytes(descriptor.manifest));
  TRY_ASSIGN(taken.packed.manifest, decode_manifest(bytes));
  PackChecks checks(epoch.store, epoch.clock.wall());
  for (const PackInfo& pack : taken.packed.manifest.packs) {
    if (epoch.stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
    TRY_ASSIGN(const bool whole, checks.whole(pack.root, pack.size));
    if (!whole) {
      return fail(ErrorCode::not_found,
                  fmt::format("{} is not whole on this host any more: {} is missing", release_title(descriptor),
                              epoch.store.pack_path(pack.root).native()),
                  "import it once more");
    }
    epoch.status.pack.read += pack.size;
  }
  checks.keep();
  epoch.status.pack.files = taken.packed.manifest.nodes.size();
  return taken;
}

void begin_counting_anew(PackProgress& progress) {
  progress.files = 0;
  progress.read = 0;
  progress.packed = 0;
}

}  // namespace

Result<Exported> export_tree(const Epoch& epoch, Source& source, const std::string& revision) {
  epoch.status.phase(Phase::exporting);
  if (const auto packed = source.packed()) {
    return take_packed(epoch, *packed);
  }
  const ExportKind kind{SWARMOUT_VERSION, place_of(epoch.options.source), {}};
  std::optional<Basis> basis = newest_basis(epoch.store, epoch.clock.wall());
  Exported exported;
  exported.started = epoch.clock.now();
  exported.basis = basis ? basis->position : Position{};
  const auto before = basis ? std::optional(basis->manifest.tree_digest()) : std::nullopt;
  const auto memo =
      before ? recall_export(epoch.store, {kind.program, kind.source, *before}) : std::optional<std::string>();
  epoch.say(fmt::format(
      "exporting {}{}", revision.empty() ? "the source" : revision,
      basis ? fmt::format(" ({} release {})", memo ? "what differs from" : "packing against", exported.basis.value)
            : ""));
  std::optional<Attempt> attempt;
  attempt.emplace(epoch, basis ? std::optional(std::move(basis->manifest)) : std::nullopt);
  bool told = false;
  if (memo) {
    TRY_ASSIGN(told, attempt->changes(source, revision, *memo));
  }
  if (memo && !told) {
    epoch.say("the source cannot tell what differs; exporting all of it");
    basis = newest_basis(epoch.store, epoch.clock.wall());
    exported.basis = basis ? basis->position : Position{};
    begin_counting_anew(epoch.status.pack);
    attempt.emplace(epoch, basis ? std::optional(std::move(basis->manifest)) : std::nullopt);
  }
  if (!told) {
    TRY(attempt->everything(source, revision));
  }
  failpoint("after-export");
  TRY_ASSIGN(exported.packed, attempt->finish());
  if (const std::string now = source.memo(); !now.empty()) {
    const ExportKind made{kind.program, kind.source, exported.packed.manifest.tree_digest()};
    if (const auto kept = remember_export(epoch.store, made, now, before); !kept) {
      spdlog::debug("the next export will be a whole one: {}", to_string(kept.error()));
    }
  }
  return exported;
}

}  // namespace swarmout
