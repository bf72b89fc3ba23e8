#include "peer/fetch/seen.hpp"

#include "common/base/key_values.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

namespace swarmout {

namespace {

constexpr std::string_view kSeenMagic = "swarmout-seen 1";
constexpr Bytes kMaxSeen = 4 * kKiB;
constexpr const char* kComesByItself = "the next release that is published is followed by itself";

Path seen_file(const Path& state) {
  return state / "seen";
}

/// What 0.1 wrote: a number and a newline.
std::optional<Seen> of_version_0_1(std::string_view text) {
  Seen seen;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seen.position.value);
  seen.commit = seen.position;
  const bool whole = error == std::errc() && std::string_view(end, text.data() + text.size()) == "\n";
  return whole ? std::optional(seen) : std::nullopt;
}

Result<WallTime> time_in(const KeyValues& record, std::string_view key) {
  TRY_ASSIGN(const std::string text, record.get(key));
  const auto time = parse_utc(text);
  REFUSE_UNLESS(time, fmt::format("{} is not a time", key));
  return *time;
}

Result<Seen> decode_seen(std::string_view text) {
  if (const auto old = of_version_0_1(text)) {
    return *old;
  }
  TRY_ASSIGN(const KeyValues record, KeyValues::parse(text, kSeenMagic));
  Seen seen;
  TRY_ASSIGN(seen.cluster, record.get("cluster"));
  TRY_ASSIGN(seen.key, record.get("key"));
  TRY_ASSIGN(seen.position.value, record.number("position"));
  TRY_ASSIGN(seen.release, record.digest("release"));
  TRY_ASSIGN(seen.manifest, record.digest("manifest"));
  TRY_ASSIGN(seen.newest, time_in(record, "newest"));
  TRY_ASSIGN(seen.since, time_in(record, "since"));
  seen.commit = seen.position;
  if (record.find("commit")) {  // not in records from before releases could be gone back to
    TRY_ASSIGN(seen.commit.value, record.number("commit"));
    TRY_ASSIGN(seen.entry, record.digest("entry"));
    REFUSE_UNLESS(seen.commit >= seen.position, "commit comes before position");
  }
  return seen;
}

Result<void> may_go_on(const Seen& seen, const Naming& named, const std::string& share) {
  const Descriptor& release = named.release.descriptor;
  const bool forgot_which = seen.release == Digest{};  // 0.1 kept the number alone
  const bool same_number = forgot_which && named.commit == seen.commit && release.position == seen.position;
  REFUSE_UNLESS(named.commit > seen.commit || same_number,
                fmt::format("entry {} of {} says that release {} is current, but this host has followed {} already",
                            named.commit.value, share, release.position.value, seen.commit.value));
  const bool gone_back_to = release.position < named.commit;  // then it is as new as the word that names it
  if ((gone_back_to ? std::max(named.said, made_at(release)) : made_at(release)) <= seen.since &&
      seen.since != WallTime{}) {
    return fail(
        ErrorCode::refused,
        fmt::format("release {} on {} was made at {}, before this host came to this log with a newer one: an old "
                    "release again",
                    release.position.value, share, release.created),
        kComesByItself);
  }
  return {};
}

Result<void> may_begin(const Seen& seen, const Descriptor& release, LogKinship kinship, WallTime now,
                       const std::string& share) {
  const bool same_tree = release.manifest == seen.manifest && seen.manifest != Digest{};
  if (same_tree) {
    return {};
  }
  const WallTime made = made_at(release);
  if (made > now + kClockSkew) {
    return fail(ErrorCode::refused,
                fmt::format("release {} on {}, which is not the log that this host has followed, says that it was made "
                            "at {}, and that is not yet by this host's clock",
                            release.position.value, share, release.created),
                "set the clock of this host, or of the one that made it");
  }
  if (made > seen.newest && seen.newest != WallTime{}) {
    return {};
  }
  const std::string what =
      kinship == LogKinship::another ? "it is another share than the one that was followed" : "the share lost entries";
  return fail(ErrorCode::refused,
              fmt::format("the newest release on {} is {}, made at {}, but this host has followed {} already: {}",
                          share, release.position.value, release.created.empty() ? "no time" : release.created,
                          seen.position.value, what),
              kComesByItself);
}

}  // namespace

WallTime made_at(const Descriptor& release) {
  return parse_utc(release.created).value_or(WallTime{});
}

Result<void> may_follow(const Seen& seen, const Naming& named, LogKinship kinship, WallTime now,
                        const std::string& share) {
  if (kinship == LogKinship::first || digest_of(named.release) == seen.release) {
    return {};
  }
  return kinship == LogKinship::same ? may_go_on(seen, named, share)
                                     : may_begin(seen, named.release.descriptor, kinship, now, share);
}

Seen followed_on(Seen seen, const Naming& named) {
  if (named.commit > seen.commit || (named.commit == seen.commit && seen.entry == Digest{})) {
    seen.commit = named.commit;
    seen.entry = named.entry;
  }
  return seen;
}

Seen followed(const Seen& seen, const Naming& named, LogKinship kinship, WallTime now, std::string cluster,
              std::string key) {
  const SignedDescriptor& release = named.release;
  Seen next;
  next.commit = named.commit;
  next.entry = named.entry;
  next.cluster = std::move(cluster);
  next.key = std::move(key);
  next.position = release.descriptor.position;
  next.release = digest_of(release);
  next.manifest = release.descriptor.manifest;
  // Not what a leader whose clock is a year ahead says: nothing of another log would be followed for a year.
  const WallTime made = std::min(made_at(release.descriptor), now);
  next.newest = kinship == LogKinship::first ? made : std::max(seen.newest, made);
  next.since = kinship == LogKinship::first ? WallTime{} : kinship == LogKinship::same ? seen.since : next.newest;
  return next;
}

Seen seen_from(const std::vector<SignedDescriptor>& releases) {
  Seen seen;
  for (const SignedDescriptor& each : releases) {
    const bool newer = made_at(each.descriptor) > seen.newest || seen.position.value == 0;
    if (newer) {
      seen.position = each.descriptor.position;
      seen.commit = seen.position;
      seen.release = digest_of(each);
      seen.manifest = each.descriptor.manifest;
      seen.newest = made_at(each.descriptor);
    }
  }
  return seen;
}

Result<Seen> load_seen(const Path& state) {
  const auto text = read_file(seen_file(state), kMaxSeen);
  if (!text && text.error().code == ErrorCode::not_found) {
    return Seen{};
  }
  TRY(text);
  return decode_seen(*text).map_error([&](const Error& error) {
    return Error{ErrorCode::refused, fmt::format("{} is damaged: {}", seen_file(state).native(), error.message), {}};
  });
}

Result<Seen> recall_seen(const Path& state, const Store& store, const TrustedKeys& keys) {
  auto seen = load_seen(state);
  const bool whole = seen && (seen->position.value == 0 || !seen->cluster.empty());
  if (whole) {
    return seen;
  }
  TRY_ASSIGN(auto releases, store.releases());
  std::erase_if(releases, [&](const SignedDescriptor& each) { return !keys.verify(each.text, each.signature); });
  const Seen from_store = seen_from(releases);
  if (!seen) {
    spdlog::warn("{}; going by the releases that are here, the newest of them {}", to_string(seen.error()),
                 from_store.position.value);
    return from_store;
  }
  seen->newest = from_store.newest;
  return seen;
}

Result<void> save_seen(const Path& state, const Seen& seen) {
  const std::string text = KeyValues(std::string(kSeenMagic))
                               .add("cluster", seen.cluster)
                               .add("key", seen.key)
                               .add("position", seen.position.value)
                               .add("release", seen.release.hex())
                               .add("manifest", seen.manifest.hex())
                               .add("newest", utc(seen.newest))
                               .add("since", utc(seen.since))
                               .add("commit", seen.commit.value)
                               .add("entry", seen.entry.hex())
                               .text();
  return replace_file(seen_file(state), as_bytes(text));
}

}  // namespace swarmout
