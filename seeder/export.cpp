#include "seeder/export.hpp"

#include "common/base/failpoint.hpp"
#include "seeder/pack/basis.hpp"
#include "seeder/source/tree_guard.hpp"

#include <fmt/format.h>

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

}  // namespace

Result<Exported> export_tree(const Epoch& epoch, Source& source, const std::string& revision) {
  epoch.status.phase(Phase::exporting);
  std::optional<Basis> basis = newest_basis(epoch.store);
  Exported exported;
  exported.started = epoch.clock.now();
  exported.basis = basis ? basis->position : Position{};
  epoch.say(fmt::format("exporting {}{}", revision.empty() ? "the source" : revision,
                        basis ? fmt::format(" (packing against release {})", exported.basis.value) : ""));
  Packer packer(epoch.store, basis ? std::optional(std::move(basis->manifest)) : std::nullopt, epoch.status.pack,
                epoch.options.level);
  TreeGuard guard(packer);
  ShownSink shown(guard, epoch);
  TRY(source.stream(revision, shown, epoch.stop));
  TRY(guard.finish());
  failpoint("after-export");
  TRY_ASSIGN(exported.packed, packer.finish());
  return exported;
}

}  // namespace swarmout
