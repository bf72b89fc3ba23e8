// What differs between two releases, by their manifests alone, and as a file for a job.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace swarmout {

/// By path, one record for each: A (added), D (removed) or M (another content, kind or target), a blank, the path, a
/// NUL, since a path has any byte but that one.
[[nodiscard]] std::string change_records(const Manifest& before, const Manifest& now);

/// The same from the manifests that `state` keeps. Errors: not_found: it does not keep one of them (any more); as
/// read_file().
[[nodiscard]] Result<std::string> changes_between(const Descriptor& before, const Descriptor& now, const Path& state);

/// A file of its own for one job, gone when this goes. Locked as a pin locks a tree (pins.hpp): what a killed run has
/// left is removed by the next that makes one, once the job has ended, too.
class ChangesFile {
public:
  /// In $TMPDIR, else /tmp; nobody else can read it. Errors: cannot_write; temporary.
  [[nodiscard]] static Result<ChangesFile> write(std::string_view records);
  ~ChangesFile();
  ChangesFile(ChangesFile&& other) noexcept : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}
  ChangesFile& operator=(ChangesFile&&) = delete;
  [[nodiscard]] const Path& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return file_.get(); }

private:
  ChangesFile(Path path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  Path path_;
  Fd file_;
};

}  // namespace swarmout
