#include "tests/support/tree.hpp"

#include "common/base/digest.hpp"
#include "tests/support/bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace swarmout::test {

void write_file(const Path& path, std::string_view content, bool executable) {
  std::filesystem::create_directories(path.parent_path());
  {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    ASSERT_TRUE(file.good()) << path;
  }
  ASSERT_EQ(::chmod(path.c_str(), executable ? 0755 : 0644), 0) << path;
}

void write_symlink(const Path& path, const std::string& target) {
  std::filesystem::create_directories(path.parent_path());
  ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0) << path;
}

std::map<std::string, std::string> listing(const Path& root) {
  std::map<std::string, std::string> found;
  for (const auto& each : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = each.path().lexically_relative(root).native();
    struct stat info {};
    EXPECT_EQ(::lstat(each.path().c_str(), &info), 0) << name;
    if (S_ISLNK(info.st_mode)) {
      found[name] = "link " + std::filesystem::read_symlink(each.path()).native();
    } else if (S_ISDIR(info.st_mode)) {
      found[name] = "dir";
    } else {
      const auto content = read_file(each.path(), 64 * kGiB);
      EXPECT_TRUE(content) << name;
      found[name] = fmt::format("{} {} {}", (info.st_mode & 0111) != 0 ? "exec" : "file", info.st_size,
                                content ? sha256(*content).hex() : "unreadable");
    }
  }
  return found;
}

void make_awkward_tree(const Path& root) {
  std::filesystem::create_directories(root);
  write_file(root / "README", "hello\n");
  write_file(root / "empty", "");
  write_file(root / "bin/run me", "#!/bin/sh\n", true);
  write_file(root / "bin/empty-exec", "", true);
  write_file(root / "names/new\nline", "a");
  write_file(root / "names/quote\"'`$back\\slash", "b");
  write_file(root / "names/\xff\xfe not utf-8", "c");
  write_file(root / "names/\x01\x1b[31m\x7f", "d");
  write_file(root / "names/ümlaut – 漢字", "e");
  write_file(root / "names/-rf", "f");
  write_file(root / "names" / std::string(255, 'n'), "g");
  write_file(root / "a/b", "after a-b in the order of full paths");
  write_file(root / "a-b", "before a/b");
  write_file(root / "a.b", "between");
  write_file(root / "twin-1", prose(3000));
  write_file(root / "twin-2", prose(3000));
  write_file(root / "large.bin", noise(9 * kMiB + 17));
  write_file(root / "text.txt", prose(600 * kKiB));
  std::filesystem::create_directories(root / "void/in/void");
  write_symlink(root / "link", "README");
  write_symlink(root / "dangling", "no/such/thing");
  write_symlink(root / "absolute", "/etc/hostname");
  write_symlink(root / "up", "../../..");
  write_symlink(root / "to-dir", "bin");
}

}  // namespace swarmout::test
