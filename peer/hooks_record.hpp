// What hooks have said, and which one is due: what of it must survive a restart. Stored form: docs/formats/state.md.

#pragma once

#include "common/base/digest.hpp"
#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <optional>
#include <string>

namespace swarmout {

struct HooksRecord {
  std::optional<Digest> refused;  ///< by the hook before
  std::string says;
  std::optional<Digest> due;  ///< the hook after was begun, or is to be, and has not ended
};

/// Where all that is about hooks is; makes it.
[[nodiscard]] Result<Path> hooks_directory(const Path& state);

/// Errors: not_found: there is none yet; refused: it is damaged; what the file system fails with.
[[nodiscard]] Result<HooksRecord> load_hooks_record(const Path& state);
/// Flushed.
[[nodiscard]] Result<void> save_hooks_record(const Path& state, const HooksRecord& record);

}  // namespace swarmout
