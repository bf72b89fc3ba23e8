// What URLs in a repository may mean: .gitmodules and .lfsconfig are written by whoever can push. No I/O.

#pragma once

#include "common/base/result.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace swarmout {

/// Whom a URL leads to. The port is that of the scheme, if none is said.
struct GitServer {
  std::string scheme;  ///< "ssh" also for "user@host:path"
  std::string host;    ///< in lower case
  std::string port;
};
/// Nullopt, if it leads to no host, or by other ways than http, https, ssh and git.
[[nodiscard]] std::optional<GitServer> server_of(std::string_view url);

/// Whether it is a directory of this host: an absolute path, or file://.
[[nodiscard]] bool is_local_url(std::string_view url);

/// Path → URL of the submodules in what `git config -z --get-regexp ^submodule\..*\.(path|url)$` prints of a
/// .gitmodules. As git reads it: the last one counts, and entries with names that lead out of a directory, or with
/// values that look like options, are none.
[[nodiscard]] std::map<std::string, std::string> parse_gitmodules(std::string_view printed);

/// Where a submodule is, of a repository at `parent` that calls it `url`: "./" and "../" begin at the parent, as in
/// git. Errors: refused: it leads above the parent's host, is no URL, is local where the parent is not, asks for a
/// transport helper, or has characters that no URL has.
[[nodiscard]] Result<std::string> submodule_url(const std::string& parent, const std::string& url);

}  // namespace swarmout
