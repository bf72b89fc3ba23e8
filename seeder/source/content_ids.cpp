#include "seeder/source/content_ids.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace swarmout {

namespace {

constexpr std::size_t kSize = std::tuple_size_v<ContentId>;

std::string head_of(std::string_view kind) {
  return fmt::format("{} 1\n", kind);
}

int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::optional<ContentId> content_id(std::string_view hex) {
  ContentId id;
  if (hex.size() != 2 * kSize) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    id[i] = static_cast<std::byte>(high * 16 + low);
  }
  return id;
}

ContentIdWriter::ContentIdWriter(std::string_view kind) : text_(head_of(kind)) {}

void ContentIdWriter::add(const ContentId& id) {
  text_ += as_text(id);
}

std::optional<ContentIds> ContentIds::read(std::string_view written, std::string_view kind,
                                           const std::vector<Node>& nodes) {
  const std::string head = head_of(kind);
  const auto files = static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const Node& node) { return node.is_file(); }));
  if (!written.starts_with(head) || written.size() != head.size() + files * kSize) {
    return std::nullopt;
  }
  written.remove_prefix(head.size());
  ContentIds ids;
  ids.by_id_.reserve(files);
  for (const Node& node : nodes) {
    if (node.is_file()) {
      ContentId id;
      std::memcpy(id.data(), written.data(), kSize);
      written.remove_prefix(kSize);
      ids.by_id_.try_emplace(id, &node);
    }
  }
  return ids;
}

const Node* ContentIds::same(const ContentId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::size_t ContentIds::Hash::operator()(const ContentId& id) const noexcept {
  std::size_t value;  // as good as random, unless somebody makes it otherwise: a slower export of his own repository
  std::memcpy(&value, id.data(), sizeof value);
  return value;
}

}  // namespace swarmout
