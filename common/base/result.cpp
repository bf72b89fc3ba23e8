#include "common/base/result.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace swarmout {

namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EACCES:
    case EPERM:
      return ErrorCode::cannot_write;
    case ENOENT:
      return ErrorCode::not_found;
    default:
      return ErrorCode::temporary;
  }
}

std::string hint_for(int error) {
  switch (error) {
    case ENOSPC:
      return "free some space there and run the command again";
    case EDQUOT:
      return "the quota there is used up";
    case EACCES:
    case EPERM:
      return "check the owner and the permissions";
    case EROFS:
      return "the file system is mounted read-only";
    default:
      return {};
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(std::string_view what, std::string_view path, int error) {
  return fail(code_of(error), fmt::format("{} {}: {}", what, path, std::strerror(error)), hint_for(error));
}

std::string to_string(const Error& error) {
  return error.hint.empty() ? error.message : fmt::format("{} ({})", error.message, error.hint);
}

}  // namespace swarmout
