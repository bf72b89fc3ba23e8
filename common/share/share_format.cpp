#include "common/share/share_format.hpp"

#include "common/base/digest.hpp"
#include "common/base/host.hpp"
#include "common/base/key_values.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::string_view kFormatMagic = "swarmout-share 1";

Result<KeyValues> parse_format(std::string_view text, const std::string& share) {
  auto values = KeyValues::parse(text, kFormatMagic);
  if (!values) {
    return fail(ErrorCode::refused,
                fmt::format("the FORMAT of {} is damaged, or of another version than \"{}\"", share, kFormatMagic));
  }
  return values;
}

std::string format_of(std::string_view cluster, std::string_view primitive) {
  return KeyValues(std::string(kFormatMagic)).add("cluster", cluster).add("primitive", primitive).text();
}

}  // namespace

std::string new_format(std::string_view primitive) {
  return format_of(random_nonce_hex(), primitive);
}

std::string job_format(std::string_view primitive, std::string_view cluster, std::string_view job) {
  return format_of(job_cluster(cluster, job), primitive);
}

std::string job_cluster(std::string_view cluster, std::string_view job) {
  constexpr std::size_t kAsLongAsAny = 32;
  return sha256(fmt::format("swarmout-job-share 1\n{}\n{}\n", cluster, job)).hex().substr(0, kAsLongAsAny);
}

Result<std::string> cluster_in(std::string_view format, const std::string& share) {
  TRY_ASSIGN(const KeyValues values, parse_format(format, share));
  const auto cluster = values.find("cluster");
  if (!cluster || cluster->empty() || cluster->size() > kMaxCluster || !good_name(*cluster)) {
    return fail(ErrorCode::refused, fmt::format("the FORMAT of {} has no proper cluster id", share));
  }
  return *cluster;
}

Result<std::string> primitive_in(std::string_view format, const std::string& share) {
  TRY_ASSIGN(const KeyValues values, parse_format(format, share));
  return values.find("primitive").value_or("");
}

tl::unexpected<Error> unknown_primitive(const std::string& share) {
  return fail(ErrorCode::refused,
              fmt::format("{} was made for another way to create entries: see primitive in its FORMAT", share));
}

Result<void> check_format(std::string_view text, std::string_view primitive, const std::string& share) {
  TRY_ASSIGN(const std::string found, primitive_in(text, share));
  return found == primitive ? Result<void>() : unknown_primitive(share);
}

std::string cure_of_no_format(const std::string& share) {
  const std::size_t jobs = share.rfind(fmt::format("/{}/", kJobsPlace));
  const bool of_job =
      jobs != std::string::npos && share.find('/', jobs + std::string_view(kJobsPlace).size() + 2) == std::string::npos;
  return of_job ? fmt::format("see whether {} is there", share.substr(0, jobs))
                : fmt::format("mount it, or run `swarmout init --share {}` once", share);
}

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && name[0] != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
}

Result<void> check_name(std::string_view name) {
  REFUSE_UNLESS(good_name(name), "a record leads to a name that nothing on a share has");
  return {};
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
