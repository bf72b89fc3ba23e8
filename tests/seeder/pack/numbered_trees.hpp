// Trees to pack one against the other, and questions to what came of it.

#pragma once

#include "tests/seeder/pack/packing.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace swarmout::test {

/// Files "NAME-0", "NAME-1", … that do not compress, from number `from` up to `to`.
inline Tree numbered(const std::string& name, std::uint32_t from, std::uint32_t to, std::size_t size = 100 * kKiB) {
  Tree tree;
  for (std::uint32_t i = from; i < to; ++i) {
    const auto seed = static_cast<std::uint32_t>(std::hash<std::string>()(name)) + i;
    tree.push_back(file_of(fmt::format("{}-{:03}", name, i), noise(size, seed)));
  }
  return tree;
}
inline Tree operator+(Tree a, const Tree& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Tree mixed_tree() {
  return {{directory("d"), ""},
          file_of("d/run", "#!/bin/sh\n", true),
          file_of("d/text", prose(300 * kKiB)),
          {symlink("d/link", "../nowhere"), ""},
          file_of("empty", ""),
          file_of("large", noise(9 * kMiB + 17)),
          file_of("same", prose(300 * kKiB)),
          {hardlink("hard", "d/run"), ""},
          {directory("void"), ""}};
}

/// What part of the bytes that a new clone fetches no file uses.
inline double dead_part(const Manifest& manifest) {
  std::vector<bool> live(manifest.chunks.size(), false);
  for (const std::uint32_t ref : manifest.refs) {
    live[ref] = true;
  }
  double dead = 0;
  double total = 0;
  for (const PackInfo& info : manifest.packs) {
    double raw = 0;
    double used = 0;
    for (std::uint32_t i = info.first_frame; i < info.first_frame + info.frame_count; ++i) {
      const Frame& frame = manifest.frames[i];
      for (std::uint32_t chunk = frame.first_chunk; chunk < frame.first_chunk + frame.chunk_count; ++chunk) {
        raw += manifest.chunks[chunk].size;
        used += live[chunk] ? manifest.chunks[chunk].size : 0;
      }
    }
    dead += static_cast<double>(info.size) * (1 - used / raw);
    total += static_cast<double>(info.size);
  }
  return total == 0 ? 0 : dead / total;
}

inline std::vector<std::string> pack_names(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const PackInfo& each : manifest.packs) {
    names.push_back(each.root.hex());
  }
  return names;
}

/// Content in packs that the basis does not have.
inline Bytes new_content(const Manifest& manifest, const Manifest& basis) {
  const auto old = pack_names(basis);
  Bytes total = 0;
  for (const PackInfo& each : manifest.packs) {
    if (std::find(old.begin(), old.end(), each.root.hex()) == old.end()) {
      for (std::uint32_t i = each.first_frame; i < each.first_frame + each.frame_count; ++i) {
        total += manifest.frames[i].raw_size;
      }
    }
  }
  return total;
}

inline const Node& node(const Manifest& manifest, const std::string& path) {
  const auto found =
      std::find_if(manifest.nodes.begin(), manifest.nodes.end(), [&](const Node& each) { return each.path == path; });
  EXPECT_NE(found, manifest.nodes.end()) << path;
  return *found;
}

inline std::vector<std::uint32_t> refs(const Manifest& manifest, const std::string& path) {
  const auto span = manifest.refs_of(node(manifest, path));
  return {span.begin(), span.end()};
}

class PackingStore : public testing::Test {
protected:
  Manifest keep(const Tree& tree, std::optional<Manifest> basis = {}) {
    auto manifest = pack_and_keep(store_, tree, std::move(basis));
    EXPECT_THAT(manifest, IsOk());
    return manifest.value_or(Manifest{});
  }

  TempDir temp_;
  Store store_ = Store::open(temp_ / "state").value();
};

}  // namespace swarmout::test
