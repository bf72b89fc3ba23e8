// The destination directory: one verified tree a release, and `current`, a link to one of them.
//
//   DEST/releases/00000042-1a2b3c4d5e6f/   complete and verified, never changed by us again
//   DEST/.incoming-peer-00000044-…/        being unpacked, here by the service
//   DEST/current -> releases/00000042-…    changed by one rename(2)

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"

#include <optional>
#include <vector>

namespace swarmout {

class ReleaseTrees {
public:
  /// `purpose` keeps apart what the service and what a `fetch` by hand is unpacking. Errors: cannot_write.
  [[nodiscard]] static Result<ReleaseTrees> open(const Path& dest, std::string_view purpose = "peer");

  [[nodiscard]] Path tree(const Descriptor& release) const;
  [[nodiscard]] Path incoming(const Descriptor& release) const;
  [[nodiscard]] bool has(const Descriptor& release) const;
  /// The name of the release that `current` points to, "00000042-…".
  [[nodiscard]] std::optional<std::string> current() const;

  /// Makes a verified tree, unpacked at `from` (default: where incoming() says), a release.
  [[nodiscard]] Result<void> accept(const Descriptor& release) { return accept(release, incoming(release)); }
  [[nodiscard]] Result<void> accept(const Descriptor& release, const Path& from);
  /// Points `current` to it: readers see the old tree or the new one, never nothing and never a mixture.
  [[nodiscard]] Result<void> activate(const Descriptor& release);
  /// Removes all but the newest `keep` releases and what `current` names; and incoming trees of its own purpose other
  /// than `busy`.
  [[nodiscard]] Result<void> prune(std::size_t keep, const std::optional<Path>& busy);

private:
  ReleaseTrees(Path dest, std::string_view purpose)
      : dest_(std::move(dest)), incoming_(".incoming-" + std::string(purpose) + '-') {}
  Path dest_;
  std::string incoming_;  ///< how the names of incoming trees begin
};

}  // namespace swarmout
