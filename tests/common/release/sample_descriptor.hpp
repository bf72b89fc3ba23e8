// A descriptor with something in each of its lines.

#pragma once

#include "common/release/descriptor.hpp"

namespace swarmout::test {

inline Descriptor sample_descriptor() {
  Descriptor descriptor;
  descriptor.position = Position{42};
  descriptor.revision = "1a2b3c4d5e6f";
  descriptor.source = "git+https://host/repository\n#main";
  descriptor.created = "2026-11-23T12:00:00Z";
  descriptor.info_hash = {sha256("torrent")};
  descriptor.manifest = sha256("manifest");
  descriptor.manifest_size = 1001;
  descriptor.torrent_size = 1002;
  descriptor.packed_size = 1003;
  descriptor.tree_size = 1004;
  descriptor.files = 1005;
  descriptor.basis = Position{40};
  return descriptor;
}

}  // namespace swarmout::test
