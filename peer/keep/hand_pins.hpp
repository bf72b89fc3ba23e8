// Releases that a person keeps on this host until he says otherwise: a file each in STATE/pins/, named by the digest of
// the release's manifest. Neither trees nor packs of them are removed, by whatever prunes.
//
// It names content, so that a release that is published again is the same one. Stored form: docs/formats/state.md.

#pragma once

#include "common/base/clock.hpp"
#include "common/base/digest.hpp"
#include "common/base/files.hpp"

#include <optional>
#include <string>
#include <vector>

namespace swarmout {

struct HandPin {
  Digest manifest;
  Position release;
  std::string revision;
  std::string name{};  ///< tag or branch; may be empty
  std::string reason;
  std::string who;
  std::string time;  ///< UTC

  /// "release 42 (v1.2.3): audit, by ann since 2026-11-23T12:00:00Z".
  [[nodiscard]] std::string shown() const;
};

inline constexpr std::size_t kMaxPinReason = 200;

/// Any number of processes; each file is whole.
class HandPins {
public:
  explicit HandPins(const Path& state) : directory_(state / "pins") {}

  /// Newest first. One that is damaged counts, by its name: who wrote it wanted something kept.
  [[nodiscard]] Result<std::vector<HandPin>> all() const;
  /// Whether this content is pinned. Errors: as all(): nobody can say.
  [[nodiscard]] Result<bool> has(const Digest& manifest) const;
  /// put(), unless somebody else has pinned that: his reason stays. Under Store::lock_pins(). Errors: refused: so it
  /// is; cannot_write.
  [[nodiscard]] Result<void> add(const HandPin& pin) const;
  /// Flushed. Replaces one of the same release. Errors: cannot_write.
  [[nodiscard]] Result<void> put(const HandPin& pin) const;
  [[nodiscard]] Result<void> remove(const HandPin& pin) const;

private:
  Path directory_;
};

/// `wanted`: what this host knows by that name (`kept`, as find_kept() has it) if that is pinned; else a release
/// number, tag or branch, or the beginning of a revision or of the manifest's digest. Errors: not_found, naming what is
/// pinned.
[[nodiscard]] Result<HandPin> find_pin(const std::vector<HandPin>& pins, const std::string& wanted,
                                       const std::optional<Digest>& kept = {});

}  // namespace swarmout
