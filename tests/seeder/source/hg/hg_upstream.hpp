// A Mercurial repository, and sources on it.

#pragma once

#include "seeder/source/hg/hg_source.hpp"
#include "seeder/source/open_source.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/hg_repository.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace swarmout::test {

class HgUpstream : public testing::Test {
protected:
  std::unique_ptr<Source> open(const std::string& location, const SourceOptions& options = {}) {
    auto source = open_source("hg+" + location, temp_ / "state", options);
    EXPECT_THAT(source, IsOk());
    return source ? *std::move(source) : nullptr;
  }
  std::string resolved(const std::string& wanted = "") { return resolved(*source_, wanted); }
  static std::string resolved(Source& source, const std::string& wanted = "") {
    const auto name = source.resolve(wanted, {});
    return name ? name->value_or("no name") : to_string(name.error());
  }
  /// Path → content.
  std::map<std::string, std::string> files(const std::string& revision) { return files(*source_, revision); }
  static std::map<std::string, std::string> files(Source& source, const std::string& revision) {
    CollectingSink sink;
    EXPECT_THAT(stream_guarded(source, revision, sink), IsOk());
    std::map<std::string, std::string> found;
    for (const Given& each : sink.given) {
      found[each.entry.path] = each.content;
    }
    return found;
  }
  Path mirror() const {
    for (const auto& each : std::filesystem::directory_iterator(temp_ / "state/hg")) {
      if (each.is_directory()) {
        return each.path();
      }
    }
    return temp_ / "no-mirror";
  }

  TempDir temp_;
  HgRepository repository_{temp_ / "repository"};
  std::string first_ = repository_.commit("file", "first");
  std::unique_ptr<Source> source_ = open(repository_.path().native());
};

}  // namespace swarmout::test
