#include "peer/tree/tree_folders.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace swarmout {

Result<TreeFolders> TreeFolders::open(const Path& root) {
  TreeFolders folders;
  TRY_ASSIGN(folders.root_, open_file(root, O_RDONLY | O_DIRECTORY));
  folders.shown_ = root;
  return folders;
}

Result<int> TreeFolders::parent_of(const std::string& path, const char*& name) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) {
    name = path.c_str();
    return root_.get();
  }
  name = path.c_str() + slash + 1;
  const std::string_view directory = std::string_view(path).substr(0, slash);
  if (cached_.valid() && directory == cached_path_) {
    return cached_.get();
  }
  // Start from the cached one if it is an ancestor, else from the root.
  std::string_view rest = directory;
  int at = root_.get();
  if (cached_.valid() && directory.starts_with(cached_path_) && directory[cached_path_.size()] == '/') {
    rest.remove_prefix(cached_path_.size() + 1);
    at = cached_.get();
  }
  Fd opened;
  while (!rest.empty()) {
    const std::string component(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    const int next = ::openat(at, component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
      return fail_errno("cannot open directory", shown(directory).native(), errno);
    }
    opened = Fd(next);
    at = next;
  }
  cached_ = std::move(opened);
  cached_path_ = directory;
  return cached_.get();
}

Result<int> TreeFolders::directory(const std::string& path) {
  const char* name = nullptr;
  return path.empty() ? Result<int>(root_.get()) : parent_of(path + "/.", name);
}

Result<std::vector<std::string>> names_in(int directory, const Path& shown) {
  Fd again(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(again.valid() ? ::fdopendir(again.get()) : nullptr, ::closedir);
  if (!listing) {
    return fail_errno("cannot open directory", shown.native(), errno);
  }
  again.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = ::readdir(listing.get())) {
    if (const std::string_view each = entry->d_name; each != "." && each != "..") {
      names.emplace_back(each);
    }
    errno = 0;
  }
  return errno == 0 ? Result<std::vector<std::string>>(std::move(names))
                    : fail_errno("cannot read directory", shown.native(), errno);
}

}  // namespace swarmout
