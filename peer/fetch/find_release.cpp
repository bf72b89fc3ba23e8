#include "peer/fetch/find_release.hpp"

#include "common/fleet/trust.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace swarmout {

namespace {

constexpr std::size_t kNamed = 5;
constexpr std::size_t kShortestBeginning = 4;

std::string shown_release(const SignedDescriptor& release) {
  const Descriptor& descriptor = release.descriptor;
  return descriptor.name.empty() ? descriptor.revision : fmt::format("{} ({})", descriptor.revision, descriptor.name);
}

/// What was signed for `entry`; nothing else can be found by a name.
using Believed = std::vector<SignedDescriptor>;

std::string listed(const Believed& releases) {
  std::string text;
  for (std::size_t i = 0; i < releases.size() && i < kNamed; ++i) {
    text += (i == 0 ? "" : ", ") + shown_release(releases[i]);
  }
  return text;
}

const SignedDescriptor* named(const Believed& releases, const std::string& wanted) {
  for (const SignedDescriptor& each : releases) {
    if (each.descriptor.revision == wanted) {
      return &each;
    }
  }
  const std::string name = short_ref(wanted);
  for (const SignedDescriptor& each : releases) {
    if (!each.descriptor.name.empty() && each.descriptor.name == name) {
      return &each;
    }
  }
  return nullptr;
}

/// Newest first, one for each revision that begins so.
Believed beginning(const Believed& releases, const std::string& wanted) {
  Believed found;
  for (const SignedDescriptor& each : releases) {
    const bool begins = wanted.size() >= kShortestBeginning && each.descriptor.revision.starts_with(wanted);
    const bool known = std::any_of(found.begin(), found.end(), [&](const SignedDescriptor& other) {
      return other.descriptor.revision == each.descriptor.revision;
    });
    if (begins && !known) {
      found.push_back(each);
    }
  }
  return found;
}

}  // namespace

Result<SignedDescriptor> find_release(const LogView& log, const std::string& wanted, const TrustedKeys& keys) {
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
    if (release) {
      believed.push_back(*std::move(release));
    } else if (each->revision == wanted || !not_trusted) {
      not_trusted = release.error();
    }
  }
  if (const SignedDescriptor* const found = named(believed, wanted)) {
    return *found;
  }
  const Believed candidates = beginning(believed, wanted);
  if (candidates.size() == 1) {
    return candidates.front();
  }
  if (candidates.size() > 1) {
    return fail(ErrorCode::not_found, fmt::format("\"{}\" is the beginning of more than one revision", wanted),
                fmt::format("give more of it: {}", listed(candidates)));
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
