#include "seeder/source/open_source.hpp"

#include "seeder/source/credentials.hpp"
#include "seeder/source/dir_source.hpp"
#include "seeder/source/git_source.hpp"
#include "seeder/source/tar_source.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<std::unique_ptr<Source>> open_source(const std::string& spec, const Path& state) {
  const auto rest = [&](std::string_view prefix) { return spec.substr(prefix.size()); };
  if (spec.starts_with("git+")) {
    return make_git_source(rest("git+"), state);
  }
  if (spec.starts_with("dir:") && spec.size() > 4) {
    return make_dir_source(rest("dir:"));
  }
  if (spec.starts_with("tar:") && spec.size() > 4) {
    return make_tar_source(rest("tar:"));
  }
  if (spec.starts_with("svn+") || spec.starts_with("hg+")) {
    return fail(ErrorCode::usage, "svn and hg sources are not in this version",
                "use tar:COMMAND with a command that exports the tree as a tar stream");
  }
  return fail(ErrorCode::usage, fmt::format("\"{}\" is not a source", without_credentials(spec)),
              "write git+URL[#ref], dir:PATH or tar:COMMAND");
}

}  // namespace swarmout
