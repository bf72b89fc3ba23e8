// A tree as a value: what a sink was given, and a way to give one.

#pragma once

#include "seeder/source/source.hpp"

#include <string>
#include <vector>

namespace swarmout::test {

struct Given {
  TreeEntry entry;
  std::string content;
};

/// Keeps everything it is given.
class CollectingSink final : public TreeSink {
public:
  Result<void> entry(const TreeEntry& entry) override {
    given.push_back({entry, {}});
    return {};
  }
  Result<void> data(ByteView bytes) override {
    given.back().content += as_text(bytes);
    return {};
  }
  std::vector<Given> given;
};

inline TreeEntry file(std::string path, std::size_t size, bool executable = false) {
  return {TreeEntry::Kind::file, std::move(path), executable, size, {}};
}
inline TreeEntry directory(std::string path) {
  return {TreeEntry::Kind::directory, std::move(path), false, 0, {}};
}
inline TreeEntry symlink(std::string path, std::string target) {
  return {TreeEntry::Kind::symlink, std::move(path), false, 0, std::move(target)};
}
inline TreeEntry hardlink(std::string path, std::string target) {
  return {TreeEntry::Kind::hardlink, std::move(path), false, 0, std::move(target)};
}

/// Feeds files with their content to a sink, in the given order.
inline Result<void> feed(TreeSink& sink, const std::vector<Given>& tree) {
  for (const Given& each : tree) {
    TRY(sink.entry(each.entry));
    if (!each.content.empty()) {
      TRY(sink.data(as_bytes(each.content)));
    }
  }
  return {};
}
inline Given file_of(std::string path, std::string content, bool executable = false) {
  return {file(std::move(path), content.size(), executable), std::move(content)};
}

}  // namespace swarmout::test
