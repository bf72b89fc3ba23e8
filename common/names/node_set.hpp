// Many host names in few words, as people who run clusters write them: web01, web02, web07 are web[01-02,07].

#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace swarmout {

/// Names that a written set may stand for: above the largest fleet.
inline constexpr std::size_t kMostNodes = 100'000;

/// Sorted, each name once (names of one number by that number, not by its digits). Numbers keep their width:
/// "web[01-02]" has no web1. Of names that differ in several numbers the one that folds most is folded; a name that has
/// what a set is written with ('[', ']', ','), or blanks, stands as it is, with '?' for these. Never fails, whatever
/// the names are.
[[nodiscard]] std::string fold_nodes(std::vector<std::string> names);

/// What "web[01-40,77],db1" stands for, in the order in which it is written. Errors: usage: it is no node set, or one
/// of more than kMostNodes.
[[nodiscard]] Result<std::vector<std::string>> unfold_nodes(std::string_view text);

}  // namespace swarmout
