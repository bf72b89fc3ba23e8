// What differs between two releases, by their manifests alone, and as a file for a job.

#pragma once

#include "common/base/files.hpp"
#include "common/release/descriptor.hpp"
#include "common/release/manifest.hpp"

#include <string>
#include <vector>

namespace swarmout {

struct JobChange {
  enum class Kind : char { added = 'A', changed = 'M', removed = 'D' };
  Kind kind = Kind::changed;
  std::string path;
  bool operator==(const JobChange&) const = default;
};

/// Sorted by path. Changed is another content, another kind (file, executable, link, directory) or another target.
[[nodiscard]] std::vector<JobChange> job_changes(const Manifest& before, const Manifest& now);

/// One record for each: the letter, a blank, the path, a NUL: a path has any byte but that one.
[[nodiscard]] std::string as_records(const std::vector<JobChange>& changes);

/// A file of its own for one job, gone when this goes.
class ChangesFile {
public:
  /// In $TMPDIR, else /tmp; nobody else can read it. Errors: cannot_write; temporary.
  [[nodiscard]] static Result<ChangesFile> write(const std::vector<JobChange>& changes);
  ~ChangesFile();
  ChangesFile(ChangesFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ChangesFile& operator=(ChangesFile&&) = delete;
  [[nodiscard]] const Path& path() const { return path_; }

private:
  explicit ChangesFile(Path path) : path_(std::move(path)) {}
  Path path_;
};

/// From the manifests that `state` keeps. Errors: not_found: it does not keep one of them (any more); as read_file().
[[nodiscard]] Result<std::vector<JobChange>> changes_between(const Descriptor& before, const Descriptor& now,
                                                             const Path& state);

}  // namespace swarmout
