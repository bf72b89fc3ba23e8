// Trees that are as deep, as wide and as large as a file system allows, and a comparison that can take them: no path is
// ever opened as a whole, no descriptor is held for each level, no file is read into memory.

#pragma once

#include "common/base/files.hpp"

#include <map>
#include <string>

namespace swarmout::test {

/// A file whose path has 4,000 bytes and 2,000 levels, and one of names of 255 bytes.
void make_deep_paths(const Path& root);
/// A file for each byte that a name can have, and a link to it.
void make_names_of_every_byte(const Path& root);
/// `count` small files, 1,000 a directory.
void make_many_files(const Path& root, int count);
/// A sparse file with a few bytes here and there: at both ends, and around 4 GiB if it is larger.
void make_sparse_file(const Path& path, Bytes size);

/// Path → what is there, as listing() has it. Of files over 64 MiB only the size: compare them with same_content().
[[nodiscard]] std::map<std::string, std::string> snapshot(const Path& root);
[[nodiscard]] bool same_content(const Path& a, const Path& b);

/// What `git fast-import` reads, to make a repository with this tree on its branch main: quicker than adding file by
/// file. Empty directories and files over 64 MiB are left out.
void write_fast_import(const Path& root, const Path& stream);

}  // namespace swarmout::test
