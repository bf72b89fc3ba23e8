// A tree that becomes another one, what its users have done to it, and how it should look.

#pragma once

#include "peer/tree/renewal.hpp"
#include "tests/peer/tree/unpacking.hpp"
#include "tests/support/made_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace swarmout::test {

/// More than a file system's clock may stand still: so that files have stamps.
inline void let_time_pass() {
  std::this_thread::sleep_for(std::chrono::milliseconds(120));
}

inline struct stat info_of(const Path& path) {
  struct stat info {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info;
}

inline bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}
inline bool is_untouched(const struct stat& a, const struct stat& b) {
  return is_same_file(a, b) && a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

/// listing(), with modes, owners and numbers of names.
inline std::map<std::string, std::string> looks(const Path& root) {
  auto found = listing(root);
  found["."] = "dir";
  for (auto& [name, text] : found) {
    const struct stat info = info_of(root / name);
    const nlink_t links = S_ISDIR(info.st_mode) ? 0 : info.st_nlink;
    text += fmt::format(" {:o} {}:{} {}", info.st_mode, info.st_uid, info.st_gid, links);
  }
  return found;
}

inline Tree given(const MadeTree& made) {
  Tree tree;
  for (const auto& [path, entry] : made) {
    tree.push_back(entry.kind == Node::Kind::directory ? Given{directory(path), ""}
                   : entry.kind == Node::Kind::symlink
                       ? Given{symlink(path, entry.content), ""}
                       : file_of(path, entry.content, entry.kind == Node::Kind::executable));
  }
  return tree;
}

/// Whatever changes the file without a trace in its modification time and size.
inline void edit_in_secret(const Path& path) {
  const struct stat before = info_of(path);
  {
    const Fd file(::open(path.c_str(), O_WRONLY));
    const char other = static_cast<char>(~read_file(path, kGiB).value().at(0));
    EXPECT_EQ(::pwrite(file.get(), &other, 1, 0), 1);
  }
  const timespec times[2] = {before.st_atim, before.st_mtim};
  EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

class Renewing : public UnpackingTest {
protected:
  Renewing() { look_ = look_of(target_).value(); }

  /// A tree at `target_` of which the stamps are known.
  void make_old(const Tree& tree) {
    old_ = packed(tree);
    ASSERT_OK(unpack_all(old_, target_));
    let_time_pass();
    ASSERT_OK_AND_ASSIGN(stamps_, unpacker_->seal());
  }
  Result<void> renew(const Manifest& manifest, const PreviousTree* previous = nullptr) {
    OldTree old{&old_, stamps_, look_, believed_};
    TRY(make(manifest, previous, old));
    if (believed_ && !unpacker_->seal()) {
      old.believed = false;
      TRY(make(manifest, previous, old));
    }
    return {};
  }
  Result<void> make(const Manifest& manifest, const PreviousTree* previous, const OldTree& old) {
    TRY_ASSIGN(unpacker_, Unpacker::start(manifest, target_, previous, &old));
    for (std::size_t i = 0; i < manifest.packs.size(); ++i) {
      if (unpacker_->needs(i)) {
        TRY(unpacker_->unpack(i, pack_file(manifest, i)));
      }
    }
    return unpacker_->finish();
  }
  Result<void> renew_and_seal(const Tree& tree) {
    const Manifest manifest = packed(tree, old_);
    TRY(renew(manifest));
    return unpacker_->seal().map([](const auto&) {});
  }
  std::map<std::string, std::string> fresh(const Manifest& manifest) {
    const Path beside = temp_ / "target-fresh";
    std::filesystem::remove_all(beside);
    std::filesystem::create_directories(beside);
    auto unpacker = std::move(unpacker_);
    EXPECT_THAT(unpack_all(manifest, beside), IsOk());
    unpacker_ = std::move(unpacker);
    return looks(beside);
  }
  struct stat info(const std::string& path) const {
    return info_of(target_ / path);
  }

  DirectoryLook look_;
  Manifest old_;
  std::vector<std::uint64_t> stamps_;
  bool believed_ = false;
};

/// With each file looked at first, and with what stamps say believed.
class RenewalTest : public Renewing, public testing::WithParamInterface<bool> {
protected:
  RenewalTest() { believed_ = GetParam(); }
};

inline const Tree kSmall = {{directory("dir"), ""},           file_of("dir/a", "content of a"),
                            file_of("dir/b", "content of b"), file_of("empty", ""),
                            {symlink("link", "dir/a"), ""},   file_of("run", "#!/bin/sh\n", true)};

}  // namespace swarmout::test
