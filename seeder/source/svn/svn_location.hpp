// What a person writes for a place in a Subversion repository, and for a revision of it. No I/O.

#pragma once

#include "common/base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// "https://me:secret@host/repo/trunk@40#r38": the directory that had this URL in 40, as it was in 38.
struct SvnLocation {
  std::string url;       ///< as given to svn: without password; of svn+ssh with the user, who is ssh's
  std::string user;      ///< empty: whom svn takes
  std::string password;  ///< empty: none was given
  std::string peg;       ///< as svn has it; empty: the revision that is wanted
  std::string revision;  ///< as it was written; empty: what `peg` says, or HEAD
};

/// Takes URL[@PEG][#REVISION]; an @ that ends the URL says that those before it belong to the name. Errors: usage: it
/// is no URL of a scheme that svn has, begins as an option, or has a PEG that is no revision.
[[nodiscard]] Result<SvnLocation> parse_svn_location(const std::string& text);

/// "38", "r38", "HEAD", "{2026-01-31}" → "38", "38", "HEAD", "{2026-01-31}", which svn takes. Errors: usage: it begins
/// as an option; not_found: it is something else, a branch for example.
[[nodiscard]] Result<std::string> parse_svn_revision(const std::string& text);

}  // namespace swarmout
