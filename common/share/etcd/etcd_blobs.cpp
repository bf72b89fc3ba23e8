// How an etcd share keeps blobs: an index, and the parts that it names, which are written first.

#include "common/base/digest.hpp"
#include "common/base/key_values.hpp"
#include "common/share/etcd/etcd_share.hpp"
#include "common/share/share_format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace swarmout {

namespace {

constexpr std::string_view kBlobMagic = "swarmout-blob 1";

std::string part_name(std::string_view blob, std::size_t number) {
  return fmt::format("parts/{}/{:04}", blob, number);
}

std::size_t parts_of(Bytes size) {
  return static_cast<std::size_t>((size + kEtcdPart - 1) / kEtcdPart);
}

std::string blob_index(std::string_view bytes) {
  return KeyValues(std::string(kBlobMagic)).add("size", bytes.size()).add("sha256", sha256(bytes).hex()).text();
}

}  // namespace

Result<void> EtcdShare::write_blob(std::string_view name, std::string_view bytes) {
  INVARIANT(bytes.size() <= kMaxBlob);
  TRY(check_name(name));
  const std::string index_key = key(fmt::format("torrents/{}", name));
  const std::string index = blob_index(bytes);
  TRY_ASSIGN(const auto there, kv_.get(index_key));
  if (there && there->bytes == index) {
    return {};  // etcd keeps every version of a value for a while: do not write 64 MiB for nothing
  }
  EtcdTransaction finish{{}, {{EtcdWrite::Kind::put, index_key, index, 0, {}}}, {}};
  for (std::size_t i = 0; i < parts_of(bytes.size()); ++i) {
    const std::string part = key(part_name(name, i));
    TRY(write({{}, {{EtcdWrite::Kind::put, part, std::string(bytes.substr(i * kEtcdPart, kEtcdPart)), 0, {}}}, {}}));
    finish.conditions.push_back({EtcdCondition::Kind::present, part, 0});
  }
  return write(std::move(finish));
}

Result<std::optional<std::string>> EtcdShare::read_blob(std::string_view name, Bytes limit) {
  TRY(check_name(name));
  TRY_ASSIGN(const auto found, kv_.get(key(fmt::format("torrents/{}", name))));
  if (!found) {
    return std::nullopt;
  }
  TRY_ASSIGN(const KeyValues index, KeyValues::parse(found->bytes, kBlobMagic));
  TRY_ASSIGN(const std::uint64_t size, index.number("size"));
  TRY_ASSIGN(const Digest digest, index.digest("sha256"));
  REFUSE_UNLESS(size <= std::min(limit, kMaxBlob), fmt::format("{} in {} is larger than allowed", name, this->name()));
  std::string bytes;
  bytes.reserve(size);
  for (std::size_t i = 0; i < parts_of(size); ++i) {
    TRY_ASSIGN(const auto part, kv_.get(key(part_name(name, i))));
    if (!part) {
      return fail(ErrorCode::temporary, fmt::format("{} in {} was removed while it was read", name, this->name()));
    }
    REFUSE_UNLESS(part->bytes.size() == std::min(kEtcdPart, size - bytes.size()),
                  fmt::format("a part of {} in {} has not the size it should have", name, this->name()));
    bytes += part->bytes;
  }
  REFUSE_UNLESS(sha256(bytes) == digest, fmt::format("{} in {} is damaged", name, this->name()));
  return bytes;
}

Result<std::vector<std::string>> EtcdShare::list_blobs() {
  return names_in("torrents");
}

Result<void> EtcdShare::remove_blob(std::string_view name) {
  TRY(check_name(name));
  const std::string parts = key(fmt::format("parts/{}/", name));
  return write({{},
                {{EtcdWrite::Kind::remove, key(fmt::format("torrents/{}", name)), {}, 0, {}},
                 {EtcdWrite::Kind::remove, parts, {}, 0, end_of_prefix(parts)}},
                {}});
}

}  // namespace swarmout
