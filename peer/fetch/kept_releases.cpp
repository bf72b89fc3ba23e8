#include "peer/fetch/kept_releases.hpp"

#include <spdlog/spdlog.h>

namespace swarmout {

Result<std::vector<SignedDescriptor>> KeptReleases::serve_all(
    const std::function<Result<std::string>(const Descriptor&)>& torrent_of) {
  TRY_ASSIGN(const auto releases, store_.releases());
  std::vector<SignedDescriptor> served;
  for (const SignedDescriptor& release : releases) {
    const Descriptor& descriptor = release.descriptor;
    const auto serve = [&]() -> Result<void> {
      TRY_ASSIGN(std::string torrent, torrent_of(descriptor));
      TRY_ASSIGN(SwarmContent content, release_content(store_, descriptor, std::move(torrent), "peer"));
      content.limits = descriptor.clone_limits;
      TRY(session_.add(content));
      return {};
    };
    const bool served_already = serving_.contains(descriptor.info_hash);  // the same content as another release
    if (const auto done = served_already ? Result<void>() : serve(); !done) {
      spdlog::warn("not serving release {}: {}", descriptor.position.value, to_string(done.error()));
      continue;
    }
    serving_.insert(descriptor.info_hash);
    served.push_back(release);
  }
  return served;
}

bool KeptReleases::drop(const InfoHash& info_hash) {
  if (serving_.erase(info_hash) == 0) {
    return false;
  }
  session_.remove(info_hash);
  return true;
}

Result<void> KeptReleases::drop_forgotten(std::set<InfoHash> kept) {
  TRY_ASSIGN(const auto releases, store_.releases());
  for (const SignedDescriptor& release : releases) {
    kept.insert(release.descriptor.info_hash);
  }
  const std::set<InfoHash> serving = serving_;
  for (const InfoHash& each : serving) {
    if (!kept.contains(each)) {
      drop(each);
    }
  }
  return store_.remove_layouts("peer", kept);
}

}  // namespace swarmout
