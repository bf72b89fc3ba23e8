#include "common/share_format.hpp"

#include "common/digest.hpp"
#include "common/directory_share.hpp"
#include "common/etcd_share.hpp"
#include "common/key_values.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace swarmout {

namespace {

constexpr std::string_view kFormatMagic = "swarmout-share 1";
constexpr std::array<const char*, 5> kDirectories = {"log", "hb", "stage", "peers", "torrents"};

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

Result<void> check_format(std::string_view text, std::string_view primitive, const std::string& share) {
  TRY_ASSIGN(const KeyValues format, KeyValues::parse(text, kFormatMagic));
  TRY_ASSIGN(const std::string found, format.get("primitive"));
  REFUSE_UNLESS(found == primitive,
                fmt::format("{} was made for another way to create entries ({})", share, escape_value(found)));
  return {};
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

Result<std::string> read_format(const Path& root) {
  auto text = read_file(root / "FORMAT", 4 * kKiB);
  if (!text && text.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::unavailable,
                fmt::format("{} has no FORMAT file: it is not mounted, or was never initialised", root.native()),
                fmt::format("mount it, or run `swarmout init --share {}` once", root.native()));
  }
  return text;
}

Result<std::unique_ptr<Share>> open_share(const ShareAddress& address) {
  if (is_etcd_url(address.url)) {
    TRY_ASSIGN(EtcdSettings settings, etcd_settings(address));
    return EtcdShare::open(std::move(settings));
  }
  TRY_ASSIGN(const Path root, directory_of(address));
  TRY_ASSIGN(const std::string text, read_format(root));
  TRY(check_format(text, "link", root.native()));
  return std::make_unique<DirectoryShare>(root);
}

Result<bool> init_share(const ShareAddress& address) {
  if (is_etcd_url(address.url)) {
    TRY_ASSIGN(EtcdSettings settings, etcd_settings(address));
    return EtcdShare::init(std::move(settings));
  }
  TRY_ASSIGN(const Path root, directory_of(address));
  TRY(make_directories(root));
  const Path format = root / "FORMAT";
  if (path_exists(format)) {
    TRY(open_share(address));
    return false;
  }
  TRY_ASSIGN(const auto names, list_directory(root));
  for (const std::string& name : names) {
    const bool ours = std::find(kDirectories.begin(), kDirectories.end(), name) != kDirectories.end();
    const bool raced = name == "FORMAT";  // another host is making the share at this moment
    if (!ours && !raced && name != "lost+found" && !name.starts_with(".tmp-")) {
      return fail(ErrorCode::refused, fmt::format("{} has other things in it ({})", root.native(), name),
                  "give the share an empty directory of its own");
    }
  }
  for (const char* const each : kDirectories) {
    TRY(make_directories(root / each));
  }
  // FORMAT comes last, and by link(2), so that of two hosts running init at once one makes the share.
  const Path temporary = root / fmt::format(".tmp-{}", random_nonce_hex());
  TRY(replace_file(temporary, as_bytes(new_format("link"))));
  const int linked = ::link(temporary.c_str(), format.c_str());
  const int error = errno;
  ::unlink(temporary.c_str());
  if (linked != 0 && !path_exists(format)) {
    return fail_errno("cannot create hard links in", root.native(), error);
  }
  TRY(sync_directory(root));
  TRY(open_share(address));
  return linked == 0;
}

}  // namespace swarmout
