// A packed tree, a directory to unpack it into, and a directory beside that which nothing may touch.

#pragma once

#include "peer/tree/unpack.hpp"
#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace swarmout::test {

class UnpackingTest : public testing::Test {
protected:
  UnpackingTest() {
    write_file(outside_ / "precious", "do not touch");
    std::filesystem::create_directories(target_);
  }
  void TearDown() override {
    EXPECT_EQ(listing(outside_),
              (std::map<std::string, std::string>{{"precious", "file 12 " + sha256("do not touch").hex()}}))
        << "something was written outside of the target";
    for (const std::string& name : list_directory(temp_.path()).value_or(std::vector<std::string>())) {
      EXPECT_TRUE(name == "outside" || name == "state" || name.starts_with("target")) << name << " is new";
    }
  }

  /// As it is after it went over the wire. The packs are in the store.
  Manifest packed(const Tree& tree, std::optional<Manifest> basis = {}) {
    const auto manifest = pack_and_keep(store_, tree, std::move(basis));
    EXPECT_THAT(manifest, IsOk());
    auto decoded = decode_manifest(encode_manifest(manifest.value_or(Manifest{})));
    EXPECT_THAT(decoded, IsOk());
    return std::move(decoded).value_or(Manifest{});
  }
  Path pack_file(const Manifest& manifest, std::size_t index) const {
    return store_.pack_path(manifest.packs[index].root);
  }

  /// Every pack that is needed, in order. Keeps the unpacker, to be asked.
  Result<void> unpack_all(const Manifest& manifest, const Path& target, const PreviousTree* previous = nullptr) {
    TRY_ASSIGN(unpacker_, Unpacker::start(manifest, target, previous));
    for (std::size_t i = 0; i < manifest.packs.size(); ++i) {
      if (unpacker_->needs(i)) {
        TRY(unpacker_->unpack(i, pack_file(manifest, i)));
      }
    }
    return unpacker_->finish();
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
  Path target_ = temp_ / "target";
  Path outside_ = temp_ / "outside";
  std::unique_ptr<Unpacker> unpacker_;
};

}  // namespace swarmout::test
