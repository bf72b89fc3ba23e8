// Streams a source into a value that can be compared.

#pragma once

#include "common/base/digest.hpp"
#include "seeder/source/source.hpp"
#include "seeder/source/tree_guard.hpp"
#include "tests/support/tree_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

namespace swarmout::test {

/// What a sink was given, as listing() would show it once it is on disk.
inline std::map<std::string, std::string> listing_of(const CollectingSink& sink) {
  std::map<std::string, std::string> found;
  for (const Given& each : sink.given) {
    std::string text;
    switch (each.entry.kind) {
      case TreeEntry::Kind::directory:
        text = "dir";
        break;
      case TreeEntry::Kind::symlink:
        text = "link " + each.entry.target;
        break;
      case TreeEntry::Kind::hardlink:
        text = found.contains(each.entry.target) ? found[each.entry.target] : "hard link to nothing";
        break;
      case TreeEntry::Kind::unchanged:
        text = "as it was in " + each.entry.target;
        break;
      case TreeEntry::Kind::file:
        text = fmt::format("{} {} {}", each.entry.executable ? "exec" : "file", each.content.size(),
                           sha256(each.content).hex());
        break;
    }
    EXPECT_TRUE(found.emplace(each.entry.path, text).second) << each.entry.path << " was given twice";
  }
  return found;
}

/// Streams as the seeder does: through a guard that is asked at the end.
inline Result<void> stream_guarded(Source& source, const std::string& revision, TreeSink& sink,
                                   std::stop_token stop = {}) {
  TreeGuard guard(sink);
  TRY(source.stream(revision, guard, std::move(stop)));
  return guard.finish();
}

/// Hands on to a sink; `on_entry` is called before each entry, and its error is the sink's.
class MeddlingSink final : public TreeSink {
public:
  MeddlingSink(TreeSink& next, std::function<Result<void>(const TreeEntry&)> on_entry)
      : next_(next), on_entry_(std::move(on_entry)) {}
  Result<void> entry(const TreeEntry& entry) override {
    TRY(on_entry_(entry));
    return next_.entry(entry);
  }
  Result<void> data(ByteView bytes) override { return next_.data(bytes); }

private:
  TreeSink& next_;
  std::function<Result<void>(const TreeEntry&)> on_entry_;
};

}  // namespace swarmout::test
