#include "common/share/open_share.hpp"

#include "common/share/directory/directory_format.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "common/share/helper/remote_share.hpp"

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

}  // namespace swarmout
