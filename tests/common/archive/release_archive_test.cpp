// From one store to another.

#include "tests/common/archive/archives.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace swarmout::test {

namespace {

class ReleaseArchive : public Archives {};

}  // namespace

TEST_F(ReleaseArchive, BringsEverythingOfAReleaseToAnotherStore) {
  ASSERT_OK_AND_ASSIGN(const Imported done, bring(archive_of(release_)));
  EXPECT_EQ(done.release.text, release_.text);
  EXPECT_EQ(done.key, fleet_key().verify_key().id());
  EXPECT_EQ(done.packs, 3u);
  EXPECT_EQ(done.here_already, 0u);
  for (const ListedPack& each : packs()) {
    EXPECT_TRUE(far_.check_pack(each.root, each.size).value());
    EXPECT_EQ(merkle_root(far_.leaves_of(each.root).value()), each.root);
  }
  EXPECT_EQ(far_.manifest_bytes(release_.descriptor.manifest).value(),
            origin_.manifest_bytes(release_.descriptor.manifest).value());
  ASSERT_EQ(imported(far_), 1u);
  EXPECT_EQ(imports(far_)->front().text, release_.text);
  EXPECT_TRUE(far_.releases()->empty()) << "it is no release of the fleet there";
  expect_no_leftovers(far_);
  expect_no_leftovers(origin_);
}

TEST_F(ReleaseArchive, IsTheSameBytesEachTime) {
  EXPECT_EQ(archive_of(release_), archive_of(release_));
}

TEST_F(ReleaseArchive, HasItsMembersInAFixedOrder) {
  const std::string archive = archive_of(release_);
  std::string expected = member_of("descriptor", release_.text) + member_of("descriptor.minisig", release_.signature) +
                         member_of("manifest", origin_.manifest_bytes(release_.descriptor.manifest).value());
  for (const ListedPack& each : packs()) {
    expected += member_of(pack_name(each.root), read_file(origin_.pack_path(each.root), kMiB).value());
  }
  EXPECT_EQ(archive, expected + std::string(kTarEnd, '\0'));
}

TEST_F(ReleaseArchive, IsNotBegunIfAPartOfTheReleaseIsNotHere) {
  ASSERT_OK(remove_tree(origin_.pack_path(packs()[1].root)));
  TextSink sink;
  EXPECT_THAT(write_release(origin_, release_, sink, [](const ArchiveProgress&) {}, {}),
              FailsWith(ErrorCode::not_found, "swarmout fetch --revision 42"));
  EXPECT_EQ(sink.text, "");
}

TEST_F(ReleaseArchive, HasNoEndIfAPackIsDamagedHere) {
  const Path pack = origin_.pack_path(packs()[1].root);
  std::string bytes = read_file(pack, kMiB).value();
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_OK(remove_tree(pack));
  write_file(pack, bytes);
  TextSink sink;
  EXPECT_THAT(write_release(origin_, release_, sink, [](const ArchiveProgress&) {}, {}),
              FailsWith(ErrorCode::refused, pack.native()));
  EXPECT_THAT(bring(sink.text), FailsWith(ErrorCode::refused, "other bytes in " + pack_name(packs()[1].root)));
  EXPECT_EQ(imported(far_), 0u);
}

TEST_F(ReleaseArchive, IsWrittenFromPacksThatArePrunedMeanwhile) {
  class PruningSink final : public ByteSink {
  public:
    PruningSink(Store& store, const SignedDescriptor& release) : store_(store), release_(release) {}
    Result<void> write(ByteView bytes) override {
      text += as_text(bytes);
      if (!pruned_) {
        pruned_ = true;
        EXPECT_TRUE(store_.forget({digest_of(release_)}).value().has_value());
      }
      return {};
    }
    std::string text;

  private:
    Store& store_;
    const SignedDescriptor& release_;
    bool pruned_ = false;
  };
  const std::string expected = archive_of(release_);
  PruningSink sink(origin_, release_);
  ASSERT_OK(write_release(origin_, release_, sink, [](const ArchiveProgress&) {}, {}));
  EXPECT_EQ(good_packs(origin_), 0u);
  EXPECT_EQ(sink.text, expected);
}

TEST_F(ReleaseArchive, GoesOnWhereAnImportWasCutOff) {
  const std::string archive = archive_of(release_);
  ASSERT_THAT(bring(archive.substr(0, archive.size() - kTarEnd - 600)), FailsWith(ErrorCode::refused, "cut off"));
  const std::size_t whole = good_packs(far_);
  ASSERT_GT(whole, 0u);
  ASSERT_OK(far_.prune(0));
  EXPECT_EQ(good_packs(far_), whole) << "what is on its way stays";
  EXPECT_EQ(imported(far_), 0u);
  ASSERT_OK_AND_ASSIGN(const Imported done, bring(archive));
  EXPECT_EQ(done.here_already, whole);
  ASSERT_OK_AND_ASSIGN(const Imported again, bring(archive));
  EXPECT_EQ(again.here_already, 3u);
  EXPECT_EQ(again.new_bytes, 0u);
}

TEST_F(ReleaseArchive, PutsADamagedPackRight) {
  const std::string archive = archive_of(release_);
  ASSERT_OK(bring(archive));
  const Path pack = far_.pack_path(packs()[0].root);
  std::string bytes = read_file(pack, kMiB).value();
  bytes.back() ^= 1;
  ASSERT_OK(remove_tree(pack));
  write_file(pack, bytes);
  ASSERT_OK_AND_ASSIGN(const Imported done, bring(archive));
  EXPECT_EQ(done.here_already, 2u);
  EXPECT_EQ(good_packs(far_), 3u);
}

TEST_F(ReleaseArchive, PassesOverWhatIsHereAlsoInAFileWithoutReadingIt) {
  const std::string archive = archive_of(release_);
  ASSERT_OK(bring(archive));
  write_file(dir_ / "file", archive);
  ASSERT_OK_AND_ASSIGN(const Fd file, open_file(dir_ / "file", O_RDONLY));
  FdSource source(file.get(), "the file", {});
  ASSERT_OK_AND_ASSIGN(const Imported done, read_release(far_, source, fleet_trust(), {}, {}));
  EXPECT_EQ(done.here_already, 3u);
  write_file(dir_ / "short", archive.substr(0, archive.size() - kTarEnd - 600));
  ASSERT_OK_AND_ASSIGN(const Fd cut, open_file(dir_ / "short", O_RDONLY));
  FdSource cut_source(cut.get(), "the short file", {});
  EXPECT_THAT(read_release(far_, cut_source, fleet_trust(), {}, {}), FailsWith(ErrorCode::refused, "is cut off"));
}

TEST_F(ReleaseArchive, AsksForRoomOnceAndWritesNothingIfThereIsNone) {
  Bytes asked = 0;
  ImportCalls calls;
  calls.room = [&](Bytes bytes, std::size_t) -> Result<void> {
    asked += bytes;
    return fail(ErrorCode::cannot_write, "no room");
  };
  EXPECT_THAT(bring(archive_of(release_), far_, fleet_trust(), calls), FailsWith(ErrorCode::cannot_write, "no room"));
  Bytes all = 0;
  for (const ListedPack& each : packs()) {
    all += each.size;
  }
  EXPECT_EQ(asked, all);
  EXPECT_EQ(good_packs(far_), 0u);
  EXPECT_THAT(list_directory(far_.state() / "manifests").value(), testing::IsEmpty());
}

TEST_F(ReleaseArchive, StopsWhenAskedTo) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd out(ends[0]);
  const Fd in(ends[1]);  // open, and nothing comes
  std::stop_source stop;
  FdSource source(out.get(), "the pipe", stop.get_token());
  std::jthread later([&] { stop.request_stop(); });
  EXPECT_THAT(read_release(far_, source, fleet_trust(), {}, stop.get_token()),
              FailsWith(ErrorCode::temporary, "stopped"));
  std::stop_source stopped;
  stopped.request_stop();
  TextSink sink;
  EXPECT_THAT(write_release(
                  origin_, release_, sink, [](const ArchiveProgress&) {}, stopped.get_token()),
              FailsWith(ErrorCode::temporary, "stopped"));
}

TEST_F(ReleaseArchive, AReaderThatHasGoneIsSaid) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Fd out(ends[0]);
  const Fd in(ends[1]);
  out.reset();
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGPIPE, &ignored, &before), 0);
  FdSink sink(in.get(), "the pipe", {});
  EXPECT_THAT(write_release(origin_, release_, sink, [](const ArchiveProgress&) {}, {}),
              FailsWith(ErrorCode::cannot_write, "whoever read the pipe has gone"));
  ASSERT_EQ(::sigaction(SIGPIPE, &before, nullptr), 0);
}

TEST_F(ReleaseArchive, ImportsAreFoundByTheirNamesTheNewestWithoutOne) {
  EXPECT_THAT(find_import(far_, ""), FailsWith(ErrorCode::not_found, "swarmout import FILE"));
  const auto newer = made(50, "v50", {"newer"}, "2026-11-24T12:00:00Z");
  ASSERT_OK(bring(archive_of(newer)));
  ASSERT_OK(bring(archive_of(release_)));
  EXPECT_EQ(find_import(far_, "")->descriptor.revision, "v50") << "the one that was made last";
  EXPECT_EQ(find_import(far_, "latest")->descriptor.revision, "v50");
  EXPECT_EQ(find_import(far_, "v42")->descriptor.revision, "v42");
  EXPECT_EQ(find_import(far_, "42")->descriptor.revision, "v42");
  EXPECT_THAT(find_import(far_, "v43"), FailsWith(ErrorCode::not_found, "release 50 (v50), release 42 (v42)"));
}

TEST_F(ReleaseArchive, OfImportsThatWereMadeInOneSecondTheOneWithTheHigherNumberIsNewer) {
  for (const std::uint64_t position : {44, 46, 45, 43}) {
    ASSERT_OK(bring(archive_of(made(position, "v" + std::to_string(position), {std::to_string(position)}))));
    ASSERT_OK_AND_ASSIGN(const auto all, imports(far_));
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.descriptor.position > b.descriptor.position;
    }));
  }
  EXPECT_EQ(find_import(far_, "")->descriptor.revision, "v46");
}

TEST_F(ReleaseArchive, AFewImportsAreKeptAndTheLastOneAlways) {
  for (const int day : {10, 11, 12, 13}) {
    const auto each = made(day, "v" + std::to_string(day), {"of day " + std::to_string(day)},
                           "2026-12-" + std::to_string(day) + "T12:00:00Z");
    ASSERT_OK_AND_ASSIGN(const Imported done, bring(archive_of(each)));
    ASSERT_OK(forget_old_imports(far_, done.release));
  }
  const std::string archive = archive_of(release_);
  ASSERT_FALSE(bring(archive.substr(0, archive.size() - 700)));
  ASSERT_OK_AND_ASSIGN(const Imported oldest, bring(archive_of(made(9, "v9", {"old"}, "2026-01-01T12:00:00Z"))));
  ASSERT_OK(forget_old_imports(far_, oldest.release));
  EXPECT_EQ(imported(far_), kKeptImports);
  EXPECT_TRUE(find_import(far_, "v9"));
  EXPECT_TRUE(find_import(far_, "v13"));
  EXPECT_FALSE(find_import(far_, "v11"));
  ASSERT_OK(far_.prune(0));
  EXPECT_EQ(good_packs(far_), 3u) << "and what was only begun is gone, too";
}

}  // namespace swarmout::test
