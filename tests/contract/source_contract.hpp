// What every source must do. Included by one test file, which says what to run it against.

#pragma once

#include "seeder/source/open_source.hpp"
#include "tests/seeder/source/streaming.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"
#include "tests/support/tree_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

namespace swarmout::test {

/// A tree on disk, and a source that is to give it.
class SourceWorld {
public:
  virtual ~SourceWorld() = default;
  /// Called once, after the tree is there.
  virtual void prepare() = 0;
  [[nodiscard]] virtual std::unique_ptr<Source> open(const SourceOptions& options = {}) = 0;
  /// A source whose place is not there, and a word that the message must have.
  [[nodiscard]] virtual std::unique_ptr<Source> open_missing() = 0;
  [[nodiscard]] virtual std::string missing_name() = 0;

  [[nodiscard]] const Path& tree() const { return tree_; }
  [[nodiscard]] const TempDir& temp() const { return temp_; }

private:
  TempDir temp_;
  Path tree_ = temp_ / "tree";
};

struct SourceKind {
  std::string name;
  bool keeps_empty_directories = true;
  bool names_revisions = true;  ///< resolve() knows what there is
  std::function<std::unique_ptr<SourceWorld>()> make;
};
inline void PrintTo(const SourceKind& kind, std::ostream* out) {
  *out << kind.name;
}

class SourceContract : public testing::TestWithParam<SourceKind> {
protected:
  void SetUp() override {
    make_awkward_tree(world_->tree());
    world_->prepare();
    source_ = world_->open();
    ASSERT_TRUE(source_);
  }

  std::map<std::string, std::string> expected() const {
    auto all = listing(world_->tree());
    if (!GetParam().keeps_empty_directories) {
      std::erase_if(all, [](const auto& each) { return each.first.starts_with("void"); });
    }
    return all;
  }
  std::string resolved() {
    const auto name = source_->resolve("", {});
    EXPECT_THAT(name, IsOk());
    return name ? name->value_or("") : "";
  }
  std::vector<Given> streamed() {
    CollectingSink sink;
    EXPECT_THAT(stream_guarded(*source_, resolved(), sink), IsOk());
    return std::move(sink.given);
  }

  std::unique_ptr<SourceWorld> world_ = GetParam().make();
  std::unique_ptr<Source> source_;
};

TEST_P(SourceContract, GivesExactlyTheTree) {
  CollectingSink sink;

  ASSERT_OK(stream_guarded(*source_, resolved(), sink));

  EXPECT_EQ(listing_of(sink), expected());
}

TEST_P(SourceContract, GivesTheSameSequenceTwice) {
  const std::vector<Given> first = streamed();
  const std::vector<Given> second = streamed();

  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].entry.path, second[i].entry.path);
    EXPECT_EQ(first[i].entry.kind, second[i].entry.kind);
    EXPECT_TRUE(first[i].content == second[i].content) << first[i].entry.path;
  }
}

TEST_P(SourceContract, GivesDirectoriesBeforeWhatIsInThem) {
  std::set<std::string> directories = {""};
  for (const Given& each : streamed()) {
    const std::size_t slash = each.entry.path.rfind('/');
    EXPECT_TRUE(directories.contains(slash == std::string::npos ? "" : each.entry.path.substr(0, slash)))
        << each.entry.path;
    if (each.entry.kind == TreeEntry::Kind::directory) {
      directories.insert(each.entry.path);
    }
  }
  EXPECT_GT(directories.size(), 3U);
}

TEST_P(SourceContract, GivesExactlyTheAnnouncedSizes) {
  for (const Given& each : streamed()) {
    EXPECT_EQ(each.content.size(), each.entry.size) << each.entry.path;
  }
}

TEST_P(SourceContract, ResolvesToTheSameNameTwice) {
  ASSERT_OK_AND_ASSIGN(const auto first, source_->resolve("", {}));
  ASSERT_OK_AND_ASSIGN(const auto second, world_->open()->resolve("", {}));

  EXPECT_EQ(first, second);
  EXPECT_EQ(first.has_value(), GetParam().names_revisions);
}

TEST_P(SourceContract, ResolvesAResolvedNameToItself) {
  if (!GetParam().names_revisions) {
    GTEST_SKIP() << "does not name its revisions";
  }
  ASSERT_OK_AND_ASSIGN(const auto first, source_->resolve("", {}));

  ASSERT_OK_AND_ASSIGN(const auto second, source_->resolve(*first, {}));

  EXPECT_EQ(first, second);
}

TEST_P(SourceContract, AnUnknownRevisionIsNotFound) {
  if (!GetParam().names_revisions) {
    GTEST_SKIP() << "does not name its revisions";
  }
  EXPECT_THAT(source_->resolve("no-such-revision", {}), FailsWith(ErrorCode::not_found, "no-such-revision"));
}

TEST_P(SourceContract, AMissingPlaceFailsAndIsNamed) {
  const auto missing = world_->open_missing();
  const auto name = missing->resolve("", {});
  CollectingSink sink;

  const Result<void> done = name ? stream_guarded(*missing, name->value_or(""), sink) : tl::unexpected(name.error());

  ASSERT_FALSE(done.has_value());
  EXPECT_THAT(to_string(done.error()), testing::HasSubstr(world_->missing_name()));
}

TEST_P(SourceContract, AStopInTheMiddleIsTemporary) {
  std::stop_source stop;
  const std::string revision = resolved();
  CollectingSink sink;
  MeddlingSink stopping(sink, [&](const TreeEntry&) -> Result<void> {
    stop.request_stop();
    return {};
  });

  EXPECT_THAT(stream_guarded(*source_, revision, stopping, stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_P(SourceContract, AStopBeforeTheStreamIsTemporary) {
  std::stop_source stop;
  const std::string revision = resolved();
  CollectingSink sink;
  ASSERT_OK(stream_guarded(*source_, revision, sink));
  stop.request_stop();

  EXPECT_THAT(stream_guarded(*source_, revision, sink, stop.get_token()), FailsWith(ErrorCode::temporary));
}

TEST_P(SourceContract, AnErrorOfTheSinkEndsTheStreamAndIsHandedOn) {
  const std::string revision = resolved();
  CollectingSink sink;
  MeddlingSink full(sink, [&](const TreeEntry&) -> Result<void> {
    if (sink.given.size() == 3) {
      return fail(ErrorCode::cannot_write, "the disk is full");
    }
    return {};
  });

  EXPECT_THAT(stream_guarded(*source_, revision, full), FailsWith(ErrorCode::cannot_write, "the disk is full"));
  EXPECT_EQ(sink.given.size(), 3U);
}

TEST_P(SourceContract, AnLfsPointerIsRefusedUnlessItIsWanted) {
  const auto world = GetParam().make();
  make_awkward_tree(world->tree());
  write_file(world->tree() / "pointer.bin",
             "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 5\n");
  world->prepare();
  const auto strict = world->open();
  ASSERT_OK_AND_ASSIGN(const auto revision, strict->resolve("", {}));
  CollectingSink sink;

  EXPECT_THAT(stream_guarded(*strict, revision.value_or(""), sink), FailsWith(ErrorCode::refused, "pointer.bin"));
  EXPECT_THAT(stream_guarded(*world->open({true, false}), revision.value_or(""), sink), IsOk());
}

}  // namespace swarmout::test
