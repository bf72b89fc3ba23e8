// The contents of git's objects, one after the other, from one `git cat-file --batch`. None is ever in memory whole.

#pragma once

#include "common/base/subprocess.hpp"

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace swarmout {

/// One thread.
class GitContents {
public:
  /// `command` is `git cat-file --batch`, which is given the hashes to read. Errors: failed.
  [[nodiscard]] static Result<GitContents> start(Command command, const std::string& hashes, std::stop_token stop);

  // Errors of all below: refused: git says something else than it should, that an object is missing, for example;
  // temporary, if stopped.

  /// The size of the next one, whose content is read next, whole.
  [[nodiscard]] Result<Bytes> next();
  using Take = std::function<Result<void>(ByteView)>;
  /// Errors also: what `take` returned; take_failed() tells them apart.
  [[nodiscard]] Result<void> content(const Take& take);
  [[nodiscard]] bool take_failed() const { return take_failed_; }
  /// After the last one.
  [[nodiscard]] Result<void> end();

private:
  GitContents(Subprocess child, std::stop_token stop) : child_(std::move(child)), stop_(std::move(stop)) {}
  [[nodiscard]] Result<bool> fill();

  Subprocess child_;
  std::stop_token stop_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(256 * kKiB);
  ByteView rest_;  ///< of the buffer
  Bytes left_ = 0;
  bool take_failed_ = false;
};

}  // namespace swarmout
