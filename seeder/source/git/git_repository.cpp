#include "seeder/source/git/git_repository.hpp"

#include "common/base/remove_tree.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace swarmout {

namespace {

constexpr std::string_view kHead = "ref: refs/heads/none\n";
/// Of git-lfs, that its objects are here, whatever the caller has set for his own repositories.
constexpr std::string_view kConfig =
    "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
    "[lfs]\n\tstorage = lfs\n\trepositoryformatversion = 0\n";
constexpr std::string_view kSha256Config =
    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
    "[lfs]\n\tstorage = lfs\n\trepositoryformatversion = 0\n";
/// Goes before whatever the tree or the host says. "!" for what takes a value: nothing is set.
constexpr std::string_view kAttributes =
    "* -export-ignore -export-subst -text !eol !crlf -ident !filter !working-tree-encoding\n";
constexpr std::array kOurs = {"HEAD", "config", "info", "lfs", "objects", "refs", "shallow"};
constexpr Bytes kMaxSetting = 64 * kKiB;

bool is_ours(const std::string& name) {
  return std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end();
}

/// Not written in vain: it would be a flush each time.
Result<void> put(const Path& path, std::string_view content) {
  if (const auto there = read_file(path, kMaxSetting); there && *there == content) {
    return {};
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    TRY(remove_tree(path));
  }
  return replace_file(path, as_bytes(content));
}

Result<void> make_directory(const Path& path) {
  std::error_code ignored;
  if (path_exists(path) && !std::filesystem::is_directory(path, ignored)) {
    TRY(remove_tree(path));
  }
  return make_directories(path);
}

/// All in `directory` that `keep` does not name.
template <typename Keep>
Result<void> remove_others(const Path& directory, Keep keep) {
  TRY_ASSIGN(const auto names, list_directory(directory));
  for (const std::string& name : names) {
    if (!keep(name)) {
      TRY(remove_tree(directory / name));
    }
  }
  return {};
}

bool is_rubbish(const Path& path) {
  const std::string name = path.filename().native();
  const Path ending = path.extension();
  return name.starts_with("tmp_") || name.starts_with("incoming-") || name.starts_with(".tmp-") || ending == ".lock" ||
         ending == ".keep" || ending == ".pid";
}

/// Of gits that were killed, or whose disk was full.
Result<void> remove_rubbish(const Path& below) {
  std::error_code error;
  std::vector<Path> rubbish;
  for (auto each = std::filesystem::recursive_directory_iterator(below, error);
       !error && each != std::filesystem::recursive_directory_iterator(); each.increment(error)) {
    if (is_rubbish(each->path())) {
      rubbish.push_back(each->path());
      each.disable_recursion_pending();
    }
  }
  for (const Path& each : rubbish) {
    TRY(remove_tree(each));
  }
  return {};
}

}  // namespace

Result<void> prepare_repository(const Path& repository, bool sha256_hashes) {
  TRY(make_directory(repository));
  TRY(remove_others(repository, is_ours));
  for (const char* const each : {"objects", "objects/info", "objects/pack", "refs", "refs/swarmout", "info"}) {
    TRY(make_directory(repository / each));
  }
  TRY(remove_others(repository / "refs", [](const std::string& name) { return name == "swarmout"; }));
  TRY(remove_others(repository / "info", [](const std::string& name) { return name == "attributes"; }));
  if (path_exists(repository / "lfs")) {
    TRY(make_directory(repository / "lfs"));
    TRY(remove_others(repository / "lfs",
                      [](const std::string& name) { return name == "objects" || name == "incomplete"; }));
  }
  TRY(remove_tree(repository / "objects/info/alternates"));
  TRY(put(repository / "HEAD", kHead));
  TRY(put(repository / "config", sha256_hashes ? kSha256Config : kConfig));
  TRY(put(repository / "info/attributes", kAttributes));
  TRY(remove_rubbish(repository / "objects"));
  return remove_rubbish(repository / "refs");
}

}  // namespace swarmout
