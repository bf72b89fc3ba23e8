// A Subversion repository behind svnserve, and sources on it.

#pragma once

#include "seeder/source/open_source.hpp"
#include "seeder/source/svn/svn_source.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/svn_repository.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace swarmout::test {

class SvnUpstream : public testing::Test {
protected:
  std::unique_ptr<Source> open(const std::string& location, const SourceOptions& options = {}) {
    auto source = open_source("svn+" + location, temp_ / "state", options);
    EXPECT_THAT(source, IsOk());
    return source ? *std::move(source) : nullptr;
  }
  std::string resolved(const std::string& wanted = "") { return resolved(*source_, wanted); }
  static std::string resolved(Source& source, const std::string& wanted = "") {
    const auto name = source.resolve(wanted, {});
    return name ? name->value_or("no name") : to_string(name.error());
  }
  std::map<std::string, std::string> listed(const std::string& revision) { return listed(*source_, revision); }
  static std::map<std::string, std::string> listed(Source& source, const std::string& revision) {
    CollectingSink sink;
    EXPECT_THAT(stream_guarded(source, revision, sink), IsOk());
    return listing_of(sink);
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
  Path working_copy() const {
    for (const auto& each : std::filesystem::directory_iterator(temp_ / "state/svn")) {
      if (path_exists(each.path() / ".svn")) {
        return each.path();
      }
    }
    return temp_ / "no-working-copy";
  }

  TempDir temp_;
  SvnRepository repository_{temp_ / "repository"};
  SvnServer server_{temp_.path()};
  std::string first_ = repository_.commit("file", "first");
  std::unique_ptr<Source> source_ = open(server_.url("repository/trunk"));
};

}  // namespace swarmout::test
