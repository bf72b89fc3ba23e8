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
  /// Called after the tree has changed.
  virtual void renew() {}
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
  bool tells_changes = true;    ///< stream_changes() can
  std::function<std::unique_ptr<SourceWorld>()> make;
  bool has_lfs = false;  ///< asks for what a Git LFS pointer stands for
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

/// The tree that was streamed, as the release before.
class SourceChangesContract : public SourceContract {
protected:
  void SetUp() override {
    SourceContract::SetUp();
    CollectingSink sink;
    ASSERT_OK(stream_guarded(*source_, resolved(), sink));
    past_ = listing_of(sink);
    memo_ = source_->memo();
    for (const Given& each : sink.given) {
      Node node;
      node.path = each.entry.path;
      node.target = each.entry.kind == TreeEntry::Kind::symlink ? each.entry.target : "";
      node.size = each.entry.size;
      node.kind = each.entry.kind == TreeEntry::Kind::symlink     ? Node::Kind::symlink
                  : each.entry.kind == TreeEntry::Kind::directory ? Node::Kind::directory
                  : each.entry.executable                         ? Node::Kind::executable
                                                                  : Node::Kind::file;
      nodes_.push_back(std::move(node));
    }
    std::sort(nodes_.begin(), nodes_.end(), [](const Node& a, const Node& b) { return a.path < b.path; });
    write_file(world_->tree() / "README", "changed\n");
    write_file(world_->tree() / "new/file", "new\n", true);
    world_->renew();
    source_ = world_->open();
  }
  Result<bool> stream_changes(TreeSink& sink, std::stop_token stop = {}) {
    TreeGuard guard(sink);
    TRY_ASSIGN(const bool told, source_->stream_changes({nodes_, memo_}, resolved(), guard, std::move(stop)));
    TRY(guard.finish());
    return told;
  }
  /// What the sink was given, with what is unchanged in its place.
  std::map<std::string, std::string> tree_of(CollectingSink sink) const {
    std::map<std::string, std::string> unchanged;
    std::erase_if(sink.given, [&](const Given& each) {
      if (each.entry.kind != TreeEntry::Kind::unchanged) {
        return false;
      }
      const std::string& was = past_.at(each.entry.target);
      unchanged[each.entry.path] = (each.entry.executable ? "exec" : "file") + was.substr(4);
      return true;
    });
    auto all = listing_of(sink);
    all.merge(unchanged);
    return all;
  }

  std::map<std::string, std::string> past_;
  std::vector<Node> nodes_;
  std::string memo_;
};

TEST_P(SourceChangesContract, TheChangesMakeTheNewTree) {
  CollectingSink sink;

  ASSERT_OK_AND_ASSIGN(const bool told, stream_changes(sink));

  EXPECT_EQ(told, GetParam().tells_changes);
  EXPECT_EQ(memo_.empty(), !GetParam().tells_changes);
  if (told) {
    EXPECT_EQ(tree_of(sink), expected());
  }
}

TEST_P(SourceChangesContract, ContentThatIsNewComesInTheOrderOfTheStream) {
  CollectingSink changes;
  CollectingSink all;
  ASSERT_OK_AND_ASSIGN(const bool told, stream_changes(changes));
  ASSERT_OK(stream_guarded(*source_, resolved(), all));
  const auto files_of = [](const CollectingSink& sink) {
    std::vector<std::string> paths;
    for (const Given& each : sink.given) {
      if (each.entry.kind == TreeEntry::Kind::file || each.entry.kind == TreeEntry::Kind::unchanged) {
        paths.push_back(each.entry.path);
      }
    }
    return paths;
  };

  EXPECT_TRUE(!told || files_of(changes) == files_of(all));
}

TEST_P(SourceChangesContract, ChangesCanFollowChanges) {
  CollectingSink sink;
  ASSERT_OK_AND_ASSIGN(const bool told, stream_changes(sink));

  EXPECT_EQ(source_->memo().empty(), !told);
}

TEST_P(SourceChangesContract, AMemoThatItDidNotWriteTellsNothing) {
  for (const char* const memo : {"", "garbage", "no-pointers\n", "no-pointers\ncommit 12", "no-pointers\nfiles 1\n"}) {
    memo_ = memo;
    CollectingSink sink;

    EXPECT_EQ(stream_changes(sink), false) << memo;
  }
}

TEST_P(SourceChangesContract, AnErrorOfTheSinkEndsTheChanges) {
  CollectingSink sink;
  MeddlingSink full(sink, [&](const TreeEntry&) -> Result<void> {
    if (sink.given.size() == 3) {
      return fail(ErrorCode::cannot_write, "the disk is full");
    }
    return {};
  });
  const auto streamed = stream_changes(full);

  EXPECT_EQ(streamed.has_value(), !GetParam().tells_changes);
  EXPECT_TRUE(streamed ? !*streamed : streamed.error().code == ErrorCode::cannot_write);
}

TEST_P(SourceChangesContract, AStopInTheChangesIsTemporary) {
  std::stop_source stop;
  CollectingSink sink;
  MeddlingSink stopping(sink, [&](const TreeEntry&) -> Result<void> {
    stop.request_stop();
    return {};
  });
  const auto streamed = stream_changes(stopping, stop.get_token());

  EXPECT_TRUE(streamed ? !*streamed : streamed.error().code == ErrorCode::temporary);
}

TEST_P(SourceContract, AnLfsPointerIsNotPublishedUnlessItIsWanted) {
  const auto world = GetParam().make();
  make_awkward_tree(world->tree());
  write_file(world->tree() / "pointer.bin",
             "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 5\n");
  world->prepare();
  const auto strict = world->open();
  ASSERT_OK_AND_ASSIGN(const auto revision, strict->resolve("", {}));
  CollectingSink sink;

  EXPECT_THAT(stream_guarded(*strict, revision.value_or(""), sink),
              FailsWith(GetParam().has_lfs ? ErrorCode::failed : ErrorCode::refused, "pointer.bin"));
  EXPECT_THAT(stream_guarded(*world->open({true, false}), revision.value_or(""), sink), IsOk());
}

}  // namespace swarmout::test
