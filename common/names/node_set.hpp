// Many host names in few words, as people who run clusters write them: web01, web02, web07 are web[01-02,07].

#pragma once

#include <string>
#include <vector>

namespace swarmout {

/// Sorted, each name once (names of one number by that number, not by its digits). Numbers keep their width:
/// "web[01-02]" has no web1. Of names that differ in several numbers the one that folds most is folded; a name that has
/// what a set is written with ('[', ']', ','), or blanks, stands as it is, with '?' for these. Never fails, whatever
/// the names are.
[[nodiscard]] std::string fold_nodes(std::vector<std::string> names);

}  // namespace swarmout
