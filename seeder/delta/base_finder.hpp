// Which old file a file of a new tree is best told by.

#pragma once

#include "common/release/manifest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace swarmout {

struct FoundBase {
  std::uint32_t node = 0;
  bool same = false;  ///< it has the same content
};

/// Of the two manifests, which outlive it. One thread.
class BaseFinder {
public:
  BaseFinder(const Manifest& before, const Manifest& after);

  /// In this order: the file of the same path, if its content is the same; any with the same content; that of the same
  /// path; one that is gone and has the same name, the nearest by its path. Nothing: none of these.
  [[nodiscard]] std::optional<FoundBase> find(std::uint32_t node) const;
  /// Files of the old tree whose path is no file's any more.
  [[nodiscard]] const std::vector<std::uint32_t>& gone() const { return gone_; }

private:
  [[nodiscard]] std::optional<std::uint32_t> at_path(const Node& node) const;
  [[nodiscard]] std::optional<std::uint32_t> renamed(const Node& node) const;

  const Manifest& before_;
  const Manifest& after_;
  std::unordered_map<std::string, std::uint32_t> by_content_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> gone_by_name_;
  std::vector<std::uint32_t> gone_;
};

}  // namespace swarmout
