#include "common/release/signing_files.hpp"

#include "common/base/host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

namespace swarmout {

namespace {

constexpr std::chrono::seconds kLockPatience{10};
constexpr std::chrono::milliseconds kLockLook{10};

}  // namespace

Result<bool> put_key_file(const Path& path, std::string_view text, unsigned mode, Existing existing) {
  const Path temporary = path.parent_path() / fmt::format(".tmp-{}", random_nonce_hex());
  const auto put = [&]() -> Result<bool> {
    TRY(write_new_file(temporary, as_bytes(text), path.native(), mode));
    if (::chmod(temporary.c_str(), mode) != 0) {
      return fail_errno("cannot set the mode of", path.native(), errno);
    }
    if (existing == Existing::replace) {
      if (::rename(temporary.c_str(), path.c_str()) != 0) {
        return fail_errno("cannot replace", path.native(), errno);
      }
      return true;
    }
    if (::link(temporary.c_str(), path.c_str()) == 0) {
      return true;
    }
    if (errno == EEXIST) {
      return false;
    }
    return fail_errno("cannot make", path.native(), errno);
  };
  auto written = put();
  ::unlink(temporary.c_str());
  TRY(written);
  TRY(sync_directory(path.parent_path()));
  return written;
}

Fd lock_keys(const Path& directory) {
  auto opened = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) {
    return {};
  }
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(opened->get(), LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kLockLook);
  }
  return *std::move(opened);
}

}  // namespace swarmout
