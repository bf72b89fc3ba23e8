#include "tests/e2e/extreme_tree.hpp"

#include "common/base/digest.hpp"
#include "tests/support/bytes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <vector>

namespace swarmout::test {

namespace {

constexpr Bytes kLarge = 64 * kMiB;
constexpr std::size_t kLongest = 4000;

Fd open_directory(int at, const std::string& name) {
  Fd directory(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  EXPECT_TRUE(directory.valid()) << name << ": " << std::strerror(errno);
  return directory;
}

Fd make_and_open(int at, const std::string& name) {
  EXPECT_TRUE(::mkdirat(at, name.c_str(), 0755) == 0 || errno == EEXIST) << name << ": " << std::strerror(errno);
  return open_directory(at, name);
}

void put(int at, const std::string& name, const std::string& content) {
  const Fd file(::openat(at, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  EXPECT_TRUE(file.valid()) << name << ": " << std::strerror(errno);
  EXPECT_TRUE(write_all(file.get(), as_bytes(content), name));
}

/// Directories of this name until one more file makes a path of kLongest bytes, and that file.
void make_chain(int root, const std::string& name) {
  Fd at(::dup(root));
  std::size_t length = 0;
  while (length + name.size() + 1 < kLongest) {
    at = make_and_open(at.get(), name);
    length += name.size() + 1;
  }
  put(at.get(), std::string(kLongest - length, 'f'), "at the end of " + name.substr(0, 3));
}

struct Met {
  const std::string& path;
  int directory;
  const std::string& name;
  const struct stat& info;
};
using Meet = std::function<void(const Met&)>;

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  DIR* const handle = ::fdopendir(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_NE(handle, nullptr);
  while (const dirent* const entry = ::readdir(handle)) {
    if (entry->d_name != std::string_view(".") && entry->d_name != std::string_view("..")) {
      names.emplace_back(entry->d_name);
    }
  }
  ::closedir(handle);
  return names;
}

/// Only the deepest directory is open, and nothing is on the stack: the way back is "..".
void walk(const Path& root, const Meet& meet) {
  auto open = open_file(root, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(open) << to_string(open.error());
  struct Level {
    std::string prefix;
    std::vector<std::string> left;
  };
  std::vector<Level> levels = {{"", names_in(open->get())}};
  while (!levels.empty()) {
    if (levels.back().left.empty()) {
      levels.pop_back();
      *open = open_directory(open->get(), "..");
      continue;
    }
    const std::string name = std::move(levels.back().left.back());
    levels.back().left.pop_back();
    const std::string path = levels.back().prefix + name;
    struct stat info {};
    ASSERT_EQ(::fstatat(open->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW), 0) << path;
    meet({path, open->get(), name, info});
    if (S_ISDIR(info.st_mode)) {
      *open = open_directory(open->get(), name);
      levels.push_back({path + '/', names_in(open->get())});
    }
  }
}

std::string link_at(const Met& met) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(met.directory, met.name.c_str(), target.data(), target.size());
  EXPECT_GT(size, 0) << met.path;
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::string content_at(const Met& met) {
  const Fd file(::openat(met.directory, met.name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  std::string content(static_cast<std::size_t>(met.info.st_size), '\0');
  EXPECT_TRUE(pread_all(file.get(), std::as_writable_bytes(std::span(content)), 0, met.path)) << met.path;
  return content;
}

bool is_large(const Met& met) {
  return static_cast<Bytes>(met.info.st_size) > kLarge;
}

}  // namespace

void make_deep_paths(const Path& root) {
  std::filesystem::create_directories(root);
  const auto top = open_file(root, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(top);
  make_chain(top->get(), "d");
  make_chain(top->get(), std::string(255, 'l'));
}

void make_names_of_every_byte(const Path& root) {
  std::filesystem::create_directories(root);
  const auto top = open_file(root, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(top);
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') {
      const std::string name = std::string("n") + static_cast<char>(byte);
      put(top->get(), name, std::to_string(byte));
      EXPECT_EQ(::symlinkat(name.c_str(), top->get(), ("l" + name).c_str()), 0);
    }
  }
}

void make_many_files(const Path& root, int count) {
  std::filesystem::create_directories(root);
  const auto top = open_file(root, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(top);
  for (int i = 0; i < count; i += 1000) {
    const Fd directory = make_and_open(top->get(), std::to_string(i / 1000));
    for (int each = i; each < std::min(i + 1000, count); ++each) {
      put(directory.get(), std::to_string(each), fmt::format("the content of {}\n", each));
    }
  }
}

void make_sparse_file(const Path& path, Bytes size) {
  std::filesystem::create_directories(path.parent_path());
  const auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  ASSERT_TRUE(file);
  ASSERT_EQ(::ftruncate(file->get(), static_cast<off_t>(size)), 0);
  constexpr std::size_t kIsland = 10'000;
  for (const Bytes offset : {Bytes{0}, size / 3, 4 * kGiB - kIsland / 2, size - kIsland}) {
    if (offset + kIsland <= size) {
      ASSERT_TRUE(pwrite_all(file->get(), as_bytes(noise(kIsland, static_cast<std::uint32_t>(offset % 1009))), offset,
                             path.native()));
    }
  }
}

std::map<std::string, std::string> snapshot(const Path& root) {
  std::map<std::string, std::string> found;
  walk(root, [&](const Met& met) {
    if (S_ISDIR(met.info.st_mode)) {
      found[met.path] = "dir";
    } else if (S_ISLNK(met.info.st_mode)) {
      found[met.path] = "link " + link_at(met);
    } else {
      found[met.path] = fmt::format("{} {} {}", (met.info.st_mode & 0111) != 0 ? "exec" : "file", met.info.st_size,
                                    is_large(met) ? "large" : sha256(content_at(met)).hex());
    }
  });
  return found;
}

bool same_content(const Path& a, const Path& b) {
  const auto first = open_file(a, O_RDONLY);
  const auto second = open_file(b, O_RDONLY);
  if (!first || !second || std::filesystem::file_size(a) != std::filesystem::file_size(b)) {
    return false;
  }
  const Bytes size = std::filesystem::file_size(a);
  // Where both have a hole, both have zeros.
  const auto next_data = [size](int fd, Bytes from) {
    const off_t found = ::lseek(fd, static_cast<off_t>(from), SEEK_DATA);
    return found < 0 ? size : static_cast<Bytes>(found);
  };
  std::vector<std::byte> from_first(64 * kKiB);
  std::vector<std::byte> from_second(64 * kKiB);
  for (Bytes at = 0; at < size; at += from_first.size()) {
    at = std::min(next_data(first->get(), at), next_data(second->get(), at));
    const std::size_t step = std::min<Bytes>(size - at, from_first.size());
    if (!pread_all(first->get(), std::span(from_first).first(step), at, a.native()) ||
        !pread_all(second->get(), std::span(from_second).first(step), at, b.native()) ||
        std::memcmp(from_first.data(), from_second.data(), step) != 0) {
      return false;
    }
  }
  return true;
}

void write_fast_import(const Path& root, const Path& stream) {
  std::ofstream out(stream, std::ios::binary);
  out << "commit refs/heads/main\ncommitter T <t@example.org> 1790000000 +0000\ndata 0\n";
  walk(root, [&](const Met& met) {
    if (S_ISDIR(met.info.st_mode) || is_large(met)) {
      return;
    }
    const bool link = S_ISLNK(met.info.st_mode);
    const std::string content = link ? link_at(met) : content_at(met);
    std::string quoted;
    for (const char c : met.path) {
      quoted += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
    out << "M "
        << (link                             ? "120000"
            : (met.info.st_mode & 0111) != 0 ? "100755"
                                             : "100644")
        << " inline \"" << quoted << "\"\ndata " << content.size() << "\n"
        << content << "\n";
  });
  out << "done\n";
  EXPECT_TRUE(out.good());
}

}  // namespace swarmout::test
