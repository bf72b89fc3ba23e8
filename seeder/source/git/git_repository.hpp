// The files of a bare repository of ours that are not objects: what git init would write, without what a host may have
// configured (templates, hooks), and without what killed gits have left.

#pragma once

#include "common/base/files.hpp"

namespace swarmout {

/// Makes the repository, or puts one right that is there: HEAD, config and info/attributes are as they must be, and no
/// file is left that is not ours. Objects are not looked at. Errors: cannot_write.
[[nodiscard]] Result<void> prepare_repository(const Path& repository, bool sha256_hashes);

}  // namespace swarmout
