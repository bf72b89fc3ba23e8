// The golden release as `export` writes it.

#pragma once

#include "common/archive/release_writer.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/support/tree.hpp"

#include <string>

namespace swarmout::test {

inline void make_golden_archive(const Store& store, const SignedDescriptor& release, const Path& file) {
  class Kept final : public ByteSink {
  public:
    Result<void> write(ByteView bytes) override {
      text += as_text(bytes);
      return {};
    }
    std::string text;
  };
  Kept archive;
  EXPECT_THAT(write_release(store, release, archive, [](const ArchiveProgress&) {}, {}), IsOk());
  write_file(file, archive.text);
}

}  // namespace swarmout::test
