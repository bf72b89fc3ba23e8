#include "seeder/source/git/lfs_store.hpp"

#include "common/base/remove_tree.hpp"
#include "seeder/source/credentials.hpp"
#include "seeder/source/git/git_contents.hpp"
#include "seeder/source/git/git_listing.hpp"
#include "seeder/source/git/git_url.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <unordered_set>

namespace swarmout {

namespace {

/// In the environment of git, so that a password in it is in no command line.
constexpr const char* kUrlVariable = "SWARMOUT_LFS_UPSTREAM";
constexpr const char* kRemote = "swarmout";
constexpr const char* kNoContentHint = "push it with git lfs push, or publish pointers with --allow-lfs-pointers";

Path object_path(const Path& repository, const Digest& oid) {
  const std::string name = oid.hex();
  return repository / "lfs/objects" / name.substr(0, 2) / name.substr(2, 2) / name;
}

bool is_regular_of_size(int fd, Bytes size) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && static_cast<Bytes>(status.st_size) == size;
}

/// What the tree says of itself; nothing, if it has no .lfsconfig, or one that git cannot read.
std::string own_url(const GitMirror& mirror, const std::string& commit, const std::stop_token& stop) {
  const auto outcome =
      run_git(mirror.command(commit, {"config", "-z", "--blob", commit + ":.lfsconfig", "--get", "lfs.url"}), stop);
  return outcome && outcome->status == 0 ? outcome->output.substr(0, outcome->output.find('\0')) : std::string();
}

/// The names of all objects that a commit's pointers name.
Result<void> add_wanted(const GitMirror& mirror, const std::string& commit, std::unordered_set<std::string>& wanted,
                        const std::stop_token& stop) {
  std::string hashes;
  std::size_t count = 0;
  TRY(list_git_tree(
      mirror, commit, GitSizes::wanted,
      [&](const GitListed& each) -> Result<void> {
        if (each.is_file() && may_be_lfs_pointer(each.size)) {
          hashes += std::string(each.hash) + '\n';
          ++count;
        }
        return {};
      },
      stop));
  TRY_ASSIGN(auto contents,
             GitContents::start(mirror.command(commit, {"cat-file", "--batch", "--buffer"}), hashes, stop));
  for (; count > 0; --count) {
    std::string content;
    TRY(contents.next());
    TRY(contents.content([&content](ByteView bytes) -> Result<void> {
      content += as_text(bytes);
      return {};
    }));
    if (const auto pointer = parse_lfs_pointer(content)) {
      wanted.insert(pointer->oid.hex());
    }
  }
  return contents.end();
}

Result<void> remove_unwanted(const Path& lfs, const std::unordered_set<std::string>& wanted) {
  std::error_code error;
  std::vector<Path> unwanted;
  for (auto each = std::filesystem::recursive_directory_iterator(lfs / "objects", error);
       !error && each != std::filesystem::recursive_directory_iterator(); each.increment(error)) {
    if (!each->is_directory(error) && !wanted.contains(each->path().filename().native())) {
      unwanted.push_back(each->path());
    }
  }
  for (const Path& each : unwanted) {
    TRY(remove_tree(each));
  }
  return remove_tree(lfs / "incomplete");
}

}  // namespace

LfsStore::LfsStore(const GitMirror& mirror, std::string commit) : mirror_(mirror), commit_(std::move(commit)) {}

Result<Fd> LfsStore::find(const LfsPointer& pointer) const {
  const Path path = object_path(mirror_.repository(hashes_of(commit_)), pointer.oid);
  auto file = open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (file && is_regular_of_size(file->get(), pointer.size)) {
    return file;
  }
  TRY(remove_tree(path));
  return Fd();
}

Result<Fd> LfsStore::open(const LfsPointer& pointer, std::stop_token stop) {
  TRY_ASSIGN(Fd found, find(pointer));
  if (!found.valid() && !fetched_) {
    TRY(fetch(std::move(stop)));
    TRY_ASSIGN(found, find(pointer));
  }
  if (!found.valid()) {
    return fail(
        ErrorCode::failed,
        fmt::format("{} has no Git LFS object {} of {} bytes", mirror_.shown(), pointer.oid.hex(), pointer.size),
        kNoContentHint);
  }
  return found;
}

Result<void> LfsStore::discard(const LfsPointer& pointer) const {
  return remove_tree(object_path(mirror_.repository(hashes_of(commit_)), pointer.oid));
}

/// What the caller has set goes before it, as with git-lfs.
Result<std::string> LfsStore::url_of_tree(std::stop_token stop) const {
  const std::string url = own_url(mirror_, commit_, stop);
  if (url.empty()) {
    return url;
  }
  TRY_ASSIGN(const GitOutcome callers,
             run_git(mirror_.upstream_command(commit_, {"config", "--get", "lfs.url"}, stop), stop));
  if (callers.status == 0) {
    return std::string();
  }
  if (!is_same_server(mirror_.url(), url)) {
    return fail(ErrorCode::refused,
                fmt::format(".lfsconfig of {} names another server for Git LFS than {}: {}", commit_, mirror_.shown(),
                            quotable(url)),
                "if that is right, say so on this host: git config --global lfs.url URL");
  }
  return url;
}

Result<void> LfsStore::fetch(std::stop_token stop) {
  TRY_ASSIGN(const GitOutcome version, run_git(mirror_.command(commit_, {"lfs", "version"}), stop));
  if (version.status != 0) {
    return fail(ErrorCode::refused,
                fmt::format("{} has Git LFS content, and there is no git-lfs on this host", mirror_.shown()),
                "apt install git-lfs, or publish pointers with --allow-lfs-pointers");
  }
  TRY_ASSIGN(const std::string url, url_of_tree(stop));
  std::vector<std::string> arguments = {fmt::format("--config-env=remote.{}.url={}", kRemote, kUrlVariable),
                                        "-c",
                                        "lfs.fetchinclude=",
                                        "-c",
                                        "lfs.fetchexclude=",
                                        "-c",
                                        "lfs.fetchrecentalways=false"};
  if (!url.empty()) {
    arguments.insert(arguments.end(), {"-c", fmt::format("remote.{}.lfsurl={}", kRemote, url)});
  }
  arguments.insert(arguments.end(), {"lfs", "fetch", kRemote, commit_});
  Command command = mirror_.upstream_command(commit_, std::move(arguments), stop);
  command.environment.emplace_back(kUrlVariable, mirror_.url());
  spdlog::debug("fetching what is not here of the Git LFS content of {}", mirror_.shown());
  TRY_ASSIGN(const GitOutcome outcome, run_git(command, stop));
  if (outcome.status != 0) {
    Error error = git_failure(outcome, fmt::format("cannot fetch the Git LFS content of {}", mirror_.shown()),
                              mirror_.repository(hashes_of(commit_)));
    error.hint = error.code == ErrorCode::failed ? kNoContentHint : error.hint;
    return tl::unexpected(std::move(error));
  }
  fetched_ = true;
  return {};
}

void keep_only_lfs_of(const GitMirror& mirror, const std::vector<std::string>& commits, std::stop_token stop) {
  const Path lfs = mirror.repository(hashes_of(commits.front())) / "lfs";
  if (!path_exists(lfs / "objects")) {
    return;
  }
  std::unordered_set<std::string> wanted;
  Result<void> done;
  for (const std::string& each : commits) {
    done = done ? add_wanted(mirror, each, wanted, stop) : done;
  }
  done = done ? remove_unwanted(lfs, wanted) : done;
  if (!done) {
    spdlog::debug("tidying {}: {}", lfs.native(), quotable(to_string(done.error())));
  }
}

Result<void> forget_lfs(const GitMirror& mirror) {
  TRY(remove_tree(mirror.repository(GitHashes::sha1) / "lfs"));
  return remove_tree(mirror.repository(GitHashes::sha256) / "lfs");
}

bool is_same_server(std::string_view repository, std::string_view lfs) {
  const auto ours = server_of(repository);
  const auto theirs = server_of(lfs);
  if (!ours || !theirs || ours->host != theirs->host) {
    return false;
  }
  const bool https = theirs->scheme == "https";
  if (ours->scheme == "ssh") {
    return theirs->scheme == "ssh" ? theirs->port == ours->port : https && theirs->port == "443";
  }
  return theirs->scheme == ours->scheme ? theirs->port == ours->port
                                        : ours->scheme == "http" && https && theirs->port == "443";
}

}  // namespace swarmout
