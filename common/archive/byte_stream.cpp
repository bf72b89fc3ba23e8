#include "common/archive/byte_stream.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <vector>

namespace swarmout {

namespace {

constexpr int kLookForStopMs = 100;
constexpr std::size_t kSkipBuffer = 256 * kKiB;
/// Of a file at once, between two looks whether to stop.
constexpr std::size_t kWriteAtOnce = kMiB;

/// Files are always ready.
Result<void> wait_until_ready(int fd, short events, const std::stop_token& stop) {
  pollfd asked{fd, events, 0};
  do {
    if (stop.stop_requested()) {
      return fail(ErrorCode::temporary, "stopped on request");
    }
  } while (::poll(&asked, 1, kLookForStopMs) == 0);  // an error is seen by who reads or writes
  return {};
}

bool is_file(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

Result<bool> ByteSource::skip(Bytes count) {
  std::vector<std::byte> dropped(kSkipBuffer);
  while (count > 0) {
    const auto step = static_cast<std::size_t>(std::min<Bytes>(count, dropped.size()));
    TRY_ASSIGN(const std::size_t got, read(std::span(dropped).first(step)));
    if (got == 0) {
      return false;
    }
    count -= got;
  }
  return true;
}

FdSource::FdSource(int fd, std::string shown, std::stop_token stop)
    : fd_(fd), shown_(std::move(shown)), stop_(std::move(stop)) {}

Result<std::size_t> FdSource::read(std::span<std::byte> out) {
  while (true) {
    TRY(wait_until_ready(fd_, POLLIN, stop_));
    const ssize_t got = ::read(fd_, out.data(), out.size());
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR && errno != EAGAIN) {
      return fail_errno("cannot read", shown_, errno);
    }
  }
}

Result<bool> FdSource::skip(Bytes count) {
  struct stat info {};
  const off_t at = ::lseek(fd_, 0, SEEK_CUR);
  if (at < 0 || ::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    return ByteSource::skip(count);
  }
  if (info.st_size < at || static_cast<Bytes>(info.st_size - at) < count) {
    return false;
  }
  if (::lseek(fd_, static_cast<off_t>(count), SEEK_CUR) < 0) {
    return fail_errno("cannot read", shown_, errno);
  }
  return true;
}

FdSink::FdSink(int fd, std::string shown, std::stop_token stop)
    : fd_(fd), shown_(std::move(shown)), stop_(std::move(stop)), file_(is_file(fd)) {}

Result<void> FdSink::write(ByteView bytes) {
  while (!bytes.empty()) {
    TRY(wait_until_ready(fd_, POLLOUT, stop_));
    // A pipe that is ready takes this much without holding up who writes.
    const std::size_t most = file_ ? kWriteAtOnce : std::size_t{PIPE_BUF};
    const ssize_t put = ::write(fd_, bytes.data(), std::min(bytes.size(), most));
    if (put < 0 && errno != EINTR && errno != EAGAIN) {
      const int error = errno;
      if (error == EPIPE) {
        return fail(ErrorCode::cannot_write, fmt::format("whoever read {} has gone", shown_));
      }
      if (error == EFBIG) {
        return fail(
            ErrorCode::cannot_write, fmt::format("{} is larger than a file may be there", shown_),
            "split it: `swarmout export RELEASE - | split -b 2G - PART.`, and `cat PART.* | swarmout import -`");
      }
      return fail_errno("cannot write", shown_, error);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
  }
  return {};
}

}  // namespace swarmout
