#include "seeder/newest.hpp"

#include "common/fleet/torrent_on_share.hpp"
#include "common/fleet/trust.hpp"

#include <fmt/format.h>

namespace swarmout {

Result<std::optional<SignedDescriptor>> current_release(const LogView& log, const TrustedKeys& keys) {
  const LogEntry* const newest = log.current_release();
  if (newest == nullptr) {
    return std::nullopt;
  }
  TRY_ASSIGN(SignedDescriptor release, trusted(*newest, keys));
  return release;
}

Standing standing_of(Share& share, const SignedDescriptor& newest, const std::string& revision,
                     const std::string& certificate, const std::string& key) {
  if (newest.descriptor.revision != revision) {
    return Standing::other;
  }
  const auto torrent = torrent_on_share(share, newest.descriptor);
  if (torrent && torrent->contents.certificate != certificate) {
    return Standing::another_swarm;
  }
  return signed_with(newest.signature) != key ? Standing::another_key : Standing::same;
}

Result<void> check_size(std::uint64_t files, const std::optional<SignedDescriptor>& newest, const SizeRule& rule) {
  if (files == 0) {
    return rule.allow_empty ? Result<void>()
                            : fail(ErrorCode::refused, "the source is empty, and would empty every host's tree",
                                   "see whether what it reads is mounted; --allow-empty publishes it all the same");
  }
  const std::uint64_t before = newest ? newest->descriptor.files : 0;
  if (files < before - before / 2 && !rule.allow_shrink) {
    return fail(ErrorCode::refused,
                fmt::format("the source has {} files, release {} has {}: more than half would be gone", files,
                            newest->descriptor.position.value, before),
                "see whether what it reads is whole; --allow-shrink publishes it all the same");
  }
  return {};
}

}  // namespace swarmout
