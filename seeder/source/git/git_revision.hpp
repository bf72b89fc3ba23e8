// What a person writes for a revision of a repository, and which commit upstream means by it. No I/O.

#pragma once

#include "common/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// "v1.2~3^2" is the ref "v1.2", and "~3^2" from there.
struct GitRevision {
  std::string base;
  std::string suffix;     ///< empty, if it means the commit of `base` itself
  std::size_t steps = 0;  ///< how many generations above `base` the suffix looks at most
};

/// Takes names, hashes, and the suffixes ~, ~N, ^, ^N, ^{}, ^{commit}. Errors: usage: it begins as an option;
/// not_found: nothing that names a commit upstream (reflogs, paths, ranges, searches).
[[nodiscard]] Result<GitRevision> parse_git_revision(const std::string& text);

[[nodiscard]] bool is_full_hash(std::string_view text);
[[nodiscard]] bool is_abbreviated_hash(std::string_view text);

/// What to ask `git ls-remote` for, so that remote_commit() can tell.
[[nodiscard]] std::vector<std::string> remote_patterns(const std::string& name);

/// The commit of `name` in what `git ls-remote` printed. Of several refs the one that git itself takes
/// (gitrevisions(7)): the full name, a tag, a branch. Tags come peeled.
[[nodiscard]] std::optional<std::string> remote_commit(std::string_view listing, const std::string& name);

/// The tips in a listing that an abbreviated hash may mean, each once.
[[nodiscard]] std::vector<std::string> tips_beginning_with(std::string_view listing, std::string_view hash);

}  // namespace swarmout
