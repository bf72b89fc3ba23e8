// What a person writes for a Mercurial repository, and for a revision of it. No I/O.

#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace swarmout {

struct HgLocation {
  std::string repository;  ///< a URL, which may have secrets, or a path
  std::string revision;    ///< as it was written; empty: the branch `default`
  bool local = false;      ///< of this host: hg reads its files itself
};

/// Takes URL[#REVISION]. Errors: usage: nothing there, it begins as an option, or is of a scheme that is not
/// Mercurial's.
[[nodiscard]] Result<HgLocation> parse_hg_location(const std::string& text);

/// Whether it can be the name of a changeset: a branch, a tag, a bookmark or a hash; not an expression. Errors: usage:
/// it begins as an option; not_found: it cannot.
[[nodiscard]] Result<void> check_hg_name(const std::string& text);

/// 40 hexadecimal digits.
[[nodiscard]] bool is_full_node(std::string_view text);

}  // namespace swarmout
