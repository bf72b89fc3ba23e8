// What is in an archive of a release, and in which order (docs/formats/export.md).

#pragma once

#include "common/release/manifest.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// The folder that all members are in names the format and its version.
inline constexpr std::string_view kArchiveFolder = "swarmout-export-1/";
inline constexpr std::string_view kDescriptorMember = "descriptor";
inline constexpr std::string_view kSignatureMember = "descriptor.minisig";  ///< where `minisign -V` looks for it
inline constexpr std::string_view kManifestMember = "manifest";

/// As a COMMIT has them at most; nothing larger was ever published.
inline constexpr Bytes kMaxDescriptorText = 4 * kKiB;
inline constexpr Bytes kMaxSignatureText = 1000;

[[nodiscard]] std::string member_name(std::string_view name);

/// The packs of a release in the order of their roots, each once.
[[nodiscard]] std::vector<ListedPack> packs_in_order(const Manifest& manifest);

}  // namespace swarmout
