// Is a tree what its manifest says? Every name is looked at, and every byte is read and hashed, on all cores.

#pragma once

#include "common/base/files.hpp"
#include "common/release/manifest.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

enum class Fault {
  missing,
  extra,       ///< the manifest does not have it; of a directory that is extra only its own name is told
  type,        ///< a file where a directory belongs, and so on
  content,     ///< other bytes, more or fewer of them
  executable,  ///< the x bit alone
  target,      ///< of a symbolic link
  unreadable,  ///< the disk or a mode refuses
};
/// As it is printed: "missing", "extra", …
[[nodiscard]] std::string_view name_of(Fault fault);

struct Difference {
  Fault fault = Fault::missing;
  std::string path;
  std::string detail{};                 ///< what was seen, in words; may be empty
  std::optional<std::uint32_t> node{};  ///< of the manifest; none for what is extra
};

struct TreeCheck {
  std::vector<Difference> differences;  ///< by path
  std::size_t files = 0;                ///< that the manifest has
  Bytes bytes = 0;
};

struct CheckProgress {
  Bytes done = 0;
  Bytes all = 0;
};
/// Called by several threads, one at a time or not.
using CheckReport = std::function<void(const CheckProgress&)>;

/// Follows no link, enters nothing but directories that the manifest has, and writes nothing. A tree that is changed
/// meanwhile gives differences, not errors. Errors: not_found, cannot_write: `root` cannot be opened; temporary:
/// stopped.
[[nodiscard]] Result<TreeCheck> check_tree(const Manifest& manifest, const Path& root, const CheckReport& report,
                                           const std::stop_token& stop);

/// "1 missing, 2 content"; empty for none.
[[nodiscard]] std::string summary_of(const std::vector<Difference>& differences);

}  // namespace swarmout
