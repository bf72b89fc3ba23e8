// What a person or a source gives: an archive, a configuration file, a revision, what a repository says of others.

#include "cli/settings/config_file.hpp"
#include "seeder/source/git/git_revision.hpp"
#include "seeder/source/git/git_url.hpp"
#include "seeder/source/lfs_pointer.hpp"
#include "seeder/source/tar_reader.hpp"
#include "seeder/source/tree_guard.hpp"
#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <cstring>

namespace swarmout::fuzz {

namespace {

/// A disk of this size: what an archive may make of a few bytes must end somewhere.
constexpr Bytes kDisk = 64 * kMiB;

class Disk final : public TreeSink {
public:
  Result<void> entry(const TreeEntry& entry) override {
    check(missing_ == 0, "a file has what it announced before the next entry");
    check(!entry.path.empty() && entry.path.front() != '/', "a path is relative");
    check(("/" + entry.path + "/").find("/../") == std::string::npos, "a path stays inside");
    missing_ = entry.size;
    return {};
  }
  Result<void> data(ByteView bytes) override {
    check(bytes.size() <= missing_, "a file has no more than it announced");
    missing_ -= bytes.size();
    used_ += bytes.size();
    return used_ <= kDisk ? Result<void>{} : fail(ErrorCode::cannot_write, "the disk is full");
  }

private:
  Bytes missing_ = 0;
  Bytes used_ = 0;
};

}  // namespace

void tar(std::string_view input) {
  Disk disk;
  TreeGuard guard(disk);  // as between a source and the packer
  const auto read = [&](std::span<std::byte> into) -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), input.size());
    std::memcpy(into.data(), input.data(), size);
    input.remove_prefix(size);
    return size;
  };
  if (read_tar(read, guard)) {
    (void)guard.finish();
  }
}

void settings(std::string_view input) {
  if (const auto lines = parse_config(input, "file")) {
    for (const ConfigLine& line : *lines) {
      check(line.value.find('\n') == std::string::npos, "a value is one line");
    }
  }
  (void)parse_git_revision(std::string(input));
}

void repository(std::string_view input) {
  const std::string url(input);
  if (const auto found = submodule_url("https://host/a/b.git", url)) {
    const bool relative = url.starts_with("./") || url.starts_with("../");
    check(!relative || found->starts_with("https://host/"), "a relative URL stays on its host");
    check(!is_local_url(*found), "no file of this host");
  }
  for (const auto& [path, named] : parse_gitmodules(input)) {
    check(!path.starts_with('-') && !named.starts_with('-'), "nothing looks like an option");
  }
  if (parse_lfs_pointer(input)) {
    check(is_lfs_pointer(input), "what is followed is a pointer");
  }
}

}  // namespace swarmout::fuzz
