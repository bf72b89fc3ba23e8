// Trees on disk: to make them, and to compare them as `diff -r --no-dereference` would, the x bit included.

#pragma once

#include "common/base/files.hpp"

#include <map>
#include <string>

namespace swarmout::test {

/// Makes parents as needed.
void write_file(const Path& path, std::string_view content, bool executable = false);
void write_symlink(const Path& path, const std::string& target);

/// Path → what is there: "dir", "link TARGET", "file SIZE SHA256" or "exec SIZE SHA256". Two trees are equal if their
/// listings are.
[[nodiscard]] std::map<std::string, std::string> listing(const Path& root);

/// A small tree with everything that is awkward: names with spaces, quotes, newlines, control and non-UTF-8 bytes, a
/// 255 byte name, empty files and directories, dangling and absolute links, equal files, executables, a file of several
/// chunks.
void make_awkward_tree(const Path& root);

}  // namespace swarmout::test
