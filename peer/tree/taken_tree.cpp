#include "peer/tree/taken_tree.hpp"

#include "common/base/failpoint.hpp"
#include "peer/tree/pins.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

namespace swarmout {

namespace {

Result<void> move_and_flush(const Path& from, const Path& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    return fail_errno("cannot move an old tree to", to.native(), errno);
  }
  TRY(sync_directory(from.parent_path()));
  return from.parent_path() == to.parent_path() ? Result<void>() : sync_directory(to.parent_path());
}

}  // namespace

Result<std::optional<TakenTree>> take_tree(const ReleaseTrees& trees, const TreeRecord& old, const Path& begun,
                                           Fd no_pin_comes) {
  const Path tree = trees.dest() / kReleasesFolder / old.name;
  const std::string begins = trees.incoming("").filename().native();
  const std::string name = begun.filename().native().substr(begins.size());
  const auto empty = identity_of(begun);
  const auto made = empty ? trees.records().find(name, *empty) : std::nullopt;
  const auto look = look_of(begun);
  if (!made || !look || release_behind(trees.dest() / kCurrentLink) == old.name) {
    return std::nullopt;
  }
  trees.open_to_move(old);
  TRY_ASSIGN(const auto unpinned, try_unpinned(tree));
  if (!unpinned || identity_of(tree) != old.identity) {
    return std::nullopt;
  }
  // As if it was removed: from here on it is no release. The names are on the disk before anything in it is changed.
  const Path aside = trees.put_away(old);
  TRY(move_and_flush(tree, aside));
  no_pin_comes.reset();
  failpoint("after-old-tree-aside");
  TreeRecord renewed = *made;
  renewed.identity = old.identity;
  TRY(trees.records().write(renewed));
  failpoint("after-old-tree-record");
  TRY(move_and_flush(aside, begun));
  failpoint("after-old-tree-taken");
  TRY(trees.records().remove(old));
  TRY(trees.records().remove(*made));
  return TakenTree{.name = old.name, .manifest = old.manifest, .look = *look};
}

}  // namespace swarmout
