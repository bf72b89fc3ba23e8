#include "common/share/share_format.hpp"

#include "common/base/host.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::string_view kFormatMagic = "swarmout-share 1";
constexpr std::size_t kMaxCluster = 64;

}  // namespace

std::string new_format(std::string_view primitive) {
  return KeyValues(std::string(kFormatMagic)).add("cluster", random_nonce_hex()).add("primitive", primitive).text();
}

Result<std::string> cluster_in(std::string_view format) {
  TRY_ASSIGN(const KeyValues values, KeyValues::parse(format, kFormatMagic));
  TRY_ASSIGN(std::string cluster, values.get("cluster"));
  REFUSE_UNLESS(!cluster.empty() && cluster.size() <= kMaxCluster, "the FORMAT of the share has no proper cluster id");
  return cluster;
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

}  // namespace swarmout
