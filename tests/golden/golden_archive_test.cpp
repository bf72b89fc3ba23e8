// The export that tests/data has, as this version and other programs read it.

#include "common/archive/imports.hpp"
#include "common/archive/release_reader.hpp"
#include "tests/golden/golden_fleet.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <fcntl.h>

namespace swarmout::test {

TEST(GoldenArchive, IsReadIntoAStore) {
  const TempDir temp;
  ASSERT_TRUE(copy_golden("keys", temp / "keys"));
  ASSERT_OK_AND_ASSIGN(const TrustedKeys keys, TrustedKeys::load(temp / "keys"));
  ASSERT_OK_AND_ASSIGN(Store store, Store::open(temp / "state"));
  ASSERT_OK_AND_ASSIGN(const Fd file, open_file(golden_directory() / "exports/release-2.tar", O_RDONLY));
  FdSource source(file.get(), "the export", {});
  ASSERT_OK_AND_ASSIGN(const Imported imported, read_release(store, source, keys, {}, {}));
  EXPECT_EQ(imported.release.descriptor.position, Position{2});
  EXPECT_EQ(imported.release.descriptor.revision, "d-0dae2a84e81b95dd");
  EXPECT_EQ(imported.key, "0807060504030201");
  EXPECT_EQ(imported.packs, 1u);
  const auto golden = files_below(golden_directory() / "state/packs");
  EXPECT_EQ(files_below(temp / "state/packs"), golden);
}

TEST(GoldenArchive, IsATarThatOtherProgramsRead) {
  const TempDir temp;
  const Finished listed = run({{"tar", "-tf", golden_directory() / "exports/release-2.tar"}, {}}, temp / "tar");
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_EQ(listed.err, "");
  EXPECT_EQ(listed.out,
            "swarmout-export-1/descriptor\nswarmout-export-1/descriptor.minisig\nswarmout-export-1/manifest\n"
            "swarmout-export-1/3aa1c522ff9fa700488abbfa28a0332e454b6f9b602a7981944050feb635fbb3.pack\n");
}

}  // namespace swarmout::test
