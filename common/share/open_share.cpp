#include "common/share/open_share.hpp"

#include "common/share/directory/directory_format.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "common/share/helper/remote_share.hpp"
#include "common/share/share_format.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace swarmout {

namespace {

Result<Path> directory_of(const ShareAddress& address) {
  if (address.url.empty() || address.url.find("://") != std::string::npos) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a share this version can use", address.url),
                "give a directory that every host can reach, or etcd://host:2379/prefix");
  }
  return Path(address.url);
}

}  // namespace

Result<std::unique_ptr<Share>> open_share(const ShareAddress& address, std::stop_token stop) {
  if (is_etcd_url(address.url)) {
    TRY_ASSIGN(EtcdSettings settings, etcd_settings(address));
    settings.stop = std::move(stop);
    return EtcdShare::open(std::move(settings));
  }
  TRY_ASSIGN(const Path root, directory_of(address));
  if (!address.helper.empty()) {
    return RemoteShare::open(address.helper, root, address.timeout, std::move(stop));
  }
  return open_directory(root);
}

Result<InitOutcome> init_share(const ShareAddress& address, std::stop_token stop) {
  if (is_etcd_url(address.url)) {
    TRY_ASSIGN(EtcdSettings settings, etcd_settings(address));
    settings.stop = std::move(stop);
    return EtcdShare::init(std::move(settings));
  }
  TRY_ASSIGN(const Path root, directory_of(address));
  if (!address.helper.empty()) {
    return RemoteShare::init(address.helper, root, address.timeout, std::move(stop));
  }
  return init_directory(root, ::linkat);
}

ShareAddress job_address(const ShareAddress& share, const std::string& job) {
  ShareAddress address = share;
  while (address.url.size() > 1 && address.url.ends_with('/')) {
    address.url.pop_back();
  }
  address.url += fmt::format("/{}/{}", kJobsPlace, job);
  return address;
}

namespace {

Result<InitOutcome> init_job_share(const ShareAddress& address, const std::string& job, std::stop_token stop) {
  if (is_etcd_url(address.url)) {
    TRY_ASSIGN(EtcdSettings settings, etcd_settings(address));
    settings.stop = std::move(stop);
    return EtcdShare::init_job(std::move(settings), job);
  }
  TRY_ASSIGN(const Path root, directory_of(address));
  if (!address.helper.empty()) {
    return RemoteShare::init_job(address.helper, root, job, address.timeout, std::move(stop));
  }
  return init_job_directory(root, job, ::linkat);
}

}  // namespace

Result<std::unique_ptr<Share>> open_job_share(const ShareAddress& address, const std::string& job,
                                              std::stop_token stop) {
  TRY(check_name(job));
  TRY_ASSIGN(const auto fleet, open_share(address, stop));
  TRY_ASSIGN(const std::string cluster, fleet->cluster());
  auto share = open_share(job_address(address, job), stop);
  if (!share && share.error().code == ErrorCode::unavailable) {
    TRY(init_job_share(address, job, stop));
    share = open_share(job_address(address, job), stop);
  }
  if (!share) {
    return tl::unexpected(std::move(share).error());
  }
  TRY_ASSIGN(const std::string own, (*share)->cluster());
  if (own != job_cluster(cluster, job)) {
    return fail(ErrorCode::refused, fmt::format("{} does not belong to {}", (*share)->name(), fleet->name()),
                "it is left from another share: move it away");
  }
  return share;
}

}  // namespace swarmout
