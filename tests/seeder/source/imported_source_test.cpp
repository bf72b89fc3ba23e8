#include "seeder/source/open_source.hpp"
#include "tests/common/archive/archives.hpp"

namespace swarmout::test {

namespace {

class ImportedSourceTest : public Archives {
protected:
  Result<std::unique_ptr<Source>> open() { return open_source("imported", far_.state()); }
};

}  // namespace

TEST_F(ImportedSourceTest, WithoutAnImportItIsNotOpened) {
  EXPECT_THAT(open(), FailsWith(ErrorCode::not_found, "swarmout import FILE"));
  EXPECT_THAT(open_source("imported", dir_ / "nowhere"), FailsWith(ErrorCode::not_found));
  EXPECT_FALSE(path_exists(dir_ / "nowhere"));
  EXPECT_THAT(open_source("imported:x", far_.state()), FailsWith(ErrorCode::usage));
}

TEST_F(ImportedSourceTest, NamesTheReleaseThatIsPackedAlready) {
  ASSERT_OK(bring(archive_of(release_)));
  ASSERT_OK(bring(archive_of(made(43, "v43", {"newer"}, "2026-11-24T12:00:00Z"))));
  ASSERT_OK_AND_ASSIGN(const auto source, open());
  EXPECT_FALSE(source->packed()) << "nobody has asked for one";
  EXPECT_EQ(source->resolve("", {}).value(), "v43");
  EXPECT_EQ(source->packed()->descriptor.position, Position{43});
  EXPECT_EQ(source->resolve("42", {}).value(), "v42");
  EXPECT_EQ(source->packed()->text, release_.text);
  EXPECT_THAT(source->resolve("v44", {}), FailsWith(ErrorCode::not_found, "release 43 (v43)"));
}

}  // namespace swarmout::test
