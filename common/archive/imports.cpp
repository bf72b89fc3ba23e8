#include "common/archive/imports.hpp"

#include "common/base/key_values.hpp"
#include "common/base/owner/ownership.hpp"
#include "common/base/remove_tree.hpp"
#include "common/release/torrent_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <tuple>

namespace swarmout {

namespace {

constexpr std::string_view kImportBegins = "import-";
constexpr const char* kImportRecord = "release";
constexpr Bytes kMaxImportRecord = 16 * kKiB;

Path swarm_of(const Store& store) {
  return store.state() / "swarm";
}

/// By its manifest: no torrent is called so, and a record of the same content does not stand for it.
std::string import_name(const Descriptor& release) {
  return std::string(kImportBegins) + release.manifest.hex().substr(0, 40);
}

Result<std::vector<std::string>> import_names(const Store& store) {
  auto names = list_directory(swarm_of(store));
  if (!names && names.error().code == ErrorCode::not_found) {
    return std::vector<std::string>();
  }
  TRY(names);
  std::erase_if(*names, [](const std::string& each) { return !each.starts_with(kImportBegins); });
  return names;
}

std::string named(const std::vector<SignedDescriptor>& all) {
  std::string text;
  for (const SignedDescriptor& each : all) {
    text += (text.empty() ? "" : ", ") + release_title(each.descriptor);
  }
  return text;
}

}  // namespace

Result<void> begin_import(Store& store, const Descriptor& release, std::string_view manifest,
                          const std::stop_token& stop) {
  INVARIANT(sha256(manifest) == release.manifest);
  TRY_ASSIGN(const Fd lock, store.lock_for_writing(stop));
  TRY(store.put_manifest(manifest));
  const Path files = swarm_of(store) / import_name(release) / kTorrentRoot;
  TRY(make_directories_for_owner(files));
  TRY(remove_tree(files / kManifestName));
  const Path kept = store.state() / "manifests" / release.manifest.hex();
  if (::link(kept.c_str(), (files / kManifestName).c_str()) != 0) {
    return fail_errno(fmt::format("cannot link {} as", kept.native()), (files / kManifestName).native(), errno);
  }
  return {};
}

Result<void> end_import(Store& store, const SignedDescriptor& release) {
  TRY(sync_directory(store.state() / "packs"));
  return replace_file(swarm_of(store) / import_name(release.descriptor) / kImportRecord,
                      as_bytes(encode_record(release)));
}

Result<std::vector<SignedDescriptor>> imports(const Store& store) {
  TRY_ASSIGN(const auto names, import_names(store));
  std::vector<SignedDescriptor> found;
  for (const std::string& name : names) {
    auto release = read_file(swarm_of(store) / name / kImportRecord, kMaxImportRecord).and_then(decode_record);
    if (release && import_name(release->descriptor) == name) {
      found.push_back(*std::move(release));
    } else if (release || release.error().code != ErrorCode::not_found) {  // else it was not ended
      spdlog::warn("leaving out the import {}: {}", name,
                   release ? "it is another release" : to_string(release.error()));
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const SignedDescriptor& a, const SignedDescriptor& b) {
    // Of one second: by their numbers, which grow at an origin.
    return std::tie(a.descriptor.created, a.descriptor.position) >
           std::tie(b.descriptor.created, b.descriptor.position);
  });
  return found;
}

Result<SignedDescriptor> find_import(const Store& store, const std::string& wanted) {
  TRY_ASSIGN(auto all, imports(store));
  if (all.empty()) {
    return fail(ErrorCode::not_found, fmt::format("no release was imported into {}", store.state().native()),
                "`swarmout import FILE` brings one, on the host that is to lead");
  }
  if (wanted.empty() || wanted == "latest") {
    return std::move(all.front());
  }
  std::vector<ReleaseNames> names;
  for (const SignedDescriptor& each : all) {
    names.push_back(names_of(each.descriptor));
  }
  TRY_ASSIGN(const auto found, find_called(names, wanted));
  if (!found) {
    return fail(ErrorCode::not_found, fmt::format("\"{}\" was not imported on this host", printable(wanted)),
                "there are: " + named(all));
  }
  return std::move(all[*found]);
}

Result<void> forget_old_imports(Store& store, const SignedDescriptor& just) {
  TRY_ASSIGN(const auto all, imports(store));
  std::set<std::string> kept{import_name(just.descriptor)};
  for (std::size_t i = 0; i < all.size() && kept.size() < kKeptImports; ++i) {
    kept.insert(import_name(all[i].descriptor));
  }
  TRY_ASSIGN(const auto names, import_names(store));
  for (const std::string& name : names) {
    if (!kept.contains(name)) {
      TRY(remove_tree(swarm_of(store) / name));
    }
  }
  return {};
}

}  // namespace swarmout
