#include "common/share/share_format.hpp"

#include "common/base/digest.hpp"
#include "common/base/key_values.hpp"
#include "common/share/directory/directory_share.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "common/share/helper/remote_share.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::string_view kFormatMagic = "swarmout-share 1";

Result<Path> directory_of(const ShareAddress& address) {
  if (address.url.empty() || address.url.find("://") != std::string::npos) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a share this version can use", address.url),
                "give a directory that every host can reach, or etcd://host:2379/prefix");
  }
  return Path(address.url);
}

}  // namespace

std::string new_format(std::string_view primitive) {
  return KeyValues(std::string(kFormatMagic)).add("cluster", random_nonce_hex()).add("primitive", primitive).text();
}

Result<std::string> primitive_in(std::string_view format) {
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(format, kFormatMagic));
  return values.get("primitive");
}

tl::unexpected<Error> unknown_primitive(std::string_view primitive, const std::string& share) {
  return fail(ErrorCode::refused,
              fmt::format("{} was made for another way to create entries ({})", share, escape_value(primitive)));
}

Result<void> check_format(std::string_view text, std::string_view primitive, const std::string& share) {
  TRY_ASSIGN(const std::string found, primitive_in(text));
  return found == primitive ? Result<void>() : unknown_primitive(found, share);
}

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
}

const char* cell_directory(CellKind kind) {
  switch (kind) {
    case CellKind::heartbeat:
      return "hb";
    case CellKind::stage:
      return "stage";
    case CellKind::peer:
      return "peers";
  }
  std::abort();
}

std::string cell_path(CellKind kind, std::string_view name) {
  return fmt::format("{}/{}", cell_directory(kind), name);
}

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

Result<bool> init_share(const ShareAddress& address, std::stop_token stop) {
  if (is_etcd_url(address.url)) {
    TRY_ASSIGN(EtcdSettings settings, etcd_settings(address));
    settings.stop = std::move(stop);
    return EtcdShare::init(std::move(settings));
  }
  TRY_ASSIGN(const Path root, directory_of(address));
  if (!address.helper.empty()) {
    return RemoteShare::init(address.helper, root, address.timeout, std::move(stop));
  }
  return init_directory(root, ::link);
}

}  // namespace swarmout
