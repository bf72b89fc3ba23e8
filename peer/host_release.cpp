#include "peer/host_release.hpp"

#include "common/release/store.hpp"
#include "peer/run/active_tree.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace swarmout {

namespace {

/// Who mistypes a directory does not get one, and says nothing to anybody.
Result<void> must_be_there(const Path& directory, const char* what) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) == 0) {
    return {};
  }
  return errno == ENOENT || errno == ENOTDIR
             ? fail(ErrorCode::not_found,
                    fmt::format("{} is not there: no service has run with it", directory.native()),
                    fmt::format("is this the {} of this host's service? It makes it when it starts", what))
             : fail_errno("cannot look at", directory.native(), errno);
}

}  // namespace

Result<HostReleases> releases_of_host(const Path& state, const Path& dest, const TrustedKeys& keys) {
  TRY(must_be_there(state / "releases", "--state"));
  TRY(must_be_there(dest / "releases", "--dest"));
  HostReleases releases;
  TRY_ASSIGN(releases.here, Store::open_to_read(state).releases());
  std::erase_if(releases.here,
                [&](const SignedDescriptor& each) { return !keys.verify(each.text, each.signature).has_value(); });
  if (const auto active = active_tree(dest)) {
    const auto found = std::find_if(releases.here.begin(), releases.here.end(), [&](const SignedDescriptor& each) {
      return is_tree_of(*active, each.descriptor, state);
    });
    releases.active = found == releases.here.end() ? std::nullopt : std::optional(*found);
  }
  return releases;
}

Result<std::optional<SignedDescriptor>> release_of_host(const HostReleases& releases, const std::string& wanted) {
  const auto& here = releases.here;
  if (!wanted.empty()) {
    std::vector<ReleaseNames> names;
    for (const SignedDescriptor& each : here) {
      names.push_back(names_of(each.descriptor));
    }
    TRY_ASSIGN(const auto found, find_called(names, wanted));
    return found ? std::optional(here[*found]) : std::nullopt;
  }
  const auto active = std::find_if(here.begin(), here.end(), [&](const SignedDescriptor& each) {
    return releases.active && digest_of(each) == digest_of(*releases.active);
  });
  return active == here.end() || active + 1 == here.end() ? std::nullopt : std::optional(*(active + 1));
}

}  // namespace swarmout
