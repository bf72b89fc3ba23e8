#include "peer/fetch/find_release.hpp"

#include "common/fleet/trust.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kNamed = 5;

/// What was signed for `entry`; nothing else can be found by a name.
using Believed = std::vector<SignedDescriptor>;

std::string listed(const Believed& releases) {
  std::string text;
  for (std::size_t i = 0; i < releases.size() && i < kNamed; ++i) {
    text += (i == 0 ? "" : ", ") + release_title(releases[i].descriptor);
  }
  return text;
}

Result<std::optional<SignedDescriptor>> named(const Believed& releases, const std::string& wanted) {
  std::vector<ReleaseNames> names;
  for (const SignedDescriptor& each : releases) {
    names.push_back(names_of(each.descriptor));
  }
  TRY_ASSIGN(const auto found, find_called(names, wanted));
  return found ? std::optional(releases[*found]) : std::nullopt;
}

}  // namespace

Result<SignedDescriptor> find_release(const LogView& log, const std::string& wanted, const TrustedKeys& keys,
                                      std::optional<Position> older_than) {
  const auto entries = log.releases(kSearchedReleases);
  if (entries.empty()) {
    return fail(ErrorCode::not_found, "nothing is published yet", "run `swarmout seed` on any host");
  }
  if (wanted == "latest") {
    const LogEntry* const current = log.current_release();
    if (current == nullptr) {
      return fail(ErrorCode::not_found, "the fleet is held on a release that the log does not have any more",
                  "go back to another: `swarmout rollback --to`");
    }
    return trusted(*current, keys);
  }
  Believed believed;
  std::optional<Error> not_trusted;
  for (const LogEntry* const each : entries) {
    auto release = trusted(*each, keys);
    if (std::to_string(each->position.value) == wanted) {
      return release;
    }
    if (older_than && !(each->position < *older_than)) {
      continue;
    }
    if (release) {
      believed.push_back(*std::move(release));
    } else if (each->revision == wanted || !not_trusted) {
      not_trusted = release.error();
    }
  }
  TRY_ASSIGN(auto found, named(believed, wanted));
  if (found) {
    return *std::move(found);
  }
  if (older_than) {
    return find_release(log, wanted, keys);
  }
  if (believed.empty()) {
    return tl::unexpected(*not_trusted);
  }
  return fail(ErrorCode::not_found, fmt::format("no published release has the revision or name \"{}\"", wanted),
              fmt::format("the newest are: {}", listed(believed)));
}

std::optional<SignedDescriptor> find_release_of(const LogView& log, const Digest& manifest, const TrustedKeys& keys) {
  for (const LogEntry* const each : log.releases(kSearchedReleases)) {
    if (auto release = trusted(*each, keys); release && release->descriptor.manifest == manifest) {
      return *std::move(release);
    }
  }
  return std::nullopt;
}

}  // namespace swarmout
